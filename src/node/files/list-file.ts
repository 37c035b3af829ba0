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
import { copyAll, toldOf, writeAll } from './write-bytes.js';

/*
 * Keeps a list in a file: each change is appended as a record and flushed, then counted by a slot,
 * then put in place. A turn takes the lock beside the file and takes up first what others appended:
 *
 *     lock -> catch up -> change -> append, flush -> slot, flush -> in place -> unlock
 *
 * What a killed writer left after the last commit is taken up if it is whole, else cut off. Once
 * the changes are a tenth of the file, it is written anew while changes go on; those that came
 * meanwhile are copied at the end, and a rename puts it in place. The history goes on across it:
 * whoever knows a moment of it reads on from there.
 */

/** From which size of the changes a file is written anew. */
const MANY_BYTES = 64 * 1024;
/** From which number of changes it is, whatever their size: to read them takes seconds. */
const MANY_CHANGES = 1 << 16;
/** Changes to let pass after that failed. */
const PAUSE = 512;

/** A list and the file that keeps it. */
export class ListFile implements Keeper {
  readonly path: string;
  readonly list: Blocklist;
  readonly #options: OpenOptions;
  readonly #manyBytes: number;
  #place: Place;
  /** the end of the last work upon the list and the file */
  #last: Promise<unknown> = Promise.resolve();
  #rewriting: Promise<void> | undefined;
  /** the change before which the file is not written anew */
  #pausedTo = 0;
  /** where the entries of large changes are whose turn is to come; while there are any, the file is
   * not written anew: what took its place would lack them */
  readonly #ahead = new Map<Body, { readonly snapshot: Snapshot; readonly from: number }>();
  /** how many large changes are on their way */
  #large = 0;
  /** where the first entries are that changes of others refer to, since the file is written anew */
  #bodiesFrom = Number.POSITIVE_INFINITY;
  /** called once the list has changed by others */
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
   * Makes a list what a file has, and keeps it there from then on.
   * @param list an empty one
   * @param options `manyBytes`: of changes, from which on the file is written anew; for tests
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

  /** Keeps room for entries by a turn of its own, and writes them there while others take turns. */
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
      // One by one: a small change that is flushed meanwhile waits for what is not yet on the disk.
      for (const piece of body.pieces) {
        await writeAll(file!, [piece], from);
        await file!.datasync();
        from += piece.length;
      }
    } catch (error) {
      throw toldOf(error);
    } finally {
      await file?.close();
    }
  }

  /**
   * Takes up what others have written since, without a lock.
   * @throws {FormatError} as `openBlocklist`; `old-generation` also if an older file took its place
   */
  async look(): Promise<void> {
    await this.#alone(() =>
      readingList(this.path, (file) => this.#catchUp(sourceOf(file), { isAlone: false })),
    );
  }

  /** Resolves once the file is not being written anew. */
  async settled(): Promise<void> {
    await this.#rewriting;
  }

  /** One work at a time; the state of the list changes by it alone meanwhile. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#last.then(() => this.list.hold(work));
    this.#last = running.catch(() => {});
    return running;
  }

  #put(place: Place): void {
    this.#place = place;
  }

  /** Works upon the file while nobody else writes it, and the list is as it is there. */
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
      throw toldOf(error);
    }
  }

  async #catchUp(source: Source, { isAlone }: { isAlone: boolean }): Promise<void> {
    const known = this.#place;
    const place = await placeIn(source, known.snapshot);
    const changes = await this.#changesOf(source, place, isAlone);
    if (!changes) {
      // Another history: of another list, or of this one as it was long ago.
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
      // A file that was once a copy of this one goes on otherwise.
      return await changesFrom(source, place, { sequence, sum }, { isAlone });
    }
  }

  /** Counts what was not counted, and cuts off what is not whole. */
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
      // Another process may have written the file anew.
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

  /** Writes the slot that does not have the last commit. */
  async #commit(file: FileHandle, commit: Place['commit']): Promise<void> {
    const { pieces, at, place } = slotAfter(this.#place, commit);
    await writeAll(file, pieces, at);
    await file.datasync();
    this.#put(place);
  }

  /**
   * Takes a commit back that failed. The slot comes first: it must not count what is not there. If
   * that fails, too, the next turn takes up what the file says.
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

  /** Writes the file anew. If that fails, it is tried again some changes later. */
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

  /** @param begun the list, and where the file was then */
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
          // Another process may have written it anew.
          if (this.#place.snapshot !== old || commit.base.sum !== base.base.sum) return;
          if (this.#bodiesFrom < base.length)
            throw new Error('a change refers to what is left out');
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
