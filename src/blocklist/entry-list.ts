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
import { type KeptOut, ListState } from './list-state.js';
import { type OnKeptOut, Withdrawals } from './withdrawals.js';

/** The most entries of a change that is made at once: about 8 ms. */
const MOST_AT_ONCE = 512;
/** Segments of a kind from which whoever adds waits until they are fewer. */
const MANY_SEGMENTS = 32;
/** Changes to let pass after a compaction that failed. */
const PAUSE = 512;

/** A list whose changes something makes. */
export interface KeptList {
  readonly state: ListState;
  /** Tells of what is kept out. What it throws, the change rejects with. */
  tell(keptOut: KeptOut): void;
  /** Puts a change in place, which is durable. It cannot fail. */
  put(change: Changed): void;
}

/** Makes the changes of a list that is kept. None is seen before it is durable. */
export interface DurableChanges {
  /**
   * @param stepOf what to do, for the list as it is when its turn comes
   * @param onPut called once the change is in place, before any later one is
   */
  make(
    stepOf: (state: ListState) => Step,
    signal: AbortSignal | undefined,
    onPut?: () => void,
  ): Promise<Applied>;
  /** Makes a large change. @param lateStep what is left to do, for the list as it is then */
  makeReady(
    ready: Ready,
    lateStep: (state: ListState) => Step,
    signal: AbortSignal | undefined,
  ): Promise<Applied>;
  /** What a large change waits for between its steps. */
  rest(): Promise<void>;
}

/** Entries that change, withdrawals and the settings of lists, behind one reference. */
export class EntryList {
  #state: ListState;
  readonly #onKeptOut: OnKeptOut | undefined;
  /** the end of the last large change or compaction */
  #large: Promise<unknown> = Promise.resolve();
  /** of the large changes that are being prepared, or wait for their turn */
  readonly #preparing = new Set<Meanwhile>();
  #isTidying = false;
  #pause = 0;
  /** the changes, if something keeps the list */
  #kept: DurableChanges | undefined;
  /** ends once the list, as it is kept, is what is in place */
  #held: Promise<unknown> | undefined;
  /** how often another list took the place of this one */
  #epoch = 0;
  /** why changes of others cannot be taken up; the list goes on as it is */
  problem: Error | undefined;
  /** more entries are prepared step by step; tests prepare few */
  mostAtOnce = MOST_AT_ONCE;

  constructor(onKeptOut?: OnKeptOut, state = new ListState()) {
    this.#onKeptOut = onKeptOut;
    this.#state = state;
  }

  /** What it is now. */
  get state(): ListState {
    return this.#state;
  }

  /**
   * Changes the list, entirely or not at all. Up to some hundred entries, and any withdrawals, are
   * in force when this returns; the promise resolves then. More are prepared while the event loop
   * turns about every 5 ms, after the large changes before, and come in force at once. Small ones
   * do not wait for them. Entries that are no array or table are read as many are, however few.
   *
   * Degenerate hashes and withdrawn entries are kept out; who is told of them may be told twice if
   * the list changes meanwhile. Copies of all else are kept.
   *
   * Of a list that is kept, nothing is seen before it is durable; the promise resolves then.
   * @param change or a function of the list as it is when its turn comes. It may be called again:
   *   once a large change was prepared, for the settings of lists as they are at its end
   * @param options `signal`: ends what is being prepared, with nothing changed
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   * @throws {FormatError} if what keeps it cannot be read or written; nothing has changed
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
      // It can be read before its turn, and perhaps only once.
      const read = () => gathered(change, rest, signal, this.#kept?.rest);
      if (!step) return this.#applyLarge(known ?? read(), signal);
      const anew = (state: ListState) => stepOf(state, known, Number.POSITIVE_INFINITY)!;
      const made = this.#made((state) => (state === before ? step : anew(state)), signal);
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

  /** Whoever adds more than is merged waits. */
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
      this.#tell(next.keptOut);
      // Whoever was told may have changed the list.
      if (this.#state.generation !== before.generation) continue;
      this.#put(next, before);
      return { ...next.done, generation: this.#state.generation };
    }
  }

  /** Becomes another list. What is being prepared is prepared again, for that one. */
  become(state: ListState): void {
    this.#state = state;
    this.#epoch++;
    this.#tidy();
  }

  /** From now on, changes are made by what keeps the list. */
  keptBy(keeperOf: (list: KeptList) => DurableChanges): void {
    const list = this;
    this.#kept = keeperOf({
      get state() {
        return list.#state;
      },
      tell: (keptOut) => this.#tell(keptOut),
      put: (change) => this.#put(change, this.#state),
    });
  }

  /** Runs what makes the list what is kept. Nothing else changes its state meanwhile. */
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

  /** Becomes what is kept, by effects of others. */
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
  #tell(keptOut: KeptOut): void {
    for (const [entry, reason] of this.#onKeptOut ? keptOut : []) this.#onKeptOut?.(entry, reason);
  }

  #put({ state, asked, made, done }: Changed, before: ListState): void {
    // Whoever was told of what is kept out may have kept out more.
    const { degenerate, withdrawn } = this.#state.keptOut;
    const keptOut = {
      degenerate: state.keptOut.degenerate + degenerate - before.keptOut.degenerate,
      withdrawn: state.keptOut.withdrawn + withdrawn - before.keptOut.withdrawn,
    };
    this.#state = this.#state === before ? state : new ListState({ ...state, keptOut });
    for (const meanwhile of this.#preparing) {
      // Not `push` of all: they may be more than a call takes arguments.
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
    // What it is read from may fail before it is waited for.
    if (change instanceof Promise) change.catch(() => {});
    try {
      // What others changed before this began is not what they change meanwhile.
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
        const told = await gathered(given, begun(given), signal, this.#kept?.rest);
        // Others may set the same meanwhile.
        const settings = (state: ListState) =>
          state.lists === lists ? told.settings : settingsOf(change(state).settings);
        return this.#prepared(told, meanwhile, signal, settings);
      });
      return await this.#tidied(applied);
    } finally {
      this.#preparing.delete(meanwhile);
    }
  }

  async #prepared(
    told: Gathered,
    meanwhile: Meanwhile,
    signal: AbortSignal | undefined,
    settingsFor: (state: ListState) => Gathered['settings'] = () => told.settings,
  ): Promise<Applied> {
    const { coming, going, withdraw = [], reinstate = [] } = told;
    await this.#free();
    const epoch = this.#epoch;
    this.#state = settledState(this.#state);
    const base = this.#state;
    const withdrawn = base.withdrawn.fork();
    for (const key of reinstate) withdrawn.delete(key);
    for (const each of withdraw) withdrawn.set(each);
    const large: LargeChange = { tables: coming.tables, replaced: going };
    const ready = await inTurns(readySteps(base, large, withdrawn), signal, this.#kept?.rest);
    const isAnother = new Error('another list has taken the place of this one');
    const late = (state: ListState): Step => {
      if (this.#epoch !== epoch) throw isAnother;
      // The word of whoever withdrew the same meanwhile is the last.
      const since = new Withdrawals();
      for (const each of meanwhile.asked) since.set(each);
      const lifted = reinstate.filter((key) => !since.has(key));
      const left = withdraw.filter((key) => !since.has(key));
      // What only a withdrawal that is not made kept out comes after all.
      const isReinstated = meanwhile.isReinstated || left.length < withdraw.length;
      return {
        withdraw: left,
        reinstate: lifted,
        lists: listsAfter(state, { reinstate: lifted, settings: settingsFor(state) }),
        ...lateStep(state, ready, large, { ...meanwhile, isReinstated }),
      };
    };
    try {
      if (this.#kept) return await this.#kept.makeReady(ready, late, signal);
      return await this.#made(late, signal);
    } catch (error) {
      if (error !== isAnother) throw error;
      return this.#prepared(told, meanwhile, signal, settingsFor);
    }
  }

  /** Does something long after what was begun before. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#large.then(run);
    this.#large = running.catch(() => {});
    return running;
  }

  /** Resolves once nothing large is being prepared. */
  async settled(): Promise<void> {
    for (let last: unknown; last !== this.#large; ) {
      last = this.#large;
      await this.#large;
    }
  }

  /** Merges segments in the background. What fails is tried again some changes later. */
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
   * Puts a segment elsewhere, that threads can share.
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
