import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Query, ShadowSet } from '../shadow-set.js';
import type { SoakAsker } from './soak-asker.js';
import type { Done, StoreChange } from './soak-changer.js';
import { BATCH_ID, SINGLE, TOGETHER } from './soak-subjects.js';

/** So many subjects that changed last are asked about more often. */
const RECENT = 20;

/** The program that changes the store. */
export class Changer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (done: Done) => void>();
  readonly #ended: Promise<unknown>;
  readonly #ready: Promise<unknown>;
  #number = 0;

  constructor(script: string, url: string) {
    this.#child = fork(script, [url]);
    this.#ended = once(this.#child, 'exit');
    this.#ready = once(this.#child, 'message');
    this.#child.on('message', (done: Done) => {
      this.#waiting.get(done.number)?.(done);
      this.#waiting.delete(done.number);
    });
  }

  async make(change: StoreChange): Promise<Done> {
    await this.#ready;
    const number = this.#number++;
    const done = new Promise<Done>((resolve) => this.#waiting.set(number, resolve));
    this.#child.send({ number, change });
    const over = this.#ended.then(() => {
      throw new Error('the program that changes the store has ended');
    });
    return await Promise.race([done, over]);
  }

  async end(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}

type State = 'in' | 'out' | 'paused' | 'withdrawn';

/** The changes of a soak: the shadow set is told of each before it is made, and once it is. */
export class SoakChanges {
  readonly #shadow: ShadowSet;
  readonly #changer: Changer;
  readonly #asker: SoakAsker;
  readonly #numbers: readonly number[];
  /** of the store */
  readonly #revision: () => Promise<number>;
  /** of subjects that were changed */
  readonly #states = new Map<number, State>();
  #isBatchIn = true;
  #isSwapped = false;
  /** the subjects that changed last */
  readonly recent: number[] = [];
  made = 0;

  constructor(
    shadow: ShadowSet,
    numbers: readonly number[],
    by: { changer: Changer; asker: SoakAsker; revision: () => Promise<number> },
  ) {
    this.#shadow = shadow;
    this.#numbers = numbers;
    this.#changer = by.changer;
    this.#asker = by.asker;
    this.#revision = by.revision;
  }

  /** Changes one entry through the store. @returns the revision that has it */
  async single(subject: number, next: () => number): Promise<number> {
    const { hex, list } = this.#shadow.subjects[subject]!;
    const number = this.#numbers[subject]!;
    const state = this.#states.get(subject) ?? 'in';
    const isEnd = state === 'in' || (state === 'paused' && next() % 2 === 0);
    if (!isEnd) {
      if (state === 'withdrawn') await this.#make({ kind: 'reinstate', hex });
      return await this.#move([subject], 'in', () =>
        this.#make(
          state === 'paused'
            ? { kind: 'resume', number }
            : { kind: 'add', entries: [{ hex, list }] },
        ),
      );
    }
    const [to, change] = (
      [
        ['withdrawn', { kind: 'withdraw', hex }],
        ['out', { kind: 'remove', number }],
        ['paused', { kind: 'pause', number }],
      ] as const
    )[next() % (state === 'paused' ? 2 : 3)]!;
    return await this.#move([subject], to, () => this.#make(change));
  }

  /** Changes one entry by the calls of those who curate. */
  async curated(subject: number, next: () => number): Promise<number> {
    const { hex, list } = this.#shadow.subjects[subject]!;
    const bank = `/c/bank/${list}`;
    const content = `${bank}/content/${this.#numbers[subject]}`;
    const state = this.#states.get(subject) ?? 'in';
    const to = state !== 'in' ? 'in' : next() % 2 === 0 ? 'paused' : 'out';
    return await this.#move([subject], to, async () => {
      if (state === 'out') await this.#asker.send('POST', `${bank}/signal`, { pdq: hex });
      else if (to === 'out') await this.#asker.json(content, { method: 'DELETE' });
      else await this.#asker.send('PUT', content, { disable_until_ts: to === 'in' ? 1 : 0 });
      return await this.#revision();
    });
  }

  /** Switches a bank off, or on again. */
  async curatedBank(list: string): Promise<number> {
    const { enabled } = this.#shadow.lists.get(list)!;
    const isOn = !enabled.latest;
    return await this.#acknowledged([enabled.change(isOn)], async () => {
      await this.#asker.send('PUT', `/c/bank/${list}`, { enabled_ratio: Number(isOn) });
      return await this.#revision();
    });
  }

  /** Switches a list off or on, or what its matches count as. */
  async list(list: string, next: () => number): Promise<number> {
    const { enabled, tier } = this.#shadow.lists.get(list)!;
    if (!enabled.latest || next() % 2 === 0) {
      const settings = { enabled: !enabled.latest };
      return await this.#acknowledged([enabled.change(settings.enabled)], () =>
        this.#make({ kind: 'set', list, settings }),
      );
    }
    const settings = { tier: tier.latest === 'match' ? 'review' : 'match' } as const;
    return await this.#acknowledged([tier.change(settings.tier)], () =>
      this.#make({ kind: 'set', list, settings }),
    );
  }

  /** Allows a hash that is asked about, or takes it back. */
  async exception({ hex, isAllowed }: Query): Promise<number> {
    const isNow = !isAllowed.latest;
    return await this.#acknowledged([isAllowed.change(isNow)], () =>
      this.#make({ kind: isNow ? 'allow' : 'disallow', hex }),
    );
  }

  /** Gives a list other entries, of which some stay. */
  async swap(): Promise<number> {
    this.#isSwapped = !this.#isSwapped;
    const all = Array.from({ length: 2 * TOGETHER }, (_, at) => SINGLE + at);
    // A third of them is there all the time.
    const isThere = (at: number) => at % 3 === 0 || (at % 3 === 1) === this.#isSwapped;
    const changes = all
      .filter((at) => this.#shadow.subjects[at]!.isIn.latest !== isThere(at))
      .map((at) => this.#shadow.subjects[at]!.isIn.change(isThere(at)));
    const entries = all.filter(isThere).map((at) => this.#textOf(at));
    return await this.#acknowledged(changes, () =>
      this.#make({ kind: 'replace', list: 'SWAPPED', entries }),
    );
  }

  /** Withdraws many entries by the one id that they have, or brings them back. */
  async batch(): Promise<number> {
    const all = Array.from({ length: TOGETHER }, (_, at) => SINGLE + 2 * TOGETHER + at);
    this.#isBatchIn = !this.#isBatchIn;
    if (this.#isBatchIn) await this.#make({ kind: 'reinstate', id: BATCH_ID });
    const entries = all.map((at) => this.#textOf(at));
    return await this.#move(all, this.#isBatchIn ? 'in' : 'withdrawn', () =>
      this.#make(this.#isBatchIn ? { kind: 'add', entries } : { kind: 'withdraw', id: BATCH_ID }),
    );
  }

  #textOf(at: number): { hex: string; list: string; id?: string } {
    const { hex, list, id } = this.#shadow.subjects[at]!;
    return { hex, list, ...(id !== undefined && { id }) };
  }

  async #make(change: StoreChange): Promise<number> {
    return (await this.#changer.make(change)).revision;
  }

  async #move(
    subjects: readonly number[],
    to: State,
    make: () => Promise<number>,
  ): Promise<number> {
    const changes = subjects.map((at) => this.#shadow.subjects[at]!.isIn.change(to === 'in'));
    for (const at of subjects) this.#states.set(at, to);
    const revision = await this.#acknowledged(changes, make);
    if (this.recent.push(subjects[0]!) > RECENT) this.recent.shift();
    return revision;
  }

  async #acknowledged(
    changes: readonly ((revision: number) => void)[],
    make: () => Promise<number>,
  ): Promise<number> {
    const revision = await make();
    for (const acknowledge of changes) acknowledge(revision);
    this.made++;
    return revision;
  }
}
