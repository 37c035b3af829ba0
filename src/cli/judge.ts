import { type DecodeError, hashFromHex } from '../index.js';
import {
  type Blocklist,
  type Decision,
  type DecisionJSON,
  decisionToJSON,
  type PolicyOptions,
  policyFor,
} from '../matching/index.js';
import { type HashFileOptions, type ReportedPicture, variantsOfFile } from '../node/index.js';
import type { Call } from './command.js';
import { UsageError } from './failure.js';
import { fileToJSON } from './file-name.js';
import { type Kind, kindName } from './lists.js';

/** A picture or hash with its decision, and what was wrong with it, if anything. */
export interface Judged {
  readonly picture: ReportedPicture;
  readonly problem?: string;
}

/** Decides by every kind of hash that a list has, so that all of the list is compared. */
export class Judge {
  readonly #blocklist: Blocklist;
  readonly #kinds: readonly Kind[];
  readonly #all: boolean;
  readonly #hashing: HashFileOptions;

  /** @param kinds at least one; a picture without a hash has the policy of the first */
  constructor(
    blocklist: Blocklist,
    kinds: readonly Kind[],
    { all, hashing }: { all: boolean; hashing: HashFileOptions },
  ) {
    this.#blocklist = blocklist;
    this.#kinds = kinds;
    this.#all = all;
    this.#hashing = hashing;
  }

  /**
   * The decision about a picture file. Variants after the first match are not hashed, unless all
   * matches are asked for.
   */
  async picture(bytes: Uint8Array, signal: AbortSignal): Promise<ReportedPicture> {
    const decisions: Decision[] = [];
    let sides = {};
    for (const kind of this.#kinds) {
      const { variants, width, height } = await variantsOfFile(bytes, {
        ...this.#hashing,
        ...kind,
        signal,
      });
      sides = { width, height };
      decisions.push(this.#blocklist.decide(variants, { all: this.#all }));
      if (decisions.at(-1)!.verdict === 'match' && !this.#all) break;
    }
    return { decision: strongest(decisions), ...sides };
  }

  /** The decision about a hash in hex, which is of the one kind that has its length. */
  hex(hex: string): Judged {
    const [kind, another] = this.#kinds.filter(({ bits }) => bits === 4 * hex.length);
    if (kind === undefined || another !== undefined) {
      const digits = [...new Set(this.#kinds.map(({ bits }) => bits / 4))].join(' or ');
      const problem = kind
        ? `expected --algorithm: the list has ${kindName(kind)} and ${kindName(another!)} hashes`
        : `no such file, and no hash like those of the list: expected ${digits} hex digits`;
      return { picture: this.unhashable(), problem };
    }
    const query = [{ name: 'original' as const, hash: hashFromHex(kind.algorithm, hex) }];
    return { picture: { decision: this.#blocklist.decide(query, { all: this.#all }) } };
  }

  /** The decision about what gave no hash. */
  unhashable(error?: DecodeError): ReportedPicture {
    const [{ algorithm, bits }] = this.#kinds as [Kind];
    const policy = policyFor(algorithm, bits, this.#blocklist.policy);
    return { decision: { ...this.#blocklist.decide(error ?? []), policy } };
  }

  /** A decision as JSON. With several kinds, it has every policy. */
  toJSON(decision: Decision, file: string): DecisionJSON {
    const json = { ...fileToJSON(file), ...decisionToJSON(decision) };
    if (this.#kinds.length === 1) return json;
    const policies = this.#kinds.map(({ algorithm, bits }) => ({
      algorithm,
      bits,
      ...policyFor(algorithm, bits, this.#blocklist.policy),
    }));
    return { ...json, policies };
  }
}

/**
 * The policy that the command line asks for.
 * @throws {UsageError} if it sets one distance for several kinds of hashes
 */
export function policyOf(call: Call, kinds: readonly Kind[]): PolicyOptions {
  const distances = {
    matchDistance: call.text('max-distance'),
    reviewDistance: call.text('review-distance'),
  };
  const changes: Record<string, number> = {};
  for (const [name, value] of Object.entries(distances)) {
    if (value !== undefined) changes[name] = Number(value);
  }
  const [first, ...others] = kinds as [Kind];
  // A distance means something else for each: 31 bits are near for PDQ, and half of a 64-bit hash.
  if (others.length > 0 && Object.keys(changes).length > 0) {
    throw new UsageError(
      `a distance needs --algorithm and --bits: the list has ${kinds.map(kindName).join(', ')}`,
    );
  }
  const policy = { minQuality: call.number('min-quality') };
  if (first.algorithm === 'pdq') return { ...policy, ...changes };
  return { ...policy, algorithms: { [first.algorithm]: changes } };
}

/** Several decisions about one picture as one: the strongest verdict, with all matches. */
function strongest(decisions: readonly Decision[]): Decision {
  const order = { match: 0, review: 1, none: 2, unhashable: 3 };
  const [first] = decisions.slice().sort((a, b) => order[a.verdict] - order[b.verdict]);
  const matches = decisions.flatMap((decision) => decision.matches);
  // Distances of different kinds cannot be compared: within a tier, kinds keep their order.
  matches.sort((a, b) => order[a.tier] - order[b.tier]);
  return { ...first!, matches };
}
