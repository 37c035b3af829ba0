/*
 * Keeps a list in a file. Each change is appended as a record and flushed, then counted by a slot,
 * then applied in memory. A writer takes the lock beside the file, and first catches up with what
 * others appended:
 *
 *     lock -> catch up -> change -> append, flush -> slot, flush -> in place -> unlock
 *
 * Whatever a killed writer left after the last commit is applied if it is whole, else cut off. Once
 * the changes are a tenth of the file, it is rewritten while changes go on; those that came
 * meanwhile are copied at the end, and a rename puts it in place. The history continues across a
 * rewrite: readers at any earlier point can read on.
 */

import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import type { Blocklist } from '../../blocklist/blocklist.js';
import type { ListState } from '../../blocklist/list-state.js';
import {
  type Appended,
  type Body,
  type Changes,
  changesAt,
  changesFrom,
  type Effect,
  followEffects,
  type Keeper,
  keepBy,
  knownIn,
  listFile,
  listIn,
  type Place,
  placeAfter,
  placeIn,
  recordsOf,
  roomIn,
  type Snapshot,
  type Source,
  slotAfter,
} from '../../blocklist/records/list-bytes.js';
import { syncFolder } from '../../disk/replace-file.js';
import { ownMark } from '../../disk/writer-lock.js';
import { FormatError } from '../../errors.js';
import { type OpenOptions, openRegular } from './index-file.js';
import { realPathOf, whileAlone } from './list-lock.js';
import { readingList, sourceOf } from './list-records.js';
import { copyAll, publicErrorOf, writeAll } from './write-bytes.js';

/** Size of the changes in bytes from which a file is rewritten. */
const MANY_BYTES = 64 * 1024;
/** Number of changes from which it is, whatever their size: reading them takes seconds. */
const MANY_CHANGES = 1 << 16;
/** Changes to wait for after a failed rewrite. */
const PAUSE = 512;

/** A list and the file that keeps it. */
export class ListFile implements Keeper {
  readonly path: string;
  readonly list: Blocklist;
  readonly #options: OpenOptions;
  readonly #manyBytes: number;
  #place: Place;
  /** the end of the last operation on the list and the file */
  #last: Promise<unknown> = Promise.resolve();
  #rewriting: Promise<void> | undefined;
  /** the change before which the file is not rewritten */
  #pausedTo = 0;
  /**
   * where the entries of large, not yet committed changes are; while there are any, the file is not
   * rewritten: the new file would lack them
   */
  readonly #ahead = new Map<Body, { readonly snapshot: Snapshot; readonly from: number }>();
  /** number of large changes in progress */
  #large = 0;
  /** position of the first entries that changes of others refer to, since the last rewrite */
  #bodiesFrom = Number.POSITIVE_INFINITY;
  /** called after others have changed the list */
  onChange: (() => void) | undefined;

  private constructor(
    path: string,
    list: Blocklist,
    place: Place,
    options: OpenOptions & { manyBytes?: number },
  ) {
    this.path = path;
    this.list = list;
    this.#place = place;
    this.#options = options;
    this.#manyBytes = options.manyBytes ?? MANY_BYTES;
  }

  /**
   * Loads a file into a list, and keeps the list there from then on.
   * @param list an empty one
   * @param options `manyBytes`: size of the changes from which the file is rewritten; for tests
   */
  static async open(
    path: string,
    list: Blocklist,
    options: OpenOptions & { manyBytes?: number } = {},
  ): Promise<ListFile> {
    const { state, place } = await readingList(path, (file) => listIn(sourceOf(file), options));
    list.become(state);
    const file = new ListFile(path, list, place, options);
    file.#put(place);
    keepBy(list, file);
    return file;
  }

  async turn(
    run: (write: (effects: readonly Effect[]) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    await this.#locked((file) => run((effects) => this.#append(file, effects)));
  }

  async ahead<T>(body: Body, run: () => Promise<T>): Promise<T> {
    this.#large++;
    try {
      await this.settled();
      await this.#store(body);
      return await run();
    } finally {
      this.#ahead.delete(body);
      this.#large--;
    }
  }

  /** Reserves room for entries in one turn, then writes them there while others take turns. */
  async #store(body: Body): Promise<void> {
    let file: FileHandle | undefined;
    let from = 0;
    try {
      await this.#locked(async (locked) => {
        const { snapshot } = this.#place;
        const room = roomIn(this.#place, body);
        from = room.from;
        file = await openRegular(this.path);
        await this.#write(locked, room);
        this.#ahead.set(body, { snapshot, from });
      });
      // One by one, because a small change that is flushed meanwhile waits for unflushed bytes.
      for (const piece of body.pieces) {
        await writeAll(file!, [piece], from);
        await file!.datasync();
        from += piece.length;
      }
    } catch (error) {
      throw publicErrorOf(error);
    } finally {
      await file?.close();
    }
  }

  /**
   * Catches up with what others have written since, without a lock.
   * @throws {FormatError} as `openBlocklist`; `old-generation` also if an older file replaced it
   */
  async look(): Promise<void> {
    await this.#alone(() =>
      readingList(this.path, (file) => this.#catchUp(sourceOf(file), { isAlone: false })),
    );
  }

  /** Resolves once no rewrite is running. */
  async settled(): Promise<void> {
    await this.#rewriting;
  }

  /** Runs one operation at a time; nothing else changes the list meanwhile. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#last.then(() => this.list.hold(work));
    this.#last = running.catch(() => {});
    return running;
  }

  #put(place: Place): void {
    this.#place = place;
  }

  /** Works on the file while no other process writes it, with the list caught up. */
  async #locked(work: (file: FileHandle) => Promise<void>): Promise<void> {
    try {
      await whileAlone(this.path, () =>
        this.#alone(async () => {
          const file = await openRegular(this.path);
          try {
            await this.#catchUp(sourceOf(file), { isAlone: true });
            await this.#settle(file);
            await work(file);
          } finally {
            await file.close();
          }
        }),
      );
    } catch (error) {
      throw publicErrorOf(error);
    }
  }

  async #catchUp(source: Source, { isAlone }: { isAlone: boolean }): Promise<void> {
    const known = this.#place;
    const place = await placeIn(source, known.snapshot);
    const changes = await this.#changesOf(source, place, isAlone);
    if (!changes) {
      // Another history: another list, or this one at a much earlier time.
      const { generation: minGeneration } = this.list;
      const options = { ...this.#options, minGeneration, isAlone, known: place.snapshot };
      const read = await listIn(source, options);
      this.list.become(read.state);
      this.#put(read.place);
    } else {
      const { effects, bodiesFrom } = changes;
      this.#bodiesFrom = Math.min(this.#bodiesFrom, bodiesFrom);
      if (effects.length > 0) await followEffects(this.list, effects);
      this.#put(changes.place);
      if (effects.length === 0) return;
    }
    this.onChange?.();
  }

  async #changesOf(source: Source, place: Place, isAlone: boolean): Promise<Changes | undefined> {
    const from = knownIn(place, this.#place);
    const { sequence, sum } = from;
    try {
      return await changesFrom(source, place, from, { isAlone });
    } catch (error) {
      const isMoment = !('length' in from);
      if (isMoment || !(error instanceof FormatError)) throw error;
      // A file that was once a copy of this one and has since diverged.
      return await changesFrom(source, place, { sequence, sum }, { isAlone });
    }
  }

  /** Counts what was not counted, and cuts off what is incomplete. */
  async #settle(file: FileHandle): Promise<void> {
    const { commit, isCommitted } = this.#place;
    if ((await file.stat()).size > commit.length) await file.truncate(commit.length);
    else if (isCommitted) return;
    await file.datasync();
    if (!isCommitted) await this.#commit(file, commit);
  }

  async #append(file: FileHandle, effects: readonly Effect[]): Promise<void> {
    const records = await recordsOf(this.#place, effects, (body) => {
      const there = this.#ahead.get(body);
      // Another process may have rewritten the file.
      return there?.snapshot === this.#place.snapshot ? there.from : undefined;
    });
    await this.#write(file, records);
    if (this.#isDue()) this.#rewriting ??= this.#rewrite();
  }

  /** Appends and commits. */
  async #write(file: FileHandle, { pieces, commit }: Appended): Promise<void> {
    const before = this.#place.commit;
    try {
      const end = await writeAll(file, pieces, before.length);
      if (end < commit.length) await file.truncate(commit.length);
      await file.datasync();
    } catch (error) {
      await file.truncate(before.length).catch(() => {});
      throw error;
    }
    try {
      await this.#commit(file, commit);
    } catch (error) {
      await this.#undo(file, before).catch(() => {});
      throw error;
    }
  }

  /** Writes the slot that does not hold the last commit. */
  async #commit(file: FileHandle, commit: Place['commit']): Promise<void> {
    const { pieces, at, place } = slotAfter(this.#place, commit);
    await writeAll(file, pieces, at);
    await file.datasync();
    this.#put(place);
  }

  /**
   * Reverts a failed commit. The slot comes first: it must not count what is not there. If that
   * fails, too, the next writer follows the file.
   */
  async #undo(file: FileHandle, before: Place['commit']): Promise<void> {
    const { pieces, at } = slotAfter(this.#place, before);
    await writeAll(file, pieces, at);
    await file.truncate(before.length);
    await file.datasync();
  }

  #isDue(): boolean {
    const { commit, snapshot } = this.#place;
    if (commit.sequence < this.#pausedTo || this.#large > 0) return false;
    const bytes = commit.length - changesAt(snapshot);
    if (commit.sequence - commit.base.sequence >= MANY_CHANGES) return true;
    return bytes >= this.#manyBytes && 10 * bytes >= commit.length;
  }

  /** Rewrites the file. If that fails, it tries again some changes later. */
  async #rewrite(): Promise<void> {
    try {
      const begun = await this.#alone(async () => {
        this.#bodiesFrom = Number.POSITIVE_INFINITY;
        return { state: this.list.state, place: this.#place };
      });
      await this.#replaceBy(begun);
    } catch {
      this.#pausedTo = this.#place.commit.sequence + PAUSE;
    } finally {
      this.#rewriting = undefined;
    }
  }

  /** @param begun the list, and the place in the file at that time */
  async #replaceBy({
    state,
    place: { commit: base, snapshot: old },
  }: {
    state: ListState;
    place: Place;
  }): Promise<void> {
    const { pieces, snapshot } = await listFile(state, base);
    const path = await realPathOf(this.path);
    const { mode } = await stat(path);
    const temporary = `${path}.${await ownMark()}.${randomUUID()}.tmp`;
    const remove = () => rmSync(temporary, { force: true });
    process.once('exit', remove);
    try {
      const file = await open(temporary, 'wx', mode);
      try {
        await file.chmod(mode);
        await writeAll(file, pieces, 0);
        await file.sync();
        await this.#locked(async (before) => {
          const { commit } = this.#place;
          // Another process may have rewritten it.
          if (this.#place.snapshot !== old || commit.base.sum !== base.base.sum) return;
          if (this.#bodiesFrom < base.length) throw new Error('a change refers to a missing one');
          const { shift, place, ...slots } = placeAfter(snapshot, base, commit);
          await copyAll(before, file, { start: base.length, end: commit.length, shift });
          await writeAll(file, slots.pieces, slots.at);
          await file.sync();
          await rename(temporary, path);
          this.#put(place);
          await syncFolder(dirname(path));
        });
      } finally {
        await file.close();
      }
    } finally {
      remove();
      process.off('exit', remove);
    }
  }
}
