import {
  createBlocklist,
  type Decision,
  type DecisionJSON,
  type DecodeError,
  decisionToJSON,
  hashFromHex,
  type MatchRules,
  match,
  type Perceptual,
  type PolicyOptions,
  policyFor,
} from '../../index.js';
import {
  type CheckOptions,
  createHashPool,
  type HashFilesResult,
  type ReportedPicture,
} from '../../node/index.js';
import type { Call, Option } from '../command.js';
import { UsageError } from '../failure.js';
import { fileToJSON } from '../file-name.js';
import { endingAtOnce } from '../interrupt.js';
import {
  type Kind,
  kindName,
  kindOf,
  kindWithout,
  LIST_KINDS,
  LIST_OPTIONS,
  noteDegenerate,
  readParts,
  wantedOf,
} from '../lists/lists.js';
import { type SavedBlocklist, savedBlocklist } from '../lists/saved-blocklist.js';
import type { Output } from '../output.js';
import { hashOptions, isDigest, PICTURE_OPTIONS } from './picture-options.js';

/** The list and the policy of every command that decides. */
export const BLOCKLIST_OPTIONS = {
  blocklist: { about: `${LIST_KINDS}; - is standard input`, value: 'LIST', short: 'b' },
  'max-distance': {
    about: 'largest distance of a match, for any variant (PDQ: 31)',
    value: 'BITS',
    range: [0, 256],
  },
  'review-distance': {
    about: 'largest distance for review (PDQ: 60); beyond 31 bits nearly all are found',
    value: 'BITS',
    range: [0, 256],
  },
  'min-quality': {
    about: 'below this quality, a match is for review',
    value: 'N',
    range: [0, 100],
    default: '50',
    needs: { algorithm: ['pdq'] },
  },
} as const satisfies Record<string, Option>;

/** Options of commands that decide, for hashing pictures and selecting hashes of the list. */
export const MATCHING_OPTIONS = {
  ...PICTURE_OPTIONS,
  ...LIST_OPTIONS,
  variants: { ...PICTURE_OPTIONS.variants, default: 'thorough' },
  decoding: {
    about: 'decode large JPEG and WebP files at a fraction of their size, or in full',
    choices: ['draft', 'full'],
    default: 'draft',
  },
  'unseen-frames': {
    about: 'verdict if no entry is near, but not all frames of a file were checked',
    choices: ['none', 'review'],
    default: 'none',
  },
} as const satisfies Record<string, Option>;

/**
 * The path of the list.
 * @throws {UsageError} if there is none, or standard input is already a picture
 */
export function blocklistOf(call: Call): string {
  const list = call.text('blocklist');
  if (list === undefined) throw new UsageError('expected --blocklist LIST');
  if (list === '-' && call.words.includes('-')) {
    throw new UsageError('expected the list or a picture on standard input, not both');
  }
  return list;
}

/** The blocklist, and the kinds of hashes that pictures are compared by: at least one. */
async function listOf(call: Call, list: string, out: Output): Promise<SavedBlocklist> {
  const wanted = wantedOf(call);
  const saved = await savedBlocklist(list, wanted);
  if (saved) {
    return { ...saved, kinds: saved.kinds.length > 0 ? saved.kinds : [kindWithout(wanted)] };
  }
  const parts = await readParts(list, wanted, out);
  const kinds = parts.length > 0 ? parts.map(kindOf) : [kindWithout(wanted)];
  return { blocklist: endingAtOnce(() => createBlocklist(parts)), kinds };
}

/** A picture or hash with its decision, and the error, if any. */
export interface Judged {
  readonly picture: ReportedPicture;
  readonly problem?: string;
}

/**
 * Reads the list, and decides by the options of the command line: by every kind of hash in the
 * list, so that all of it is compared.
 * @throws {Failure} if the list cannot be read or has nothing to match
 */
export async function judgeOf(call: Call, list: string, out: Output) {
  const { blocklist, allowList, kinds } = await listOf(call, list, out);
  const ofPictures = kinds.filter(isOfPictures);
  // Pictures are decoded even if the list holds only digests: the verdict says what they are.
  if (ofPictures.length === 0) ofPictures.push({ algorithm: 'pdq', bits: 256 });
  const rules: MatchRules = { policy: policyOf(call, ofPictures), allowList };
  const all = call.on('all');
  // An empty list was reported when it was read.
  if (blocklist.size > 0)
    noteDegenerate(list, blocklist.rejected.degenerate, 'excluded from matching', out);
  const hashing: CheckOptions = {
    ...hashOptions(call),
    decoding: call.text('decoding') as 'draft',
    unseenFrames: call.text('unseen-frames') as 'none',
  };
  /** a file that crashes a decoder only crashes a process of this pool */
  const pool = createHashPool();
  // That of PDQ follows the size of each list: the largest is searched.
  const distances = blocklist
    .lists()
    .flatMap(({ size, enabled, reviewDistance }) => (size > 0 && enabled ? reviewDistance : []));
  const searched = distances.length > 0 && { reviewDistance: Math.max(...distances) };
  const policyOfKind = ({ algorithm, bits }: Kind) =>
    policyFor(algorithm, bits, { ...searched, ...rules.policy });
  const policies = kinds.map((kind) => ({ ...kind, ...policyOfKind(kind) }));
  /** for a picture without a hash: those of the first kind */
  const policy = policyOfKind(ofPictures[0]!);
  /** The decision about a picture that gave no hash. */
  const unhashable = (error?: DecodeError): ReportedPicture => ({
    decision: { ...match(error ?? [], blocklist, rules), policy },
  });
  return {
    /** the list's number of entries */
    entries: blocklist.size,

    /**
     * The decision about a picture file. Variants after the first match are not hashed, unless all
     * matches are requested.
     */
    async picture(file: Uint8Array | string, signal: AbortSignal): Promise<Judged> {
      const decisions: Decision[] = [];
      for (const kind of ofPictures) {
        const videos = kind.algorithm === 'pdq';
        const options = { ...hashing, ...rules, ...kind, all, videos, signal };
        const decision = await pool.check(file, blocklist, options);
        signal.throwIfAborted();
        if (decision.verdict === 'unhashable') {
          decisions.push({ ...decision, policy });
          break;
        }
        decisions.push(decision);
        if (decision.verdict === 'match' && !all) break;
      }
      const decision = strongest(decisions);
      const { width, height } = decision.upload ?? {};
      const picture = { decision, ...(width && height && { width, height }) };
      const problem = decision.detail;
      return { picture, ...(problem !== undefined && { problem }) };
    },

    /** The decision about a video file, by the list's PDQ hashes and digests. */
    async video(
      file: string,
      signal: AbortSignal,
      onProgress: CheckOptions['onProgress'],
    ): Promise<Judged> {
      const checking = { ...hashing, ...rules, videos: true, signal, onProgress };
      const decision = await pool.check(file, blocklist, checking);
      signal.throwIfAborted();
      const problem = decision.detail;
      return { picture: { decision }, ...(problem !== undefined && { problem }) };
    },

    /** The decision about a hash in hex, which is of the only kind of that length. */
    hex(hex: string): Judged {
      const [kind, another] = kinds.filter((each) => each.bits === 4 * hex.length);
      if (kind === undefined || another !== undefined) {
        const digits = [...new Set(kinds.map((each) => each.bits / 4))].join(' or ');
        const problem = kind
          ? `expected --algorithm: the list has ${kindName(kind)} and ${kindName(another!)} hashes`
          : `neither a file nor a hash of a kind in the list: expected ${digits} hex digits`;
        return { picture: unhashable(), problem };
      }
      const query = [{ name: 'original' as const, hash: hashFromHex(kind.algorithm, hex) }];
      return { picture: { decision: match(query, blocklist, { ...rules, all }) } };
    },

    /** The decision about a file, whose problems are reported. */
    reported({ file, image, error }: HashFilesResult<Judged>): ReportedPicture {
      const { picture, problem }: Judged = image ?? {
        picture: unhashable(error),
        problem: error.message,
      };
      if (problem !== undefined) out.say(file, problem);
      if (picture.decision.verdict === 'unhashable') out.count();
      return picture;
    },

    /**
     * A decision as JSON. With several kinds, it has every policy. Equal runs print equal lines: it
     * has no timings, and no generation of a list that was just read.
     */
    toJSON(decision: Decision, file: string): DecisionJSON {
      const { timings: _, generation: __, ...stable } = decision;
      const json = { ...fileToJSON(file), ...decisionToJSON(stable) };
      return kinds.length === 1 ? json : { ...json, policies };
    },

    /** Ends the processes that decode. */
    close: () => pool.close(),
  };
}

/** A kind by which pictures are hashed. */
type KindOfPictures = Kind & { readonly algorithm: Perceptual; readonly bits: 64 | 256 };

const isOfPictures = (kind: Kind): kind is KindOfPictures => !isDigest(kind.algorithm);

/**
 * The policy that the command line sets.
 * @throws {UsageError} if it sets one distance for several kinds of hashes
 */
function policyOf(call: Call, kinds: readonly Kind[]): PolicyOptions {
  const distances = {
    matchDistance: call.text('max-distance'),
    reviewDistance: call.text('review-distance'),
  };
  const changes: Record<string, number> = {};
  for (const [name, value] of Object.entries(distances)) {
    if (value !== undefined) changes[name] = Number(value);
  }
  const [first, ...others] = kinds as [Kind];
  // A distance has another meaning for each: 31 bits are near for PDQ, and half of a 64-bit hash.
  if (others.length > 0 && Object.keys(changes).length > 0) {
    throw new UsageError(
      `a distance needs --algorithm and --bits: the list has ${kinds.map(kindName).join(', ')}`,
    );
  }
  const policy = { minQuality: call.number('min-quality') };
  if (first.algorithm === 'pdq') return { ...policy, ...changes };
  return { ...policy, algorithms: { [first.algorithm]: changes } };
}

/** Merges several decisions about one picture: the strongest verdict, with all matches. */
function strongest(decisions: readonly Decision[]): Decision {
  // Unless every kind was checked, the verdict is not `none`.
  const order = { match: 0, review: 1, unhashable: 2, none: 3 };
  const [first] = decisions.slice().sort((a, b) => order[a.verdict] - order[b.verdict]);
  const matches = decisions.flatMap((decision) => decision.matches);
  // Distances of different kinds cannot be compared: within a tier, kinds keep their order.
  matches.sort((a, b) => order[a.tier] - order[b.tier]);
  const { omitted: _, ...others } = first!;
  const omitted = decisions.reduce((sum, decision) => sum + (decision.omitted ?? 0), 0);
  const known = decisions.map(({ refined }) => refined).filter((refined) => refined !== undefined);
  const refined = known.length > 0 && { refined: known.includes(true) };
  return { ...others, matches, ...refined, ...(omitted > 0 && { omitted }) };
}
