import { checkInteger, checkNumber, checkObject, checkOneOf, wrongKind } from '../door.js';
import { type BlocklistEntry, checkEntry, copyOfOpinions } from '../entry.js';
import { type Algorithm, type Decoding, type Hash, hashFromHex, newHash } from '../hash.js';
import { DIHEDRAL_NAMES, type HashedVariant, type VariantGeometry } from '../variant.js';
import {
  type CheckedUpload,
  checkDecision,
  type Decision,
  type DecisionJSON,
  type DecisionTimings,
  decisionOf,
  type Match,
  type MatchJSON,
} from './decision.js';
import { remoteMatchFromJSON } from './remote-match.js';
import { copyOfVideo } from './video/video-match.js';

/** The verdicts of decisions. */
export const VERDICTS = ['match', 'review', 'none', 'unhashable'] as const;

/**
 * Reads a decision that `decisionToJSON` or `JSON.stringify` wrote. Unknown members are ignored,
 * and so are `file` and `policies`. A reason from a later version is kept.
 * @throws {TypeError | RangeError} if a member is missing or invalid
 * @example
 * const { verdict, matches } = decisionFromJSON(JSON.parse(line));
 */
export function decisionFromJSON(json: DecisionJSON): Decision {
  checkObject(json, 'a decision: { verdict, reason, matches, policy }');
  const { verdict, reason, detail, matches, policy, upload, timings, generation } = json;
  const { refined, allowed, remoteMatches, unanswered, omitted, frames, videos } = json;
  checkOneOf('verdict', verdict, VERDICTS);
  if (!Array.isArray(matches)) wrongKind('matches to be a list');
  for (const [name, list] of Object.entries({ allowed, remoteMatches, unanswered, videos })) {
    if (list !== undefined && !Array.isArray(list)) {
      wrongKind(`${name} to be a list`);
    }
  }
  checkObject(policy, 'a policy to be an object');
  const { matchDistance, reviewDistance, minQuality } = policy;
  checkInteger('matchDistance', matchDistance, -1, 256);
  checkInteger('reviewDistance', reviewDistance, -1, 256);
  checkNumber('minQuality', minQuality, 0, 100);
  const decision = decisionOf({
    verdict,
    reason,
    ...(detail !== undefined && { detail }),
    matches: matches.map(matchFromJSON),
    policy: { matchDistance, reviewDistance, minQuality },
    ...(refined !== undefined && { refined }),
    ...(allowed !== undefined && { allowed: allowed.map(matchFromJSON) }),
    ...(remoteMatches !== undefined && { remoteMatches: remoteMatches.map(remoteMatchFromJSON) }),
    ...(unanswered !== undefined && { unanswered: [...unanswered] }),
    ...(omitted !== undefined && { omitted }),
    ...(videos !== undefined && { videos: videos.map(copyOfVideo) }),
    ...(frames !== undefined && { frames: { total: frames?.total, checked: frames?.checked } }),
    ...(upload !== undefined && { upload: uploadFromJSON(upload) }),
    ...(timings !== undefined && { timings: timingsFromJSON(timings) }),
    ...(generation !== undefined && { generation }),
  });
  checkDecision(decision);
  return decision;
}

function matchFromJSON(json: MatchJSON): Match {
  checkObject(json, 'a match: { distance, tier, variant, hash, labels }');
  const { distance, partsDistance, tier, variant: name, algorithm, labels, geometry } = json;
  checkInteger('distance', distance, 0, 256);
  if (partsDistance !== undefined) checkInteger('partsDistance', partsDistance, 0, 256);
  checkOneOf('tier', tier, ['match', 'review']);
  if (!Array.isArray(labels)) wrongKind('labels to be a list of strings');
  const { id, source, quality, resample, entryVariant, group } = json;
  const { list, caseCount, opinions, confirmed, trust, allowed, seconds, still } = json;
  const entry: BlocklistEntry = {
    hash: hashFromHex(algorithm, json.hash),
    labels: [...labels],
    ...(id !== undefined && { id }),
    ...(source !== undefined && { source }),
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(entryVariant !== undefined && { variant: entryVariant }),
    ...(group !== undefined && { group }),
    ...(seconds !== undefined && { seconds }),
    ...(still !== undefined && { still }),
    ...(list !== undefined && { list }),
    ...(caseCount !== undefined && { caseCount }),
    ...(opinions !== undefined && { opinions }),
    ...(confirmed !== undefined && { confirmed }),
  };
  checkEntry(entry);
  const { variantHash, variantQuality, variantResample, variantDecoding } = json;
  const { look, frame } = json;
  const variant: HashedVariant = {
    name: name as HashedVariant['name'],
    hash: markedHash(algorithm, variantHash, variantDecoding),
    ...(variantQuality !== undefined && { quality: variantQuality }),
    ...(variantResample !== undefined && { resample: variantResample }),
    ...(variantDecoding !== undefined && { decoding: variantDecoding }),
    ...(geometry !== undefined && { geometry: geometryFromJSON(geometry) }),
    ...(look !== undefined && { look }),
    ...(frame !== undefined && { frame }),
  };
  return {
    entry: opinions === undefined ? entry : { ...entry, opinions: copyOfOpinions(opinions) },
    distance,
    ...(partsDistance !== undefined && { partsDistance }),
    tier,
    variant,
    ...(allowed !== undefined && { allowed }),
    ...(trust !== undefined && { trust }),
  };
}

const markedHash = (algorithm: Algorithm, hex: string, decoding: Decoding | undefined): Hash =>
  newHash(algorithm, hashFromHex(algorithm, hex).bytes, decoding);

function geometryFromJSON(json: VariantGeometry): VariantGeometry {
  checkObject(json, 'a geometry: { rectangle }');
  const { rectangle, corners, angle, dihedral } = json;
  checkObject(rectangle, 'a rectangle: { left, top, width, height }');
  const { left, top, width, height } = rectangle;
  const points = corners as readonly unknown[] | undefined;
  const isPoint = (point: unknown) => Array.isArray(point) && point.length === 2;
  if (
    points !== undefined &&
    !(Array.isArray(points) && points.length === 4 && points.every(isPoint))
  ) {
    wrongKind('corners to be four points');
  }
  const numbers = [
    left,
    top,
    width,
    height,
    ...(corners ?? []).flat(),
    angle === undefined ? 0 : angle,
  ];
  if (!numbers.every(Number.isFinite)) wrongKind('a geometry of numbers');
  checkOneOf('dihedral', dihedral, [...DIHEDRAL_NAMES, undefined]);
  return {
    rectangle: { left, top, width, height },
    ...(corners && { corners: corners.map(([x, y]) => [x, y]) as never }),
    ...(angle !== undefined && { angle }),
    ...(dihedral !== undefined && { dihedral }),
  };
}

function uploadFromJSON(json: NonNullable<DecisionJSON['upload']>): CheckedUpload {
  checkObject(json, 'an upload: { algorithm, hash, width, height }');
  const { quality, resample, width, height, format, decoding } = json;
  return {
    hash: markedHash(json.algorithm, json.hash, decoding),
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    width,
    height,
    ...(format !== undefined && { format }),
    ...(decoding !== undefined && { decoding }),
  };
}

function timingsFromJSON(json: DecisionTimings): DecisionTimings {
  checkObject(json, 'timings to be an object');
  const { reading, waiting, decoding, hashing, search } = json;
  return { reading, waiting, decoding, hashing, search };
}
