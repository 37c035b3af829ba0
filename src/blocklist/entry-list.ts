import { checkOptions, checkSignal } from '../door.js';
import { inTurns } from '../in-turns.js';
import type { Segment } from '../indexing/compaction.js';
import { type Applied, type Changed, changed, type Step } from './changed.js';
import { dueOf, mergedSteps, movedTo, settledState } from './compaction.js';
import {
  type LargeChange,
  lateStep,
  type Meanwhile,
  type Ready,
  readySteps,
} from './large-change.js';
import {
  begun,
  type Gathered,
  gathered,
  gatheredNow,
  type ListChange,
  listsAfter,
  settingsOf,
  stepOf,
} from './list-change.js';
import { ListState, type Rejections } from './list-state.js';
import { type OnRejected, Withdrawals } from './withdrawals.js';

/** The most entries of a change that is made at once: about 8 ms. */
const MOST_AT_ONCE = 512;
/** At this many segments of a kind, additions wait for compaction. */
const MANY_SEGMENTS = 32;
/** Changes to let pass after a failed compaction. */
const PAUSE = 512;

/** A list whose changes are made by something else. */
export interface KeptList {
  readonly state: ListState;
  /** Reports rejected entries. If it throws, the change rejects with that error. */
  report(rejections: Rejections): void;
  /** Puts a durable change in place. It cannot fail. */
  put(change: Changed): void;
}

/** Makes the changes of a list that is kept. None is visible before it is durable. */
export interface DurableChanges {
  /**
   * @param stepOf returns the step for the current list, when its turn comes
   * @param onPut called once the change is in place, before any later one is
   */
  make(
    stepOf: (state: ListState) => Step,
    signal: AbortSignal | undefined,
    onPut?: () => void,
  ): Promise<Applied>;
  /** Makes a large change. @param lateStep returns the rest, for the list at that time */
  makeReady(
    ready: Ready,
    lateStep: (state: ListState) => Step,
    signal: AbortSignal | undefined,
  ): Promise<Applied>;
  /** The pause of a large change between its steps. */
  rest(): Promise<void>;
}

/** Entries that change, withdrawals and the settings of lists, behind one reference. */
export class EntryList {
  #state: ListState;
  readonly #onRejected: OnRejected | undefined;
  /** the end of the last large change or compaction */
  #large: Promise<unknown> = Promise.resolve();
  /** the large changes that are being prepared, or wait for their turn */
  readonly #preparing = new Set<Meanwhile>();
  #isTidying = false;
  #pause = 0;
  /** makes the changes, if the list is kept somewhere */
  #kept: DurableChanges | undefined;
  /** settles once the list in place is the one that is kept */
  #held: Promise<unknown> | undefined;
  /** how often another list took the place of this one */
  #epoch = 0;
  /** why changes of others cannot be applied; the list goes on unchanged */
  problem: Error | undefined;
  /** changes of more entries are prepared step by step; tests set fewer */
  mostAtOnce = MOST_AT_ONCE;

  constructor(onRejected?: OnRejected, state = new ListState()) {
    this.#onRejected = onRejected;
    this.#state = state;
  }

  /** The current state. */
  get state(): ListState {
    return this.#state;
  }

  /**
   * Changes the list, entirely or not at all. Up to some hundred entries, and any withdrawals, are
   * in force when this returns; the promise resolves then. Larger changes are prepared in steps,
   * while the event loop turns about every 5 ms, after earlier large changes, and take effect at
   * once. Small ones do not wait for them. Entries in neither an array nor a table are read like a
   * large change, however few.
   *
   * Degenerate hashes and withdrawn entries are rejected; `onRejected` may report one twice if the
   * list changes meanwhile. All else is copied.
   *
   * If the list is kept, no change is visible before it is durable; the promise resolves then.
   * @param change or a function of the list at its turn. It may be called again: after a large
   *   change was prepared, for the settings of lists at its end
   * @param options `signal`: aborts the preparation, with nothing changed
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   * @throws {FormatError} if the file or store cannot be read or written; nothing has changed
   * @example
   * const { added, removed } = await blocklist.apply({ withdraw: [hash], add: entries });
   */
  async apply(
    change: ListChange | ((state: ListState) => ListChange),
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Applied> {
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    signal?.throwIfAborted();
    const most = this.mostAtOnce;
    if (typeof change !== 'function') {
      const before = this.#state;
      const rest = begun(change);
      const known = gatheredNow(change, rest, most);
      const step = known && stepOf(before, known, most);
      // It must be read before its turn, as it may be readable only once.
      const read = () => gathered(change, rest, signal, this.#kept?.rest);
      if (!step) return this.#applyLarge(known ?? read(), signal);
      const remade = (state: ListState) => stepOf(state, known, Number.POSITIVE_INFINITY)!;
      const made = this.#made((state) => (state === before ? step : remade(state)), signal);
      return this.#tidied(await made);
    }
    const isLarge = new Error('the change is large');
    const small = (state: ListState) => {
      const given = change(state);
      const known = gatheredNow(given, begun(given), most);
      const step = known && stepOf(state, known, most);
      if (!step) throw isLarge;
      return step;
    };
    try {
      return await this.#tidied(await this.#made(small, signal));
    } catch (error) {
      if (error !== isLarge) throw error;
      return this.#applyLarge(change, signal);
    }
  }

  /** Makes a step, at once or once it is durable. */
  #made(
    stepOf: (state: ListState) => Step,
    signal: AbortSignal | undefined,
  ): Applied | Promise<Applied> {
    return this.#kept ? this.#kept.make(stepOf, signal) : this.commit(stepOf);
  }

  /** Additions wait while they outpace compaction. */
  async #tidied(applied: Applied): Promise<Applied> {
    const kinds = [...this.#state.kinds.values()];
    if (kinds.some(({ parts }) => parts.length > MANY_SEGMENTS)) await this.#large;
    return applied;
  }

  /** Makes a step of any size at once; nothing keeps the list. @param stepOf may be called again */
  commit(stepOf: (state: ListState) => Step): Applied {
    for (;;) {
      const before = this.#state;
      const next = changed(before, stepOf(before));
      this.#report(next.rejections);
      // The listener may have changed the list.
      if (this.#state.generation !== before.generation) continue;
      this.#put(next, before);
      return { ...next.done, generation: this.#state.generation };
    }
  }

  /** Becomes another list. Changes in preparation are prepared again, for that one. */
  become(state: ListState): void {
    this.#state = state;
    this.#epoch++;
    this.#tidy();
  }

  /** From now on, the keeper of the list makes its changes. */
  keptBy(keeperOf: (list: KeptList) => DurableChanges): void {
    const list = this;
    this.#kept = keeperOf({
      get state() {
        return list.#state;
      },
      report: (rejections) => this.#report(rejections),
      put: (change) => this.#put(change, this.#state),
    });
  }

  /** Runs a function that brings the list up to what is kept. Nothing else changes it meanwhile. */
  async hold<T>(run: () => Promise<T>): Promise<T> {
    await this.#free();
    const running = run();
    this.#held = running.catch(() => {});
    try {
      return await running;
    } finally {
      this.#held = undefined;
    }
  }

  async #free(): Promise<void> {
    while (this.#held) await this.#held;
  }

  /** Catches up with what is kept, by effects of others. */
  follow(
    state: ListState,
    effects: readonly Required<Pick<Step, 'withdraw' | 'reinstate'>>[],
  ): void {
    this.#state = state;
    for (const { withdraw, reinstate } of effects) {
      for (const meanwhile of this.#preparing) {
        for (const each of withdraw) {
          meanwhile.asked.push(each);
          meanwhile.withdrawals.push(each);
        }
        meanwhile.isReinstated ||= reinstate.length > 0;
      }
    }
    this.#tidy();
  }

  /** @throws what the listener throws */
  #report(rejections: Rejections): void {
    for (const [entry, reason] of this.#onRejected ? rejections : [])
      this.#onRejected?.(entry, reason);
  }

  #put({ state, asked, made, done }: Changed, before: ListState): void {
    // The listener may have caused further rejections.
    const { degenerate, withdrawn } = this.#state.rejected;
    const rejected = {
      degenerate: state.rejected.degenerate + degenerate - before.rejected.degenerate,
      withdrawn: state.rejected.withdrawn + withdrawn - before.rejected.withdrawn,
    };
    this.#state = this.#state === before ? state : new ListState({ ...state, rejected });
    for (const meanwhile of this.#preparing) {
      // Not `push` of all: they may exceed the arguments of a call.
      for (const each of asked) meanwhile.asked.push(each);
      for (const each of made) meanwhile.withdrawals.push(each);
      meanwhile.isReinstated ||= done.reinstated > 0;
    }
    this.#tidy();
  }

  async #applyLarge(
    change: Gathered | Promise<Gathered> | ((state: ListState) => ListChange),
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    const meanwhile: Meanwhile = { asked: [], withdrawals: [], isReinstated: false };
    const begin = () => {
      this.#preparing.add(meanwhile);
    };
    // Its source may fail before it is awaited.
    if (change instanceof Promise) change.catch(() => {});
    try {
      // Changes that others made before this began do not count as made meanwhile.
      if (this.#kept) await this.#kept.make(() => ({}), signal, begin);
      else begin();
      const first = typeof change === 'function' ? undefined : await change;
      const applied = await this.#inTurn(async () => {
        signal?.throwIfAborted();
        if (typeof change !== 'function') return this.#prepared(first!, meanwhile, signal);
        meanwhile.asked.length = 0;
        meanwhile.withdrawals.length = 0;
        const { lists } = this.#state;
        const given = change(this.#state);
        const batch = await gathered(given, begun(given), signal, this.#kept?.rest);
        // Others may set the same meanwhile.
        const settings = (state: ListState) =>
          state.lists === lists ? batch.settings : settingsOf(change(state).settings);
        return this.#prepared(batch, meanwhile, signal, settings);
      });
      return await this.#tidied(applied);
    } finally {
      this.#preparing.delete(meanwhile);
    }
  }

  async #prepared(
    batch: Gathered,
    meanwhile: Meanwhile,
    signal: AbortSignal | undefined,
    settingsFor: (state: ListState) => Gathered['settings'] = () => batch.settings,
  ): Promise<Applied> {
    const { additions, removals, withdraw = [], reinstate = [] } = batch;
    await this.#free();
    const epoch = this.#epoch;
    this.#state = settledState(this.#state);
    const base = this.#state;
    const withdrawn = base.withdrawn.fork();
    for (const key of reinstate) withdrawn.delete(key);
    for (const each of withdraw) withdrawn.set(each);
    const large: LargeChange = { tables: additions.tables, replaced: removals };
    const ready = await inTurns(readySteps(base, large, withdrawn), signal, this.#kept?.rest);
    const isAnother = new Error('another list has replaced this one');
    const late = (state: ListState): Step => {
      if (this.#epoch !== epoch) throw isAnother;
      // Withdrawals made meanwhile win over the same ones here.
      const since = new Withdrawals();
      for (const each of meanwhile.asked) since.set(each);
      const lifted = reinstate.filter((key) => !since.has(key));
      const left = withdraw.filter((key) => !since.has(key));
      // Entries rejected only by withdrawals not made, or lifted since, are added after all.
      const isLifted = meanwhile.isReinstated || left.length < withdraw.length;
      const inForce = isLifted ? state.withdrawn.fork() : undefined;
      for (const key of lifted) inForce?.delete(key);
      for (const each of left) inForce?.set(each);
      return {
        withdraw: left,
        reinstate: lifted,
        lists: listsAfter(state, { reinstate: lifted, settings: settingsFor(state) }),
        ...lateStep(state, ready, large, meanwhile.withdrawals, inForce),
      };
    };
    try {
      if (this.#kept) return await this.#kept.makeReady(ready, late, signal);
      return await this.#made(late, signal);
    } catch (error) {
      if (error !== isAnother) throw error;
      return this.#prepared(batch, meanwhile, signal, settingsFor);
    }
  }

  /** Runs a long task after those begun before. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#large.then(run);
    this.#large = running.catch(() => {});
    return running;
  }

  /** Resolves once no large change is being prepared. */
  async settled(): Promise<void> {
    for (let last: unknown; last !== this.#large; ) {
      last = this.#large;
      await this.#large;
    }
  }

  /** Merges segments in the background. After a failure it tries again some changes later. */
  #tidy(): void {
    if (this.#pause > 0) this.#pause--;
    else if (!this.#isTidying && dueOf(this.#state)) {
      this.#isTidying = true;
      this.#inTurn(async () => {
        try {
          for (let due = dueOf(this.#state); due; due = dueOf(this.#state)) {
            const swap = await inTurns(mergedSteps(due), undefined, this.#kept?.rest);
            await this.#free();
            this.#state = swap(this.#state);
          }
        } catch {
          this.#pause = PAUSE;
        } finally {
          this.#isTidying = false;
        }
      });
    }
  }

  /**
   * Moves a segment to memory that threads can share.
   * @param steps copies it
   */
  async move(
    segment: Segment,
    steps: Generator<void, Segment>,
    signal: AbortSignal | undefined,
  ): Promise<Segment | undefined> {
    return this.#inTurn(async () => {
      const isThere = [...this.#state.kinds.values()].some(({ parts }) =>
        parts.some(({ table }) => table.searched === segment),
      );
      if (!isThere) return undefined;
      const moved = await inTurns(steps, signal);
      await this.#free();
      this.#state = movedTo(this.#state, segment, moved);
      return moved;
    });
  }
}
