import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { type Hash, hashToHex, isDegenerate } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { check as checkUpload } from '../../src/node/pool/create-hash-pool.js';
import type { HashPool } from '../../src/node/pool/hash-pool.js';
import type { Painted } from './paint.js';

/** The least quality of a hash that is worth a list. */
const QUALITY = 50;

/** What was said about a file and what an engine showed of it. */
export type Answer =
  /** the engine shows nothing */
  | 'not shown'
  /** what is shown has a low quality, or a hash that no list takes */
  | 'low quality'
  | 'match'
  | `review: ${string}`
  | `unhashable: ${string}`
  | 'FAILED';

/** What an engine showed. */
export interface View {
  readonly engine: string;
  readonly painted: readonly Painted[];
}

const check = (bytes: Uint8Array, hashes: readonly Hash[], pool: HashPool, all: boolean) =>
  checkUpload(bytes, createBlocklist(hashes.map((hash, i) => ({ hash, labels: [String(i)] }))), {
    pool,
    all,
  });

/**
 * Lists what was shown and asks about the file.
 * @returns for each view the worst answer of its grounds
 */
export async function judge(
  bytes: Uint8Array,
  views: readonly View[],
  pool: HashPool,
): Promise<Answer[]> {
  const listed = new Map<string, Hash>();
  const seen = views.map(({ painted }) =>
    painted.flatMap(({ pixels }) => {
      const { hash, quality } = pdq(pixels);
      if (quality < QUALITY || isDegenerate(hash)) return [];
      listed.set(hashToHex(hash), hash);
      return [hashToHex(hash)];
    }),
  );
  const answers = new Map<string, Answer>();
  const keys = [...listed.keys()];
  if (keys.length > 0) {
    const { verdict, reason, matches } = await check(
      bytes,
      [...listed.values()],
      pool,
      keys.length > 1,
    );
    for (const [i, key] of keys.entries()) {
      const own = matches.filter(({ entry }) => entry.labels.includes(String(i)));
      if (own.some(({ tier }) => tier === 'match')) answers.set(key, 'match');
      else if (own.length > 0) answers.set(key, 'review: near');
      else if (verdict === 'unhashable') answers.set(key, `unhashable: ${reason}`);
      else if (verdict === 'review' && matches.length === 0) answers.set(key, `review: ${reason}`);
      else {
        // A match of another ground says nothing of this one.
        const alone =
          keys.length > 1 ? await check(bytes, [listed.get(key)!], pool, false) : undefined;
        const last = alone ?? { verdict, reason };
        if (last.verdict === 'none') answers.set(key, 'FAILED');
        else
          answers.set(key, last.verdict === 'match' ? 'match' : `${last.verdict}: ${last.reason}`);
      }
    }
  }
  return views.map(({ painted }, i) => {
    if (painted.length === 0) return 'not shown';
    const all = seen[i]!.map((key) => answers.get(key)!);
    if (all.includes('FAILED')) return 'FAILED';
    return all.find((answer) => answer !== 'match') ?? all[0] ?? 'low quality';
  });
}
