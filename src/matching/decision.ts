import { checkInteger, checkNumber, checkObject, checkOneOf, checkTypeOf } from '../door.js';
import { type BlocklistEntry, checkEntry, copyOfOpinions, type Said } from '../entry.js';
import { DecodeError, type DecodeErrorCode } from '../errors.js';
import {
  type Algorithm,
  type Bits,
  bitsOf,
  checkResample,
  type Hash,
  type HashJSON,
  hashToHex,
  hashToJSON,
  type Resample,
} from '../hash.js';
import {
  checkPolicy,
  type Policy,
  type PolicyOptions,
  policyFor,
  TRUSTS,
  type Trust,
} from '../policy.js';
import { checkVariant, type HashedVariant } from '../variant.js';
import {
  checkRemoteMatch,
  type RemoteMatch,
  type RemoteMatchJSON,
  remoteMatchToJSON,
} from './remote-match.js';
import { checkVideos, copyOfVideo, type VideoMatch } from './video/video-match.js';

export type { RemoteMatch, VideoMatch };

/**
 * An entry near a variant: a `match`, or for `review` by a person. For the platform only: an
 * uploader who learns its distance can change a picture step by step until it is no longer found.
 */
export interface Match {
  readonly entry: BlocklistEntry;
  /** in bits */
  readonly distance: number;
  /** the distance by parts, in bits; absent: the parts were not compared */
  readonly partsDistance?: number;
  readonly tier: 'match' | 'review';
  /** without its `ranks` and `parts` */
  readonly variant: HashedVariant;
  /** of the entry's list; absent: own, since the entry is on no named list */
  readonly trust?: Trust;
  /** the reason for which the allow list made this no match; absent: it did not */
  readonly allowed?: string;
}

/** The reason for a decision. The words are API. */
export type DecisionReason =
  /** match: an entry within `matchDistance`, with no quality known to be low */
  | 'within-match-distance'
  /** match: an entry within 60 bits whose parts are those of the variant */
  | 'matched-parts'
  /** match: an entry that is the digest of this very file */
  | 'matched-digest'
  /** review: an entry within `matchDistance` of a variant whose quality is below `minQuality` */
  | 'low-query-quality'
  /** review: an entry within `matchDistance` whose own quality is below `minQuality` */
  | 'low-entry-quality'
  /** review: an entry within `matchDistance`, of a list whose tier is `review` */
  | 'review-only-list'
  /** review: an entry within `matchDistance`, of a foreign list */
  | 'foreign-list'
  /** match: frames of a listed video, on one line of time */
  | 'matched-video'
  /** review: an entry within `matchDistance` that is a frame of a video, and no other frame fits */
  | 'video-frame'
  /** review: an entry within `matchDistance` that is unconfirmed, as its list states */
  | 'unconfirmed-entry'
  /** review: a variant is within `reviewDistance` of an entry, and none within `matchDistance` */
  | 'within-review-distance'
  /** review: an entry within `matchDistance` that recently matched too many distinct uploads */
  | 'flooded'
  /** match: a remote list has it, and no list here matched */
  | 'matched-remote'
  /** review or unhashable: a remote list did not answer, and nothing matched */
  | 'unanswered'
  /**
   * review: nothing is near, but its colour profile is one that no camera or editor writes, and
   * browsers may show a picture other than the checked one
   */
  | 'odd-profile'
  /** review: nothing is near, but a browser may show a picture in it that cannot be decoded here */
  | 'unseen-picture'
  /** review, by the option `unseenFrames`: nothing is near, but not all frames were checked */
  | 'unseen-frames'
  /** none: the near entries matched wrongly, by the allow list */
  | 'allowed'
  /** none: no entry is near enough */
  | 'nothing-near'
  /** none: the blocklist has no entry of the variants' algorithms and widths */
  | 'nothing-comparable'
  /** unhashable: no hash was given */
  | 'no-hash'
  /** unhashable: the caller's signal ended the work */
  | 'aborted'
  /** unhashable: why the bytes could not be read or decoded */
  | DecodeErrorCode;

/** The verdict on a picture, and why. `unhashable` is not `none`: the picture was not checked. */
export interface Decision {
  readonly verdict: 'match' | 'review' | 'none' | 'unhashable';
  readonly reason: DecisionReason;
  /**
   * words for operators: the error of an unhashable picture, or a caution about a match by MD5.
   * They reveal nothing of the picture, and may change
   */
  readonly detail?: string;
  /**
   * tier `match` before `review`, then nearest first, then by the trust in their lists. Of each
   * tier, the nearest 1,000 and the nearest of every list are given: `omitted` counts the rest
   */
  readonly matches: readonly Match[];
  /** the policy applied to the main hash: of the first match's list, or the widest of any list */
  readonly policy: Policy;
  /**
   * whether places near an entry could be refined. True: the variants came one at a time from a
   * picture, by `quick` or `thorough` with PDQ (`check`, also of a pool, `variantsOf`). False: they
   * were hashed before, or cannot be moved: fewer edited copies match. Absent: nothing was hashed
   */
  readonly refined?: boolean;
  /** hits that the allow list made no match, as many as of a tier of `matches`; absent: none */
  readonly allowed?: readonly Match[];
  /**
   * hits of remote lists, if they were awaited: matches first, and allowed ones last; as many as of
   * a tier of `matches`
   */
  readonly remoteMatches?: readonly RemoteMatch[];
  /** the names of the remote lists that did not answer in time; absent: none was awaited */
  readonly unanswered?: readonly string[];
  /**
   * number of further near entries that were judged but are not in `matches`, `allowed` or
   * `remoteMatches`; absent: none
   */
  readonly omitted?: number;
  /** the listed videos that the upload shows, if it is a video; the surest first */
  readonly videos?: readonly VideoMatch[];
  /** the picture, if this call read and decoded it */
  readonly upload?: CheckedUpload;
  /**
   * of a file with several frames: their number, and how many were checked. The others do not
   * count, unless `unseenFrames` of the check is `review`
   */
  readonly frames?: { readonly total: number; readonly checked: number };
  /** time by stage, if this call read and decoded the picture */
  readonly timings?: DecisionTimings;
  /** the generation of the blocklist that was searched: it goes up with each change */
  readonly generation?: number;
}

/** A picture that was checked, and how it was decoded. */
export interface CheckedUpload {
  /** of the picture as displayed, without variants */
  readonly hash: Hash;
  /** 0…100 where the algorithm has one */
  readonly quality?: number;
  /** PDQ's size convention */
  readonly resample?: Resample;
  /** sides of the whole picture as displayed, in pixels */
  readonly width: number;
  readonly height: number;
  /** by its bytes, not by its name: `jpeg`, `png` … */
  readonly format?: string;
  /**
   * `draft`: decoded at a fraction of its size; the hash is good for matching, but not for a list
   */
  readonly decoding?: 'full' | 'draft';
}

/** Time of a decision by stage, in milliseconds of the clock. */
export interface DecisionTimings {
  /** until the last byte arrived */
  readonly reading: number;
  /** for a turn: before reading and before decoding */
  readonly waiting: number;
  readonly decoding: number;
  /** of all variants */
  readonly hashing: number;
  /** of all variants */
  readonly search: number;
}

/**
 * A decision as a plain object for JSON. Members may be added in a minor release: ignore unknown
 * ones.
 */
export interface DecisionJSON
  extends Omit<Decision, 'matches' | 'allowed' | 'remoteMatches' | 'upload'> {
  file?: string;
  /** the whole name in hex, if it is not UTF-8 */
  fileBytes?: string;
  matches: MatchJSON[];
  /** for each kind of hash, if the picture was hashed in several */
  policies?: (Policy & { algorithm: Algorithm; bits: Bits })[];
  allowed?: MatchJSON[];
  remoteMatches?: RemoteMatchJSON[];
  upload?: Omit<HashJSON, 'decoding'> & Omit<CheckedUpload, 'hash' | 'resample'>;
}

/**
 * A match as JSON. Members not named after the variant are the entry's, but its parts are left out.
 * Geometry, look and frame are the variant's.
 */
export interface MatchJSON
  extends Pick<Match, 'distance' | 'partsDistance' | 'tier' | 'trust' | 'allowed'>,
    Pick<HashedVariant, 'geometry' | 'look' | 'frame'>,
    Omit<Said, 'variant' | 'parts'> {
  /** the name of the upload's variant that was near */
  variant: string;
  hash: string;
  /** of both hashes */
  algorithm: Algorithm;
  /** the part or form of the listed picture; absent: the picture itself, or unknown */
  entryVariant?: string;
  variantHash: string;
  variantQuality?: number;
  variantResample?: Resample;
  /** of a file that was decoded in part, for matching only */
  variantDecoding?: 'draft';
}

/** @throws {TypeError | RangeError} if `decision` is invalid */
export function checkDecision(decision: Decision): void {
  checkObject(decision, 'a decision');
  const { verdict, reason, detail, matches, policy, upload, timings, generation } = decision;
  const { refined, allowed = [], remoteMatches = [], unanswered = [], omitted, frames } = decision;
  checkVideos(decision.videos);
  checkPolicy(policy);
  if (typeof verdict !== 'string' || typeof reason !== 'string' || !Array.isArray(matches)) {
    throw new TypeError('expected a decision: { verdict, reason, matches, policy }');
  }
  if (!Array.isArray(allowed)) throw new TypeError('expected allowed to be a list');
  if (!Array.isArray(remoteMatches)) throw new TypeError('expected remoteMatches to be a list');
  for (const match of [...matches, ...allowed] as readonly Match[]) checkMatch(match);
  for (const match of remoteMatches) checkRemoteMatch(match);
  if (!(Array.isArray(unanswered) && unanswered.every((name) => typeof name === 'string'))) {
    throw new TypeError('expected unanswered to be a list of strings');
  }
  checkTypeOf('detail', detail, 'string');
  checkTypeOf('refined', refined, 'boolean');
  if (omitted !== undefined) checkInteger('omitted', omitted, 1);
  if (frames !== undefined) {
    checkObject(frames, 'frames to be { total, checked }');
    checkInteger('frames.total', frames.total, 1);
    checkInteger('frames.checked', frames.checked, 0, frames.total);
  }
  if (upload !== undefined) checkUploadFacts(upload);
  if (timings !== undefined) {
    checkObject(timings, 'timings to be an object');
    for (const stage of STAGES) checkNumber(`timings.${stage}`, timings[stage], 0);
  }
  if (generation !== undefined) checkInteger('generation', generation, 0);
}

function checkMatch(match: Match): void {
  checkObject(match, 'a match: { entry, distance, tier, variant }');
  checkEntry(match.entry);
  checkVariant(match.variant);
  checkOneOf('trust', match.trust, [...TRUSTS, undefined]);
  if (match.partsDistance !== undefined) checkInteger('partsDistance', match.partsDistance, 0, 256);
  checkTypeOf('allowed', match.allowed, 'string');
}

/** The stages of `DecisionTimings`. */
export const STAGES = ['reading', 'waiting', 'decoding', 'hashing', 'search'] as const;

function checkUploadFacts(upload: CheckedUpload): void {
  checkObject(upload, 'an upload: { hash, width, height }');
  const { hash, quality, resample, width, height, format, decoding } = upload;
  bitsOf(hash);
  if (quality !== undefined) checkNumber('quality', quality, 0, 100);
  if (resample !== undefined) checkResample('resample', resample);
  checkInteger('width', width, 1);
  checkInteger('height', height, 1);
  checkTypeOf('format', format, 'string');
  checkOneOf('decoding', decoding, ['full', 'draft', undefined]);
}

/**
 * Converts a decision to a plain object for JSON, with the name of its file if given.
 * `DECISION_SCHEMA` describes it. `JSON.stringify` does the same with a decision of this library,
 * but not with a copy by spreading or cloning. It holds hashes, labels and perhaps a file name: do
 * not log it.
 * @param file name of the file, as `file` of the object
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function decisionToJSON(decision: Decision, file?: string): DecisionJSON {
  checkDecision(decision);
  checkTypeOf('file', file, 'string');
  const { verdict, reason, detail, matches, policy, upload, timings, generation } = decision;
  const { refined, allowed, remoteMatches, unanswered, omitted, frames } = decision;
  return defined({
    file,
    verdict,
    reason,
    detail,
    matches: matches.map(matchToJSON),
    policy: { ...policy },
    refined,
    allowed: allowed?.map(matchToJSON),
    remoteMatches: remoteMatches?.map(remoteMatchToJSON),
    unanswered: unanswered && [...unanswered],
    omitted,
    videos: decision.videos?.map(copyOfVideo),
    frames: frames && { ...frames },
    upload: upload && uploadToJSON(upload),
    timings: timings && { ...timings },
    generation,
  });
}

function matchToJSON(match: Match): MatchJSON {
  const { distance, partsDistance, tier, variant, entry, trust, allowed } = match;
  return defined({
    distance,
    partsDistance,
    tier,
    variant: variant.name,
    hash: hashToHex(entry.hash),
    labels: [...entry.labels],
    geometry: variant.geometry,
    look: variant.look,
    frame: variant.frame,
    algorithm: entry.hash.algorithm,
    id: entry.id,
    source: entry.source,
    quality: entry.quality,
    resample: entry.resample,
    entryVariant: entry.variant,
    group: entry.group,
    seconds: entry.seconds,
    still: entry.still,
    list: entry.list,
    trust,
    caseCount: entry.caseCount,
    opinions: entry.opinions && copyOfOpinions(entry.opinions),
    confirmed: entry.confirmed,
    allowed,
    variantHash: hashToHex(variant.hash),
    variantQuality: variant.quality,
    variantResample: variant.resample,
    variantDecoding: variant.hash.decoding ?? variant.decoding,
  });
}

function uploadToJSON(upload: CheckedUpload): NonNullable<DecisionJSON['upload']> {
  const { hash, quality, resample, width, height, format } = upload;
  const decoding = hash.decoding ?? upload.decoding;
  return defined({ ...hashToJSON(hash, { resample }), quality, width, height, format, decoding });
}

/** The members that are present. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** `object` without the members that are undefined. */
function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}

/** A decision with these members, which `JSON.stringify` writes as `decisionToJSON` does. */
export function decisionOf(members: Decision): Decision {
  return Object.assign(Object.create(SELF_WRITING) as Decision, members);
}

/** On the prototype: an own member would be compared and copied, and would prevent cloning. */
const SELF_WRITING = {
  toJSON(this: Decision): DecisionJSON {
    return decisionToJSON(this);
  },
};

/**
 * The decision about a picture that could not be decoded: `unhashable`, with the error's code as
 * its reason.
 * @throws {TypeError} if `error` is not a DecodeError
 * @throws {TypeError | RangeError} if `policy` is invalid
 */
export function unhashable(error: DecodeError, policy?: PolicyOptions): Decision {
  if (!(error instanceof DecodeError)) throw new TypeError('expected a DecodeError');
  return nothingHashed(error.code, policyFor('pdq', 256, policy), error.message);
}

/** The decision if there is no hash. */
export function nothingHashed(
  reason: DecodeErrorCode | 'no-hash' | 'aborted',
  policy: Policy,
  detail?: string,
): Decision {
  const details = detail === undefined ? {} : { detail };
  return decisionOf({ verdict: 'unhashable', reason, ...details, matches: [], policy });
}
