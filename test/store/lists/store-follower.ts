import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { hashToHex } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { StoreError } from '../../../src/store/sql/store-error.js';
import { hashOfHex } from '../killed-hash.js';

/* Follows a store, and tells its parent what it matches at a revision, and all that it holds. */

/** `all`: tell what it holds; else which of these match. Once it has reached the revision. */
export interface Question {
  readonly number: number;
  readonly revision: number;
  readonly asked: readonly string[] | 'all';
}

export interface Answer {
  readonly number: number;
  readonly hexes: readonly string[];
}

async function followed(url: string) {
  for (;;) {
    try {
      const store = await openStore({ url });
      return await store.follow({ pollSeconds: 0.2 });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unreachable') throw error;
      await setTimeout(50);
    }
  }
}

process.on('disconnect', () => process.exit());
const { blocklist, ...follower } = await followed(process.argv[2]!).then((made) => ({
  blocklist: made.blocklist,
  reached: (revision: number) => made.reached(revision),
}));
process.on('message', async ({ number, revision, asked }: Question) => {
  await follower.reached(revision);
  const hexes =
    asked === 'all'
      ? [...blocklist.entries()].map(({ hash }) => hashToHex(hash))
      : asked.filter(
          (hex) => match({ hash: hashOfHex(hex), variants: [] }, blocklist).verdict !== 'none',
        );
  process.send!({ number, hexes } satisfies Answer);
});
process.send!('ready');
