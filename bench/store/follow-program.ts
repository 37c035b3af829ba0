import { hashFromHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { openStore, type StorePlace } from '../../src/store/sql/open-store.js';

/** A process that follows a store. */
export interface FollowSetup {
  readonly program: 'follow';
  readonly place: StorePlace;
}

/**
 * What a follower is asked: to tell when a hash that it matches is matched no more, or when it has
 * reached a revision.
 */
export type FollowQuestion = { readonly gone: string } | { readonly reached: number };

/**
 * Follows a store, and tells the parent the milliseconds until its list was there. `true` answers a
 * question about a hash at once, as it is matched, and once more when it is not. What it awaits is
 * looked at whenever its list has changed, so that waiting costs it nothing.
 */
export async function followStore({ place }: FollowSetup): Promise<void> {
  const start = performance.now();
  const store = await openStore(place);
  let awaited: string | undefined;
  // By its own entry: near ones may be matched on.
  const isSeen = (hex: string) =>
    match({ hash: hashFromHex('pdq', hex), variants: [] }, follower.blocklist, {
      allowList: follower.allowList,
    }).matches.some(({ distance }) => distance === 0);
  const look = () => {
    if (awaited === undefined || isSeen(awaited)) return;
    awaited = undefined;
    process.send?.(true);
  };
  const follower = await store.follow({ onChange: () => look() });
  process.on('message', async (question: FollowQuestion) => {
    if ('reached' in question) {
      await follower.reached(question.reached);
      process.send?.(true);
      return;
    }
    if (!isSeen(question.gone)) throw new Error('a listed entry is not found');
    awaited = question.gone;
    process.send?.(true);
  });
  process.send?.(performance.now() - start);
}
