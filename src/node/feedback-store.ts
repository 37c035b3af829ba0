import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.js';
import {
  checkedFeedback,
  type FeedbackCounts,
  type FeedbackItem,
  type FeedbackItems,
  type NewFeedback,
} from '../exchange/feedback-item.js';
import { GroupCommit, Journal } from './journal.js';
import { replaceFile } from './replace-file.js';
import { lockFolder } from './writer-lock.js';

const FILE_NAME = 'feedback.jsonl';
/** Lines of what has ended or changed, before the file is written anew. */
const MAX_SPENT = 1000;
/** How long what was sent may stay in the file, which then is written anew, in milliseconds. */
const MAX_STAY = 86_400_000;
/** How long the id of what was sent is remembered, in milliseconds. */
const MEMORY = 7 * 86_400_000;
/** Of one write. */
const MAX_WRITE = 1 << 20;

interface NewLine {
  readonly put: NewFeedback;
  readonly due: number;
}

interface ChangedLine {
  readonly id: string;
  readonly state: FeedbackItem['state'] | 'done' | 'dropped';
  readonly attempts: number;
  /** of `done` and `dropped`: when it ended */
  readonly due: number;
}

/** A line of the file: new feedback, or what became of it. */
type Line = NewLine | ChangedLine;

/** The items of a feedback queue, in memory and in a file of a folder that only it writes in. */
export class FeedbackStore implements FeedbackItems {
  /** In the order in which they came. */
  readonly #items = new Map<string, FeedbackItem>();
  readonly #adding = new Map<string, Promise<void>>();
  /** When each ended, by id. */
  readonly #ended = new Map<string, number>();
  readonly #path: string;
  readonly #now: () => number;
  readonly #unlock: () => Promise<void>;
  readonly #commit: GroupCommit;
  #journal: Journal | undefined;
  #lines = 0;
  /** Bodies in the file of what has ended. */
  #gone = 0;
  /** When the file last held none. */
  #clean = 0;

  private constructor(path: string, now: () => number, unlock: () => Promise<void>) {
    this.#path = path;
    this.#now = now;
    this.#unlock = unlock;
    this.#commit = new GroupCommit(async (lines) => {
      this.#journal ??= await Journal.open(this.#path);
      await this.#journal.append(lines);
    }, MAX_WRITE);
  }

  /** @throws {FormatError} `in-use` or `bad-line` */
  static async open(folder: string, now: () => number): Promise<FeedbackStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new FeedbackStore(join(folder, FILE_NAME), now, await lockFolder(folder));
    try {
      for (const name of await readdir(folder)) {
        if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
      }
      store.#journal = await Journal.open(store.#path);
      const lines = (await readFile(store.#path, 'utf8')).split('\n');
      lines.pop();
      for (const [at, line] of lines.entries()) store.#replay(line, at + 1);
      // Where there is no room for the new file, the old one is as good.
      if (store.#gone > 0) await store.#rewrite().catch(() => {});
      store.#clean = now();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async put(put: NewFeedback): Promise<boolean> {
    const { id } = put;
    if (this.#items.has(id) || this.#ended.has(id)) return false;
    const adding = this.#adding.get(id);
    if (adding) {
      await adding;
      return false;
    }
    const writing = this.#put(put);
    this.#adding.set(id, writing);
    try {
      await writing;
      return true;
    } finally {
      this.#adding.delete(id);
    }
  }

  async #put(put: NewFeedback): Promise<void> {
    const due = this.#now();
    await this.#write({ put, due });
    this.#items.set(put.id, { ...put, state: 'waiting', attempts: 0, due });
  }

  async all(): Promise<FeedbackItem[]> {
    return [...this.#items.values()];
  }

  async get(id: string): Promise<FeedbackItem | undefined> {
    return this.#items.get(id);
  }

  async heads(to?: string): Promise<FeedbackItem[]> {
    const heads = new Map<string, FeedbackItem>();
    for (const item of this.#items.values()) {
      if (item.state === 'stuck' || (to !== undefined && item.to !== to)) continue;
      const key = JSON.stringify([item.to, item.entry]);
      if (!heads.has(key)) heads.set(key, item);
    }
    return [...heads.values()];
  }

  async hasLater({ id, to, entry }: FeedbackItem): Promise<boolean> {
    const all = await this.all();
    const later = all.slice(all.findIndex((one) => one.id === id) + 1);
    return later.some((other) => other.to === to && other.entry === entry);
  }

  async counts(): Promise<FeedbackCounts> {
    const stuck = [...this.#items.values()].filter(({ state }) => state === 'stuck').length;
    return { open: this.#items.size - stuck, stuck };
  }

  async change(
    { id }: FeedbackItem,
    { state, attempts, due }: Pick<FeedbackItem, 'state' | 'attempts' | 'due'>,
  ): Promise<FeedbackItem> {
    await this.#write({ id, state, attempts, due });
    const changed = { ...this.#items.get(id)!, state, attempts, due };
    this.#items.set(id, changed);
    return changed;
  }

  async end({ id, attempts }: FeedbackItem): Promise<boolean> {
    const due = this.#now();
    await this.#write({ id, state: 'done', attempts, due });
    this.#items.delete(id);
    this.#ended.set(id, due);
    this.#gone++;
    return true;
  }

  /** The folder is this process's alone, and the queue sends once at a time. */
  async sending<T>(run: (signal: AbortSignal) => Promise<T>): Promise<{ of: T }> {
    const result = { of: await run(new AbortController().signal) };
    await this.#compact();
    return result;
  }

  /** Writes the file anew if most of its lines are spent, or what was sent has stayed for a day. */
  async #compact(): Promise<void> {
    const isOver = this.#gone > 0 && this.#now() - this.#clean >= MAX_STAY;
    if (!isOver && this.#lines - 2 * this.#items.size - this.#ended.size < MAX_SPENT) {
      const oldest = [...this.#ended.values()].filter((time) => time < this.#now() - MEMORY);
      if (oldest.length < MAX_SPENT) return;
    }
    await this.#commit.alone(() => this.#rewrite());
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#commit.alone(async () => {
      try {
        await this.#journal?.close();
        this.#journal = undefined;
      } finally {
        await this.#unlock();
      }
    });
  }

  async #write(line: Line): Promise<void> {
    await this.#commit.append(`${JSON.stringify(line)}\n`);
    this.#lines++;
  }

  /** @throws {FormatError} `bad-line` */
  #replay(text: string, at: number): void {
    const line = lineIn(text);
    if (line === undefined) throw badLine(at);
    this.#lines++;
    const { due } = line;
    if ('put' in line) {
      const { put } = line;
      this.#items.set(put.id, { ...put, state: 'waiting', attempts: 0, due });
      return;
    }
    const { id, state, attempts } = line;
    if (state === 'done' || state === 'dropped') {
      if (this.#items.delete(id)) this.#gone++;
      this.#ended.set(id, due);
      return;
    }
    const item = this.#items.get(id);
    if (item === undefined) throw badLine(at);
    this.#items.set(id, { ...item, state, attempts, due });
  }

  /** With what is open and the ids that are remembered. */
  async #rewrite(): Promise<void> {
    const oldest = this.#now() - MEMORY;
    for (const [id, time] of this.#ended) if (time < oldest) this.#ended.delete(id);
    const lines: Line[] = [...this.#ended].map(([id, due]) => {
      return { id, state: 'done', attempts: 0, due };
    });
    for (const { state, attempts, due, ...put } of this.#items.values()) {
      lines.push({ put, due }, { id: put.id, state, attempts, due });
    }
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const old = this.#journal;
    this.#journal = undefined;
    await old?.close();
    await replaceFile(this.#path, [Buffer.from(text)], undefined);
    this.#lines = lines.length;
    this.#gone = 0;
    this.#clean = this.#now();
  }
}

// Without the parser's words: they quote the text.
const badLine = (line: number) =>
  new FormatError('bad-line', 'expected a line of a feedback queue', { line });

const STATES: readonly unknown[] = ['waiting', 'unknown', 'stuck', 'done', 'dropped'];

/** What a line says; undefined if it cannot be read. */
export function lineIn(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<NewLine & ChangedLine>;
    const { put, id, state, attempts, due } = line;
    if (typeof due !== 'number') return undefined;
    if (put !== undefined) return { put: checkedFeedback(put), due };
    const isChange =
      typeof id === 'string' && STATES.includes(state) && Number.isSafeInteger(attempts);
    return isChange ? { id, state: state!, attempts: attempts!, due } : undefined;
  } catch {
    return undefined;
  }
}
