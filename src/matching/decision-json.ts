import { checkInteger, checkNumber, checkObject, checkOneOf, wrongKind } from '../door.js';
import { type BlocklistEntry, checkEntry, copyOfOpinions } from '../entry.js';
import {
  ALGORITHMS,
  type Algorithm,
  type Decoding,
  type Hash,
  hashFromHex,
  newHash,
} from '../hash.js';
import { TRUSTS } from '../policy.js';
import {
  DIHEDRAL_NAMES,
  type HashedVariant,
  LOOK_NAMES,
  type VariantGeometry,
} from '../variant.js';
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

const VERDICTS = ['match', 'review', 'none', 'unhashable'] as const;

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
  const { refined, allowed, remoteMatches, unanswered, omitted, frames } = json;
  checkOneOf('verdict', verdict, VERDICTS);
  if (!Array.isArray(matches)) wrongKind('matches to be a list');
  for (const [name, list] of Object.entries({ allowed, remoteMatches, unanswered })) {
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
  const { list, caseCount, opinions, confirmed, trust, allowed } = json;
  const entry: BlocklistEntry = {
    hash: hashFromHex(algorithm, json.hash),
    labels: [...labels],
    ...(id !== undefined && { id }),
    ...(source !== undefined && { source }),
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(entryVariant !== undefined && { variant: entryVariant }),
    ...(group !== undefined && { group }),
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

/** A hash of any algorithm. */
export const HEX = {
  type: 'string',
  pattern: '^([0-9a-fA-F]{16}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$',
} as const;
const HEX_OF_PDQ = { type: 'string', pattern: '^[0-9a-fA-F]{64}$' } as const;
/** PDQ has no hashes of 64 bits. */
const IF_PDQ = { required: ['algorithm'], properties: { algorithm: { const: 'pdq' } } } as const;
const TEXT = { type: 'string' } as const;
const QUALITY = { type: 'number', minimum: 0, maximum: 100 } as const;
const RESAMPLE = { enum: [512, 'none'] } as const;
const ALGORITHM = { enum: ALGORITHMS } as const;
const DISTANCE = { type: 'integer', minimum: 0, maximum: 256 } as const;
const THRESHOLD = { type: 'integer', minimum: -1, maximum: 256 } as const;
const THRESHOLDS = {
  matchDistance: THRESHOLD,
  reviewDistance: THRESHOLD,
  minQuality: QUALITY,
} as const;
const MILLISECONDS = { type: 'number', minimum: 0 } as const;
/** The highest integer that JSON keeps. */
const MOST = 2 ** 53 - 1;
const SIDE = { type: 'integer', minimum: 1, maximum: MOST } as const;
const NUMBER = { type: 'number' } as const;
const POINT = { type: 'array', prefixItems: [NUMBER, NUMBER], minItems: 2, maxItems: 2 } as const;

const OPINION = {
  type: 'object',
  required: ['from', 'says'],
  properties: { from: TEXT, says: TEXT, tags: { type: 'array', items: TEXT } },
} as const;

const GEOMETRY = {
  type: 'object',
  description: 'place of the variant, in pixels of the displayed picture',
  required: ['rectangle'],
  properties: {
    rectangle: {
      type: 'object',
      required: ['left', 'top', 'width', 'height'],
      properties: { left: NUMBER, top: NUMBER, width: NUMBER, height: NUMBER },
    },
    corners: { type: 'array', items: POINT, minItems: 4, maxItems: 4 },
    angle: NUMBER,
    dihedral: { enum: DIHEDRAL_NAMES },
  },
} as const;

const MATCH = {
  type: 'object',
  required: ['distance', 'tier', 'variant', 'hash', 'labels', 'algorithm', 'variantHash'],
  properties: {
    distance: { ...DISTANCE, description: 'in bits' },
    partsDistance: {
      ...DISTANCE,
      description: 'the distance by parts, in bits; absent: the parts were not compared',
    },
    tier: { enum: ['match', 'review'] },
    variant: { ...TEXT, description: 'the variant of the upload that hit' },
    hash: { ...HEX, description: "the entry's" },
    labels: { type: 'array', items: TEXT },
    geometry: GEOMETRY,
    look: { enum: LOOK_NAMES, description: 'the look that the variant is a part or form of' },
    frame: {
      type: 'integer',
      minimum: 0,
      maximum: MOST,
      description: 'the frame of the upload that the variant shows, from 0',
    },
    algorithm: ALGORITHM,
    id: { ...TEXT, description: "the source's own identifier of the entry" },
    source: TEXT,
    quality: { type: 'integer', minimum: 0, maximum: 100, description: "the entry's" },
    resample: { ...RESAMPLE, description: "the entry's" },
    entryVariant: { ...TEXT, description: 'the part or form of the listed picture' },
    group: { ...HEX, description: 'the hash of that picture, if the entry names it' },
    list: { ...TEXT, description: "the name of the entry's list; absent: the unnamed one" },
    trust: { enum: TRUSTS, description: 'of that list; absent: own' },
    caseCount: { type: 'integer', minimum: 0, maximum: MOST },
    opinions: { type: 'array', items: OPINION, description: 'opinions of others on the entry' },
    confirmed: { type: 'boolean', description: 'by the maintainers of the list' },
    allowed: { ...TEXT, description: 'the reason in the allow list' },
    variantHash: HEX,
    variantQuality: QUALITY,
    variantResample: RESAMPLE,
    variantDecoding: { enum: ['draft'] },
  },
  if: IF_PDQ,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { hash: HEX_OF_PDQ, group: HEX_OF_PDQ, variantHash: HEX_OF_PDQ } },
} as const;

const REMOTE_MATCH = {
  type: 'object',
  required: ['list', 'trust', 'tier', 'labels'],
  dependentRequired: { hash: ['algorithm'], algorithm: ['hash'] },
  properties: {
    list: { ...TEXT, description: 'the name of the remote list' },
    trust: { enum: TRUSTS },
    tier: { enum: ['match', 'review'] },
    labels: { type: 'array', items: TEXT },
    source: { ...TEXT, description: 'the name of the service, perhaps with its bank' },
    id: { ...TEXT, description: "the list's own identifier of the entry" },
    algorithm: ALGORITHM,
    hash: { ...HEX, description: "the entry's, if reported" },
    distance: { ...DISTANCE, description: 'in bits, if reported' },
    confirmed: { type: 'boolean', description: 'by the maintainers of the list' },
    allowed: { ...TEXT, description: 'the reason in the allow list' },
  },
  if: IF_PDQ,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { hash: HEX_OF_PDQ } },
} as const;

/**
 * JSON Schema (2020-12) of a decision, as `decisionToJSON`, `JSON.stringify` and `onlyhashes match
 * --json` write it. A minor release may add members and reasons.
 */
export const DECISION_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Decision about a picture',
  type: 'object',
  required: ['verdict', 'reason', 'matches', 'policy'],
  properties: {
    file: TEXT,
    fileBytes: {
      type: 'string',
      pattern: '^([0-9a-f]{2})+$',
      description: 'the name in hex, if it is not UTF-8',
    },
    verdict: { enum: VERDICTS },
    reason: { ...TEXT, description: 'a `DecisionReason`, or one of a later release' },
    detail: {
      ...TEXT,
      description: 'the problem with an unhashable picture, or a caution, in words',
    },
    matches: { type: 'array', description: 'nearest first, those for review last', items: MATCH },
    allowed: { type: 'array', description: 'hits that the allow list excepts', items: MATCH },
    remoteMatches: {
      type: 'array',
      description: 'hits of remote lists for the main hash, matches first',
      items: REMOTE_MATCH,
    },
    unanswered: {
      type: 'array',
      items: TEXT,
      description: 'names of the remote lists that did not answer; absent: none was waited for',
    },
    omitted: {
      type: 'integer',
      minimum: 1,
      maximum: MOST,
      description: 'number of further hits, not given; absent: none',
    },
    policy: {
      type: 'object',
      required: ['matchDistance', 'reviewDistance', 'minQuality'],
      properties: THRESHOLDS,
    },
    refined: {
      type: 'boolean',
      description: 'true if places near an entry could be refined; absent: not known',
    },
    policies: {
      type: 'array',
      description: 'for each kind of hash, if there are several',
      items: {
        type: 'object',
        required: ['algorithm', 'bits', 'matchDistance', 'reviewDistance', 'minQuality'],
        properties: { algorithm: ALGORITHM, bits: { enum: [64, 128, 160, 256] }, ...THRESHOLDS },
      },
    },
    upload: {
      type: 'object',
      description: 'the picture, if it was read and decoded here',
      required: ['algorithm', 'hash', 'width', 'height'],
      properties: {
        algorithm: ALGORITHM,
        hash: HEX,
        resample: RESAMPLE,
        quality: QUALITY,
        width: { ...SIDE, description: 'in pixels, as displayed' },
        height: { ...SIDE, description: 'in pixels, as displayed' },
        format: TEXT,
        decoding: { enum: ['full', 'draft'] },
      },
      if: IF_PDQ,
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { hash: HEX_OF_PDQ } },
    },
    frames: {
      type: 'object',
      description: 'for a file of several frames: their number, and the number checked',
      required: ['total', 'checked'],
      properties: {
        total: SIDE,
        checked: { type: 'integer', minimum: 0, maximum: MOST },
      },
    },
    timings: {
      type: 'object',
      description: 'in milliseconds',
      required: ['reading', 'waiting', 'decoding', 'hashing', 'search'],
      properties: {
        reading: MILLISECONDS,
        waiting: MILLISECONDS,
        decoding: MILLISECONDS,
        hashing: MILLISECONDS,
        search: MILLISECONDS,
      },
    },
    generation: {
      type: 'integer',
      minimum: 0,
      maximum: MOST,
      description: 'generation of the searched list',
    },
    evidence: {
      type: 'array',
      description: 'reserved: certainty of each match, by more than its distance',
    },
  },
} as const;
