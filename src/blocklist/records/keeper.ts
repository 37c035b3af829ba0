import type { BlocklistEntry } from '../../entry.js';
import { inTurns, nextTurn } from '../../in-turns.js';
import { type Applied, type Changed, changed, type Step } from '../changed.js';
import type { DurableChanges, KeptList } from '../entry-list.js';
import type { Ready } from '../large-change.js';
import type { ListState } from '../list-state.js';
import { type Effect, effectSteps, isEffective } from './effect.js';
import { type Body, bodySteps } from './record-lines.js';

/** Changes that are made durable together. */
const MOST = 256;

/** Keeps a list where it is durable. */
export interface Keeper {
  /**
   * Calls `run` once no one else writes, and the list matches what is kept.
   * @param run gets a function that makes effects durable, all or none, in their order
   * @throws the error that prevents it, also one from that function; nothing has changed then
   */
  turn(run: (write: (effects: readonly Effect[]) => Promise<void>) => Promise<void>): Promise<void>;
  /**
   * Writes the entries of a large change ahead, without effect, so that its turn takes a moment.
   * @param run makes the change
   */
  ahead<T>(body: Body, run: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly stepOf: (state: ListState) => Step;
  readonly signal: AbortSignal | undefined;
  readonly onPut: (() => void) | undefined;
  readonly body: Body | undefined;
  resolve(applied: Applied): void;
  reject(error: unknown): void;
}

/**
 * The changes of a list that is kept, one after the other. None is visible before it is durable.
 * Changes that wait at the same time become durable together.
 */
export class KeptChanges implements DurableChanges {
  readonly #keeper: Keeper;
  readonly #list: KeptList;
  #waiting: Waiting[] = [];
  #isRunning = false;
  /** settles at the end of the current turn */
  #turn: Promise<unknown> | undefined;

  constructor(keeper: Keeper, list: KeptList) {
    this.#keeper = keeper;
    this.#list = list;
  }

  async makeReady(
    ready: Ready,
    lateStep: (state: ListState) => Step,
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    const body = await inTurns(readyBodySteps(ready), signal, this.rest);
    return this.#keeper.ahead(body, () => this.make(lateStep, signal, undefined, body));
  }

  make(
    stepOf: (state: ListState) => Step,
    signal: AbortSignal | undefined,
    onPut?: () => void,
    body?: Body,
  ): Promise<Applied> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ stepOf, signal, onPut, body, resolve, reject });
      if (!this.#isRunning) this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      let batch: Waiting[] = [];
      let made: [Waiting, Changed][] = [];
      try {
        const turn = this.#keeper.turn(async (write) => {
          batch = this.#waiting.splice(0, MOST);
          made = await this.#makeAll(batch, write);
        });
        this.#turn = turn.catch(() => {});
        await turn;
      } catch (error) {
        // If the turn failed, none of the changes that waited for it was made.
        if (batch.length === 0) batch = this.#waiting.splice(0);
        const inPlace = new Set(made.map(([waiting]) => waiting));
        for (const waiting of batch) if (!inPlace.has(waiting)) waiting.reject(error);
      }
      for (const [{ resolve }, { done, state }] of made) {
        resolve({ ...done, generation: state.generation });
      }
    }
    this.#isRunning = false;
    this.#turn = undefined;
  }

  /**
   * The pause of a large change between its steps: a turn is several system calls in sequence, each
   * of which would wait for a step.
   */
  readonly rest = async (): Promise<void> => {
    await nextTurn();
    await this.#turn;
  };

  async #makeAll(
    batch: readonly Waiting[],
    write: (effects: readonly Effect[]) => Promise<void>,
  ): Promise<[Waiting, Changed][]> {
    let { state } = this.#list;
    const made: [Waiting, Changed][] = [];
    const effects: Effect[] = [];
    for (const waiting of batch) {
      try {
        waiting.signal?.throwIfAborted();
        const step = waiting.stepOf(state);
        const next = changed(state, step);
        this.#list.report(next.rejections);
        if (isEffective(state, next)) {
          const steps = effectSteps(state, step, next, waiting.body);
          effects.push(await inTurns(steps, undefined));
        }
        made.push([waiting, next]);
        state = next.state;
      } catch (error) {
        waiting.reject(error);
      }
    }
    if (effects.length > 0) await write(effects);
    for (const [{ onPut }, next] of made) {
      this.#list.put(next);
      onPut?.();
    }
    return made;
  }
}

/** The entries of a prepared change in bytes, step by step. */
function* readyBodySteps({ leaving, newParts }: Ready): Generator<void, Body> {
  let [remove, add] = [0, 0];
  for (const { count } of leaving.values()) remove += count;
  for (const { table } of newParts) add += table.size;
  function* entries(): Generator<BlocklistEntry> {
    for (const [table, marks] of leaving) for (const at of marks.besides()) yield table.entryAt(at);
    for (const { table } of newParts) {
      for (let entry = 0; entry < table.size; entry++) yield table.entryAt(entry);
    }
  }
  return yield* bodySteps(entries(), { remove, add });
}
