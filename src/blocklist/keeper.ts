import { inTurns, nextTurn } from '../in-turns.js';
import { type Changed, changed, type Done, type Step } from './changed.js';
import { type Effect, effectSteps, isEffective } from './effect.js';
import { type Ready, readyBodySteps } from './large-change.js';
import type { KeptOut, ListState } from './list-state.js';
import type { Body } from './record-lines.js';

/** Changes that are made durable at once. */
const MOST = 256;

/** Keeps a list where it is durable. */
export interface Keeper {
  /**
   * Calls `run` once nobody else writes, and the list is as it is kept.
   * @param run is given what makes effects durable, all or none, in their order
   * @throws what hinders it, also from what `run` was given; nothing has changed then
   */
  turn(run: (write: (effects: readonly Effect[]) => Promise<void>) => Promise<void>): Promise<void>;
  /**
   * Writes the entries of a large change, of no effect, so that its turn takes a moment.
   * @param run makes the change
   */
  ahead<T>(body: Body, run: () => Promise<T>): Promise<T>;
}

/** The list that is kept. */
export interface KeptList {
  readonly state: ListState;
  /** Tells of what is kept out. What it throws, the change rejects with. */
  tell(keptOut: KeptOut): void;
  /** Puts a change in place, which is durable. It cannot fail. */
  put(change: Changed): void;
}

/** What a change did, and the generation of the list with it. */
export interface Applied extends Done {
  readonly generation: number;
}

interface Waiting {
  readonly stepOf: (state: ListState) => Step;
  readonly signal: AbortSignal | undefined;
  readonly onPut: (() => void) | undefined;
  resolve(applied: Applied): void;
  reject(error: unknown): void;
}

/**
 * The changes of a list that is kept, one after the other. None is seen before it is durable. Those
 * that wait at the same time become durable together.
 */
export class KeptChanges {
  readonly #keeper: Keeper;
  readonly #list: KeptList;
  #waiting: Waiting[] = [];
  #isRunning = false;
  /** settles at the end of the turn that is being taken */
  #turn: Promise<unknown> | undefined;

  constructor(keeper: Keeper, list: KeptList) {
    this.#keeper = keeper;
    this.#list = list;
  }

  /**
   * Makes a large change.
   * @param lateStep what is left to do, for the list as it is when its turn comes
   */
  async makeReady(
    ready: Ready,
    lateStep: (state: ListState) => Step,
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    const body = await inTurns(readyBodySteps(ready), signal, this.rest);
    return this.#keeper.ahead(body, () =>
      this.make((state) => ({ ...lateStep(state), body }), signal),
    );
  }

  /**
   * @param stepOf what to do, for the list as it is when its turn comes
   * @param onPut called once the change is in place, before any later one is
   */
  make(
    stepOf: (state: ListState) => Step,
    signal: AbortSignal | undefined,
    onPut?: () => void,
  ): Promise<Applied> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ stepOf, signal, onPut, resolve, reject });
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
        // Without a turn, none of those that waited for it has been made.
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
   * What a large change waits for between its steps: a turn is some calls of the system, one after
   * the other, each of which would wait for a step.
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
        this.#list.tell(next.keptOut);
        if (isEffective(state, next)) {
          effects.push(await inTurns(effectSteps(state, step, next), undefined));
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
