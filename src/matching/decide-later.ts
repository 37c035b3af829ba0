import { nextTurn, TURN } from '../in-turns.js';
import type { HashedVariant, Near } from '../variant.js';
import { Deciding, isRefined, type Rules } from './decide.js';
import { type Decision, decisionOf } from './decision.js';
import type { Elsewhere } from './elsewhere.js';
import { type Found, foundBy, type SearchableList } from './search.js';

/** What else a decision that is waited for goes by. */
export interface Waiting {
  readonly signal: AbortSignal | undefined;
  /** goes up with each change of what decides besides the list */
  changes(): number;
  /** asked about the main hash */
  readonly elsewhere: Elsewhere | undefined;
}

/** Variants that are pulled, at once or later. */
export type SomeVariants = Iterable<HashedVariant> | AsyncIterable<HashedVariant>;

type Puller = {
  next(told: Near | undefined): Pulled | Promise<Pulled>;
  return?(): unknown;
};
type Pulled = { done?: boolean | undefined; value: HashedVariant };

/**
 * Decides as `decide` does, about variants that may be long in coming. The event loop turns about
 * every 5 ms.
 *
 * The list may change meanwhile, and an entry among the matches be withdrawn. So the decision is
 * that of the list at its end: if that has changed, all variants are searched once more (about
 * 0.05 ms each in a million entries), and if it changes again meanwhile, in one go. If nothing
 * matches any more, others are pulled.
 *
 * Lists elsewhere are asked once the main hash has not matched here. They are waited for at the
 * end, unless there is a match by then that needs no others.
 * @param waiting `signal` ends the wait for a variant or an answer, too
 * @returns rejects with `signal.reason` on abort
 * @throws {TypeError | RangeError} if a variant is invalid
 */
export async function decideLater(
  variants: SomeVariants,
  list: SearchableList,
  rules: Rules,
  { signal, changes: furtherChanges, elsewhere }: Waiting,
): Promise<Decision> {
  signal?.throwIfAborted();
  const changesNow = () => list.state.generation + furtherChanges();
  let changes = changesNow();
  let picture = new Deciding(list.state, rules);
  const taken: HashedVariant[] = [];
  const { ended, forget } = ending(signal);
  const puller = pullerOf(variants);
  let told: Near | undefined;
  let state: 'open' | 'pulling' | 'done' = 'open';
  let turn = performance.now() + TURN;
  const nextTurnAfter = async () => {
    await nextTurn();
    signal?.throwIfAborted();
    turn = performance.now() + TURN;
  };
  /** Any number of entries may be near a variant. */
  const take = async (variant: HashedVariant, found?: () => Found) => {
    let generation = list.state.generation;
    let steps = picture.takeSteps(variant, found);
    for (let again = 0; ; ) {
      const { done, value } = steps.next();
      if (done) return value;
      if (again > 1 || performance.now() < turn) continue;
      await nextTurnAfter();
      if (list.state.generation === generation) continue;
      // What was found is gone, perhaps. At the end, all variants are searched once more, but their
      // generator hears what is near now, or it would not look closer at that.
      generation = list.state.generation;
      steps = new Deciding(list.state, rules).takeSteps(variant);
      again++;
    }
  };
  /** The answers that are still needed. */
  const answers = () => {
    const [main] = taken;
    if (!elsewhere || !main || picture.isDecided) return undefined;
    const answered = elsewhere.ask(main);
    return elsewhere.isOver ? undefined : answered;
  };
  try {
    for (;;) {
      if (state === 'done' || picture.isDecided) {
        const answered = answers();
        if (answered) await Promise.race([answered, ended]);
        for (let again = 0; changesNow() !== changes; again++) {
          changes = changesNow();
          picture = new Deciding(list.state, rules);
          for (const variant of taken) {
            told = again === 0 ? await take(variant) : picture.take(variant);
            if (picture.isDecided) break;
          }
        }
        // Nothing is awaited between the last search and this.
        if (state === 'done' || picture.isDecided) {
          const decided = picture.decision(isRefined(variants));
          const here = decisionOf({ ...decided, generation: list.state.generation });
          if (!elsewhere || picture.isDecided) return here;
          return elsewhere.joinedTo(here, rules, list.state.withdrawn);
        }
      }
      state = 'pulling';
      const pulled = puller.next(told);
      const { done, value } =
        pulled instanceof Promise ? await Promise.race([pulled, ended]) : pulled;
      state = done ? 'done' : 'open';
      if (done) continue;
      if (performance.now() >= turn) await nextTurnAfter();
      taken.push(value);
      const { state: listed, threads } = list;
      const asked = threads && foundBy(threads, listed, value, picture.widestFor(value));
      if (asked) {
        const before = changesNow();
        const found = await Promise.race([asked, ended]);
        // What was found before a change may be gone.
        told = await take(value, changesNow() === before ? found : undefined);
      } else told = await take(value);
      answers();
    }
  } finally {
    forget();
    elsewhere?.end();
    // An iterator that threw or ended is not closed; one that is still awaited is.
    if (state === 'open' || (state === 'pulling' && signal?.aborted)) close(puller);
  }
}

function pullerOf(variants: SomeVariants): Puller {
  const iterator =
    Symbol.asyncIterator in variants
      ? variants[Symbol.asyncIterator]()
      : variants[Symbol.iterator]();
  return iterator as Puller;
}

async function close(puller: Puller): Promise<void> {
  try {
    await puller.return?.();
  } catch {
    // The decision stands, or another error is on its way.
  }
}

/** A promise that rejects when `signal` aborts. */
function ending(signal: AbortSignal | undefined): { ended: Promise<never>; forget(): void } {
  let end = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(signal?.reason);
  });
  ended.catch(() => {});
  signal?.addEventListener('abort', end, { once: true });
  return { ended, forget: () => signal?.removeEventListener('abort', end) };
}
