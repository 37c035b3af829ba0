import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { random } from '../../bench/workloads.js';
import { LOCK_NAME } from '../../src/disk/writer-lock.js';
import { hashFromHex } from '../../src/hash.js';
import { errorsByList } from '../../src/matching/review-answers.js';
import type { NewReviewRecord, ReviewRecord } from '../../src/matching/review-record.js';
import { readReviewLog } from '../../src/node/review-files.js';
import { openReviewLog, type ReviewLog, type ReviewLogOptions } from '../../src/node/review-log.js';
import { fileHandles } from '../disk/file-handles.js';
import { testFolder } from '../folder.js';
import { anyRecord, hexOf, newRecord } from '../matching/reviews.js';
import { workerScripts } from './hash-process.js';

const base = testFolder();
const open: ReviewLog[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((log) => log.close()));
});

let folders = 0;
const freshFolder = () => join(base, `${folders++}`);

const DAY = 86_400_000;
/** A clock that stands at noon of a day of November 2026. */
const noonOf = (day: number) => () => Date.UTC(2026, 10, day, 12);

async function logIn(folder: string, options: Partial<ReviewLogOptions> = {}): Promise<ReviewLog> {
  const log = await openReviewLog(folder, { retentionDays: 30, now: noonOf(26), ...options });
  open.push(log);
  return log;
}

async function all(records: AsyncIterable<ReviewRecord>): Promise<ReviewRecord[]> {
  const read: ReviewRecord[] = [];
  for await (const record of records) read.push(record);
  return read;
}

const idsIn = async (log: ReviewLog) => (await all(log.read())).map(({ id }) => id);
const logFilesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const textOf = (folder: string) =>
  logFilesIn(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');

test('keeps records and answers what was decided on an entry', async () => {
  const folder = freshFolder();
  const log = await logIn(folder);
  const first = await log.append(newRecord(1));
  await log.append(newRecord(1, { outcome: 'rejected', role: 'appeals' }));
  await log.append(newRecord(5, { list: 'ncmec' }));
  expect(first).toMatchObject({ time: '2026-11-26T12:00:00.000Z', role: 'moderator' });
  const byHash = { entry: hashFromHex('pdq', hexOf(2)) };
  const decided = (await all(log.read(byHash))).map(({ outcome }) => outcome);
  expect(decided).toEqual(['confirmed', 'rejected']);
  expect(await all(log.read({ entry: { id: 'entry 1' } }))).toHaveLength(2);
  expect(await errorsByList(log.read())).toEqual([
    { list: 'ncmec', decided: 1, rejected: 0 },
    { list: 'stopncii', decided: 1, rejected: 1 },
  ]);
  expect(await all(readReviewLog(folder, { list: 'ncmec' }))).toHaveLength(1);
  await log.close();
  const again = await logIn(folder);
  expect((await all(again.read()))[0]).toEqual(first);
});

test('the folder and its files are for their owner alone', async () => {
  const folder = freshFolder();
  const log = await logIn(folder);
  await log.append(newRecord(1, { id: 'a' }));
  await log.append(newRecord(2));
  await log.erase({ id: 'a' });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) {
    expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
  }
});

test('a record is written once, however often it comes, also after a restart', async () => {
  const folder = freshFolder();
  const log = await logIn(folder);
  await Promise.all([1, 2, 3].map(() => log.append(newRecord(1, { id: 'a' }))));
  await log.append(newRecord(1, { id: 'a' }));
  expect(log.timeOf('a')).toBe(noonOf(26)());
  await log.close();
  const again = await logIn(folder, { now: noonOf(27) });
  const { time } = await again.append(newRecord(1, { id: 'a' }));
  expect(time).toBe('2026-11-26T12:00:00.000Z');
  expect(await idsIn(again)).toEqual(['a']);
});

test('unknown members are refused, and nothing is written', async () => {
  const folder = freshFolder();
  const log = await logIn(folder);
  const bad = { ...newRecord(1), file: 'holiday.jpg' } as NewReviewRecord;
  await expect(log.append(bad)).rejects.toThrow(TypeError);
  expect(logFilesIn(folder)).toEqual([]);
});

test('any records come back in the order in which they were appended', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRecord, { maxLength: 20 }), async (given) => {
      const log = await logIn(freshFolder(), { maxFileBytes: 1500, keepShieldData: true });
      const records = given.map((one, at) => ({ ...one, id: `${at}` }));
      await Promise.all(records.map((one) => log.append(one)));
      const read = await all(log.read());
      expect(read.map(({ time: _, ...one }) => one)).toEqual(records);
      await log.close();
    }),
    { numRuns: 30 },
  );
});

describe('match data of a matcher whose terms forbid keeping it', () => {
  test('stays out of the text', async () => {
    const folder = freshFolder();
    const log = await logIn(folder, { withoutMatchData: ['theirs'] });
    const other = { algorithm: 'pdq', hash: hexOf(9), source: 'Shield' } as const;
    await log.append(newRecord(1, { list: 'arachnid-shield' }));
    await log.append(newRecord(1, { list: 'a', entry: other }));
    await log.append(newRecord(1, { list: 'theirs' }));
    const text = textOf(folder);
    for (const secret of [hexOf(1), hexOf(2), hexOf(9), 'entry 1', '"distance"', 'original']) {
      expect(text).not.toContain(secret);
    }
    expect(await errorsByList(log.read())).toMatchObject([
      { list: 'a', decided: 1 },
      { list: 'arachnid-shield', decided: 1 },
      { list: 'theirs', decided: 1 },
    ]);
  });

  test('stays out of the text if a remote list was asked, which tells no entry', async () => {
    const folder = freshFolder();
    const log = await logIn(folder);
    const { entry, distance, variant, ...told } = newRecord(1, { list: 'shield' });
    await log.append({ ...told, reason: 'matched-elsewhere' });
    expect(textOf(folder)).not.toContain(hexOf(1));
    expect(textOf(folder)).toContain('"matched-elsewhere"');
  });

  test('is kept if that is asked for', async () => {
    const log = await logIn(freshFolder(), { keepShieldData: true });
    expect(await log.append(newRecord(1, { list: 'shield' }))).toHaveProperty('hash');
  });
});

describe('files', () => {
  test('are begun by day and by size', async () => {
    let day = 20;
    const folder = freshFolder();
    const log = await logIn(folder, { now: () => noonOf(day)(), maxFileBytes: 1200 });
    for (const at of [0, 1, 2, 3, 4]) await log.append(newRecord(at));
    day = 21;
    await log.append(newRecord(5));
    // A clock that was put back.
    day = 19;
    await log.append(newRecord(6));
    expect(logFilesIn(folder)).toEqual([
      '2026-11-20.0.jsonl',
      '2026-11-20.1.jsonl',
      '2026-11-20.2.jsonl',
      '2026-11-21.0.jsonl',
    ]);
    const sizes = logFilesIn(folder).map((name) => statSync(join(folder, name)).size);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1200);
    expect(await all(log.read())).toHaveLength(7);
  });

  test('are removed when their time is over, and are not told before', async () => {
    let now = noonOf(1)();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const folder = freshFolder();
    const log = await logIn(folder, { now: () => now, retentionDays: 2 });
    await log.append(newRecord(1, { id: 'first' }));
    now += DAY;
    await log.append(newRecord(2, { id: 'second' }));
    now += DAY + 1;
    expect(await idsIn(log)).toEqual(['second']);
    await log.prune();
    expect(logFilesIn(folder)).toEqual(['2026-11-01.0.jsonl', '2026-11-02.0.jsonl']);
    now += DAY / 2;
    await log.append(newRecord(3, { id: 'third' }));
    expect(logFilesIn(folder)).toEqual(['2026-11-02.0.jsonl', '2026-11-04.0.jsonl']);
    await log.close();
    const later = await logIn(folder, { now: () => now + 9 * DAY, retentionDays: 2 });
    // The process was off: it cannot know for how long.
    expect(logFilesIn(folder)).toEqual(['2026-11-02.0.jsonl', '2026-11-04.0.jsonl']);
    expect(await idsIn(later)).toEqual([]);
    await later.prune();
    expect(logFilesIn(folder)).toEqual([]);
    await later.append(newRecord(4));
    now += 20 * DAY;
    await later.prune();
    expect(logFilesIn(folder)).toEqual([]);
    await later.append(newRecord(5, { id: 'fifth' }));
    expect(await idsIn(later)).toEqual(['fifth']);
  });
});

describe('a clock that is wrong', () => {
  test('erases nothing by itself, for a moment and over restarts', async () => {
    const folder = freshFolder();
    let off = 0;
    let time = noonOf(1)();
    vi.spyOn(performance, 'now').mockImplementation(() => time);
    const options = { now: () => time + off, retentionDays: 180 };
    const log = await logIn(folder, options);
    for (let at = 0; at < 50; at++) await log.append(newRecord(at, { id: `${at}` }));
    off = 400 * DAY;
    await log.append(newRecord(50, { id: '50' }));
    off = 0;
    time += DAY;
    await log.append(newRecord(51, { id: '51' }));
    await log.close();
    const again = await logIn(folder, options);
    await again.append(newRecord(52, { id: '52' }));
    expect(await idsIn(again)).toHaveLength(53);
    // By an explicit call, it is taken at its word.
    off = 400 * DAY;
    await again.prune();
    expect(await idsIn(again)).toEqual(['50']);
  });

  test('erases nothing where a process begins with it, after records of its own', async () => {
    const folder = freshFolder();
    let now = noonOf(1)();
    vi.spyOn(performance, 'now').mockImplementation(() => 0);
    const options = { now: () => now, retentionDays: 180 };
    const log = await logIn(folder, options);
    for (let at = 0; at < 50; at++) await log.append(newRecord(at, { id: `${at}` }));
    now += 400 * DAY;
    await log.append(newRecord(50, { id: '50' }));
    await log.close();
    const again = await logIn(folder, options);
    await again.append(newRecord(51, { id: '51' }));
    now -= 400 * DAY;
    expect(await idsIn(again)).toHaveLength(52);
  });

  test('whatever happens, no record goes early, and all go in the end', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant('append' as const) },
      fc.record({ jump: fc.integer({ min: -500, max: 500 }) }),
      fc.record({ pass: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ pause: fc.integer({ min: 0, max: 30 }), isRight: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const folder = freshFolder();
        const [start, retentionDays] = [noonOf(1)(), 5];
        // True time goes on while the process is off, and its own clock does not.
        let [time, running, off] = [start, 0, 0];
        // Where a process begins with a wrong clock, each jump before may count as a day.
        let [jumps, early] = [0, 0];
        vi.spyOn(performance, 'now').mockImplementation(() => running);
        const options = { now: () => time + off, retentionDays };
        const written = new Map<string, number>();
        let log = await logIn(folder, options);
        const pass = (days: number) => {
          time += days * DAY;
          running += days * DAY;
        };
        for (const each of steps) {
          if (each === 'append') {
            const id = `r${written.size}`;
            await log.append(newRecord(written.size, { id }));
            written.set(id, time);
          } else if ('jump' in each) {
            off = each.jump * DAY;
            jumps++;
          } else if ('pass' in each) pass(each.pass);
          else {
            await log.close();
            time += each.pause * DAY;
            if (each.isRight) off = 0;
            if (off !== 0) early = jumps;
            log = await logIn(folder, options);
          }
          const text = textOf(folder);
          for (const [id, at] of written) {
            if (at > time - (retentionDays - early) * DAY) expect(text).toContain(`"${id}"`);
          }
        }
        await log.close();
        off = 0;
        log = await logIn(folder, options);
        // As late as records of a clock that was ahead, or 500 days behind.
        pass(1100 + retentionDays);
        await log.append(newRecord(0, { id: 'last' }));
        expect(await idsIn(log)).toEqual(['last']);
        expect(logFilesIn(folder)).toHaveLength(1);
        await log.close();
      }),
      { numRuns: 20 },
    );
  });
});

test('retention holds in the file of a day to come, which a clock that was wrong began', async () => {
  const folder = freshFolder();
  let now = noonOf(1)() + 1000 * DAY;
  const log = await logIn(folder, { now: () => now, retentionDays: 2 });
  await log.append(newRecord(1, { id: 'of a wrong clock' }));
  now = noonOf(1)();
  await log.append(newRecord(2, { id: 'second' }));
  now += 2 * DAY;
  await log.append(newRecord(3, { id: 'third' }));
  now += 1;
  await log.prune();
  expect(textOf(folder)).not.toContain('"second"');
  expect(await idsIn(log)).toEqual(['of a wrong clock', 'third']);
  await log.append(newRecord(4, { id: 'fourth' }));
  await log.close();
  now += 3 * DAY;
  const again = await logIn(folder, { now: () => now, retentionDays: 2 });
  expect(await idsIn(again)).toEqual(['of a wrong clock']);
  await again.prune();
  expect(textOf(folder)).not.toContain('"third"');
});

describe('erasing', () => {
  test('by entry, list and date, from rotated files too', async () => {
    let day = 20;
    const folder = freshFolder();
    const log = await logIn(folder, { now: () => noonOf(day)(), maxFileBytes: 1 });
    for (const at of [1, 2, 3, 4]) {
      await log.append(newRecord(at, { id: `${at}`, list: at === 4 ? 'ncmec' : 'stopncii' }));
      day++;
    }
    expect(await log.erase({ entry: hashFromHex('pdq', hexOf(2)) })).toEqual({
      erased: 1,
      unreadable: 0,
    });
    expect(textOf(folder)).not.toContain('"entry 1"');
    expect(await idsIn(log)).toEqual(['2', '3', '4']);
    await log.erase({ before: '2026-11-22' });
    expect(await idsIn(log)).toEqual(['3', '4']);
    await log.erase({ list: 'ncmec', from: '2026-11-01' });
    expect(await idsIn(log)).toEqual(['3']);
    await log.append(newRecord(9, { id: '9' }));
    expect(await idsIn(log)).toEqual(['3', '9']);
    expect(logFilesIn(folder).map((name) => name.slice(0, 12))).toEqual([
      '2026-11-22.0',
      '2026-11-23.0',
      '2026-11-24.0',
    ]);
  });

  test('the id of an erased record is free again, as after a restart', async () => {
    const log = await logIn(freshFolder());
    await log.append(newRecord(1, { id: 'a' }));
    await log.append(newRecord(2, { id: 'b' }));
    await log.erase({ id: 'a' });
    expect([log.timeOf('a'), log.timeOf('b')]).toEqual([undefined, noonOf(26)()]);
    await log.append(newRecord(1, { id: 'a' }));
    expect(await idsIn(log)).toEqual(['b', 'a']);
  });

  test('an empty query is refused: it would mean all', async () => {
    const log = await logIn(freshFolder());
    await expect(log.erase({})).rejects.toThrow(TypeError);
    await expect(log.erase({ list: undefined } as never)).rejects.toThrow(TypeError);
  });

  test('appends at the same time are not lost', async () => {
    const log = await logIn(freshFolder(), { maxFileBytes: 3000 });
    const work: Promise<unknown>[] = [];
    for (let at = 0; at < 60; at++) {
      work.push(log.append(newRecord(at, { id: `${at}` })));
      if (at % 7 === 3) work.push(log.erase({ id: `${at - 1}` }));
      if (at % 10 === 0) await Promise.all(work.splice(0));
    }
    await Promise.all(work);
    const expected = Array.from({ length: 60 }, (_, at) => `${at}`);
    expect(await idsIn(log)).toEqual(expected.filter((at) => Number(at) % 7 !== 2));
  });

  test('lines that cannot be read stay, and are counted', async () => {
    const folder = freshFolder();
    const log = await logIn(folder);
    await log.append(newRecord(1, { id: 'a' }));
    await log.append(newRecord(2, { id: 'b' }));
    await log.close();
    const path = join(folder, logFilesIn(folder)[0]!);
    appendFileSync(path, '{"id":"of a later version"}\nno json\n');
    const again = await logIn(folder);
    expect(await again.erase({ id: 'a' })).toEqual({ erased: 1, unreadable: 2 });
    const problems: unknown[] = [];
    const read = await all(again.read({}, { onProblem: (problem) => problems.push(problem) }));
    expect(read.map(({ id }) => id)).toEqual(['b']);
    expect(problems).toMatchObject([
      { code: 'bad-line', line: 2 },
      { code: 'bad-line', line: 3 },
    ]);
    await expect(all(again.read())).rejects.toMatchObject({ code: 'bad-line' });
    await expect(all(readReviewLog(folder))).rejects.toMatchObject({ code: 'bad-line' });
  });
});

describe('one process writes', () => {
  test('another opening is refused until the first one closes', async () => {
    const folder = freshFolder();
    const log = await logIn(folder);
    await expect(openReviewLog(folder, { retentionDays: 1 })).rejects.toMatchObject({
      name: 'FormatError',
      code: 'in-use',
    });
    await log.close();
    expect(readdirSync(folder)).toEqual([]);
    await expect(logIn(folder)).resolves.toBeDefined();
  });

  test.each([
    ['a process that has ended', { pid: 2 ** 30, began: '' }],
    ['a process that had its id before', { pid: process.ppid, began: 'another time' }],
    ['this process, before it was started again', { pid: process.pid, began: 'another time' }],
  ])('the lock of %s is taken over', async (_, lock) => {
    const folder = freshFolder();
    await (await logIn(folder)).close();
    writeFileSync(join(folder, LOCK_NAME), JSON.stringify(lock));
    const log = await logIn(folder);
    await log.append(newRecord(1));
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test('the lock of a running process stands where nobody can tell when it began', async () => {
    const folder = freshFolder();
    await (await logIn(folder)).close();
    const lock = { pid: process.ppid, began: '' };
    writeFileSync(join(folder, LOCK_NAME), JSON.stringify(lock));
    await expect(logIn(folder)).rejects.toMatchObject({ code: 'in-use' });
  });

  test('what a closed log is asked is refused', async () => {
    const log = await logIn(freshFolder());
    const last = log.append(newRecord(1));
    await Promise.all([log.close(), log.close()]);
    await last;
    await expect(log.append(newRecord(2))).rejects.toThrow(TypeError);
    await expect(log.erase({ id: 'a' })).rejects.toThrow(TypeError);
    await expect(log.prune()).rejects.toThrow(TypeError);
  });
});

/** What writes, flushes and changes files. */
const STEPS = ['write', 'datasync', 'sync', 'truncate', 'chmod'] as const;

test('whichever step fails, each record is there or its caller was told', async () => {
  const handles = await fileHandles();
  const real = Object.fromEntries(STEPS.map((step) => [step, handles[step]]));
  for (let failing = 0; ; failing++) {
    let steps = 0;
    const folder = freshFolder();
    const log = await logIn(folder, { maxFileBytes: 900 });
    await log.append(newRecord(0, { id: 'before' }));
    for (const step of STEPS) {
      vi.spyOn(handles, step).mockImplementation(function (this: FileHandle, ...args: never[]) {
        if (steps++ === failing) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        return Reflect.apply(real[step] as never, this, args) as never;
      });
    }
    const acknowledged = new Set(['before']);
    const told: unknown[] = [];
    const keep = async (at: number) => {
      const id = `${at}`;
      await log.append(newRecord(at, { id })).then(
        () => acknowledged.add(id),
        (error: unknown) => told.push(error),
      );
    };
    await Promise.all([1, 2, 3].map(keep));
    const erased = await log.erase({ id: 'before' }).then(
      () => true,
      (error: unknown) => void told.push(error),
    );
    if (erased) acknowledged.delete('before');
    await Promise.all([4, 5].map(keep));
    vi.restoreAllMocks();
    await log.append(newRecord(6, { id: 'after' }));
    await log.close();
    const again = await logIn(folder);
    const ids = await idsIn(again);
    // A failed erasure may have been done when its last step failed.
    expect(new Set([...ids, 'before']), `step ${failing}`).toEqual(
      new Set([...acknowledged, 'after', 'before']),
    );
    if (erased) expect(ids).not.toContain('before');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    if (steps <= failing) {
      expect(told).toEqual([]);
      expect(failing).toBeGreaterThan(8);
      return;
    }
    expect(told.length, `step ${failing}`).toBeLessThanOrEqual(4);
    await again.close();
  }
});

describe('kill -9', () => {
  /** Kills of the writing process; the release runs 500. */
  const KILLS = Number(process.env.REVIEW_LOG_KILLS ?? 8);
  let scripts: ReturnType<typeof workerScripts>;
  let script: string;
  beforeAll(() => {
    scripts = workerScripts();
    script = fileURLToPath(scripts.build('test/node/review-log-writer.ts'));
  });
  afterAll(() => scripts.remove());

  test(`${KILLS} kills while writing: nothing acknowledged is lost, nothing is torn`, {
    timeout: 30_000 + 5000 * KILLS,
  }, async () => {
    const next = random(KILLS);
    const folder = freshFolder();
    const written = new Set<string>();
    const begun = new Set<string>();
    const erased = new Set<string>();
    let torn = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [script, folder, `${kill}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      const limit = 1 + (next() % 120);
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const id = line.slice(1);
        if (line.startsWith('+')) written.add(id);
        if (line.startsWith('?')) begun.add(id);
        if (line.startsWith('-')) erased.add(id);
        if (++lines === limit) child.kill('SIGKILL');
      }
      await ended;
      const log = await openReviewLog(folder, { retentionDays: 30, maxFileBytes: 4000 });
      const ids = new Set<string>();
      for await (const { id } of log.read({}, { onProblem: () => torn++ })) {
        if (ids.has(id)) torn++;
        ids.add(id);
      }
      const lost = [...written].filter((id) => !ids.has(id) && !begun.has(id));
      const back = [...erased].filter((id) => ids.has(id));
      expect({ kill, torn, lost, back }).toEqual({ kill, torn: 0, lost: [], back: [] });
      // Or reading it all would become what the test does.
      if (kill % 5 === 4) {
        await log.erase({ from: '2000-01-01' });
        for (const set of [written, begun, erased]) set.clear();
      }
      await log.close();
    }
  });
});
