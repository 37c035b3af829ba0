import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import {
  appendRecords,
  brokenRecords,
  lockedEnd,
  RECORD_ROW,
  type RecordRow,
} from '../../../src/store/reviews/review-chain.js';
import type { ReviewLog } from '../../../src/store/reviews/review-log.js';
import type { Database, Sql } from '../../../src/store/sql/database.js';
import { newRecord } from '../../matching/reviews.js';
import { workerScripts } from '../../node/pool/hash-process.js';
import { runs } from '../../seed.js';
import { describeEngines, describePostgresql } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';
import { sharedStore } from '../shared-store.js';

const FLIPS = 300;
const COUNT = 14;
/** Numbers that are erased before the others are changed. */
const ERASED = [1, 2, 5, 8, 9, 10];
const LEFT = Array.from({ length: COUNT }, (_, at) => at + 1).filter((n) => !ERASED.includes(n));

const BYTES = (column: string, bit: number) =>
  `${column} = set_bit(${column}, ${bit} % (8 * length(${column})), 1 - get_bit(${column}, ${bit} % (8 * length(${column}))))`;
const BIGINT = (column: string, bit: number) =>
  `${column} = ${column} # (256::bigint << ${bit % 30})`;
const TEXT = (column: string, bit: number) =>
  `${column} = case when ${column} is null then 'x' when ${column} = 'a' then 'b'
    else overlay(${column} placing chr(ascii(substr(${column}, 1 + ${bit} % length(${column}))) # 64)
      from 1 + ${bit} % length(${column})) end`;
/** Another letter or digit: the column takes no text that is no JSON. */
const JSON_TEXT = (column: string, bit: number) =>
  `${column} = regexp_replace(${column}::text,
    '^(.{${bit % 200}}[^1-8a-y]*)([1-8a-y])', '\\1' || chr(ascii((regexp_match(${column}::text,
    '^.{${bit % 200}}[^1-8a-y]*([1-8a-y])'))[1]) + 1))::json`;
const TIME = (column: string, bit: number) =>
  `${column} = ${column} + interval '1 microsecond' * (1::bigint << ${bit % 30})`;

type Flip = (column: string, bit: number) => string;
const COLUMNS: Record<string, Record<string, Flip>> = {
  review_record: {
    number: BIGINT,
    before: BYTES,
    digest: BYTES,
    salt: BYTES,
    id: TEXT,
    at: TIME,
    list: TEXT,
    entry_algorithm: TEXT,
    entry_hash: (column, bit) =>
      `${column} = case when ${column} is null then '\\x00' else ${BYTES(column, bit).replace(/^\w+ = /, '')} end`,
    entry_id: TEXT,
    entry_source: TEXT,
    record: JSON_TEXT,
  },
  review_erased: {
    number: BIGINT,
    // Below its number, which the table sees to.
    first: (column) => `${column} = case ${column} when 1 then 2 else ${column} - 1 end`,
    before: BYTES,
    digest: BYTES,
  },
  review_chain: { number: BIGINT, digest: BYTES },
};

/** Records of which some name no list and no entry, and some are erased. */
async function write(log: ReviewLog, count = COUNT): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const { list: _, entry: __, distance: ___, ...bare } = newRecord(n);
    await log.append({ ...(n % 4 === 0 ? bare : newRecord(n)), id: `r${n}` });
  }
}

async function brokenChain(sql: Sql): Promise<{ count: number; first?: number }> {
  const numbers: number[] = [];
  for await (const number of brokenRecords(sql)) numbers.push(number);
  return numbers.length > 0 ? { count: numbers.length, first: numbers[0]! } : { count: 0 };
}

class RolledBack extends Error {}

/** What is found after a change, which is not kept. */
async function brokenAfter(database: Database, change: (sql: Sql) => Promise<unknown>) {
  let broken: Awaited<ReturnType<typeof brokenChain>> | undefined;
  await database
    .transaction(async (sql) => {
      await change(sql);
      broken = await brokenChain(sql);
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  return broken!;
}

describeEngines((running) => {
  const { store } = sharedStore(running);
  const logOf = () => store().reviewLog({ retentionDays: 30 });
  const database = () => databaseOf(store());

  async function erased(log = logOf()): Promise<ReviewLog> {
    await write(log);
    for (const n of ERASED) await log.erase({ id: `r${n}` });
    return log;
  }

  test('every column of the tables is tried', async () => {
    for (const [table, columns] of Object.entries(COLUMNS)) {
      const rows = await database().query<{ name: string }>(
        `select attname::text as name from pg_attribute
        where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attname <> 'one'`,
        [table],
      );
      expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(columns).sort());
    }
  });

  test(`each of ${FLIPS} flips in any column of any row is noticed`, async () => {
    await erased();
    expect(await brokenChain(database())).toEqual({ count: 0 });
    const columns = Object.entries(COLUMNS).flatMap(([table, flips]) =>
      Object.entries(flips).map(([column, flip]) => ({ table, column, flip })),
    );
    const runs = (
      await database().query<{ number: number }>('select number from review_erased')
    ).map(({ number }) => number);
    expect(runs.sort((a, b) => a - b)).toEqual([2, 5, 10]);
    const next = random(9);
    for (let at = 0; at < FLIPS; at++) {
      const { table, column, flip } = columns[at % columns.length]!;
      const numbers = { review_record: LEFT, review_erased: runs, review_chain: [COUNT] }[table]!;
      const number = numbers[next() % numbers.length]!;
      const change = `update ${table} set ${flip(column, next() >>> 1)} where number = ${number}`;
      const broken = await brokenAfter(database(), async (sql) => {
        expect(await sql.query(`${change} returning 1`), change).toHaveLength(1);
      });
      expect(broken.count, change).toBeGreaterThan(0);
      if (table === 'review_record') expect(broken.first, change).toBe(number);
    }
  });

  test('the removal of any record is noticed', async () => {
    await erased();
    for (const number of LEFT) {
      const broken = await brokenAfter(database(), (sql) =>
        sql.query('delete from review_record where number = $1', [number]),
      );
      expect(broken).toMatchObject({ first: number });
    }
    const emptied = await brokenAfter(database(), (sql) => sql.query('delete from review_record'));
    expect(emptied).toMatchObject({ first: 3 });
    const forgotten = await brokenAfter(database(), (sql) =>
      sql.query('delete from review_erased'),
    );
    expect(forgotten).toMatchObject({ first: 1 });
  });

  test('a record that is added, or replaces another, is noticed', async () => {
    await erased();
    // At the end, and in a place where one was erased.
    for (const number of [COUNT + 1, 9, 10]) {
      const broken = await brokenAfter(database(), (sql) =>
        sql.query(
          `insert into review_record
          select $1::bigint, c.digest, r.digest, r.salt, 'new', r.at, r.list, r.entry_algorithm,
            r.entry_hash, r.entry_id, r.entry_source, r.record
          from review_record r, review_chain c where r.number = 13`,
          [number],
        ),
      );
      expect(broken.first).toBe(number === 9 || number === 10 ? 8 : number);
    }
    // As well made as ours, by whoever forgets the end of the chain.
    const forged = await brokenAfter(database(), async (sql) => {
      const end = await lockedEnd(sql);
      const [row] = await sql.query<RecordRow>(
        `select ${RECORD_ROW} from review_record where number = 13`,
      );
      const at = new Date(Number(row!.at) / 1000);
      await appendRecords(sql, end, [{ ...row!, id: 'new', at }]);
      expect(await brokenChain(sql)).toEqual({ count: 0 });
      await sql.query('update review_chain set number = $1, digest = $2', [end.number, end.digest]);
    });
    expect(forged).toEqual({ count: 1, first: COUNT + 1 });
    const all =
      'before digest salt id at list entry_algorithm entry_hash entry_id entry_source record'.split(
        ' ',
      );
    for (const columns of [all, all.slice(2), ['record'], ['entry_hash', 'record']]) {
      const broken = await brokenAfter(database(), async (sql) => {
        await sql.query('alter table review_record drop constraint review_record_id_key');
        await sql.query(
          `update review_record r set ${columns.map((name) => `${name} = other.${name}`).join(', ')}
          from review_record other where r.number in (6, 7) and other.number = 13 - r.number`,
        );
      });
      expect(broken.first).toBe(6);
    }
  });

  test('verify reports how many do not fit, and the number of the first', async () => {
    const log = await erased();
    expect(await store().verify()).toEqual([]);
    await database().query("update review_record set list = 'else' where number in (6, 12)");
    expect(await store().verify()).toEqual([{ code: 'bad-record', count: 2, first: 6 }]);
    const numbers: unknown[] = [];
    const given: string[] = [];
    const onProblem = ({
      code,
      record,
      message,
    }: {
      code: string;
      record?: number;
      message: string;
    }) => numbers.push([code, record, message.includes('else')]);
    for await (const { id } of log.read({}, { onProblem })) given.push(id);
    expect(numbers).toEqual([6, 12].map((number) => ['bad-checksum', number, false]));
    expect(given).toEqual(LEFT.filter((n) => n !== 6 && n !== 12).map((n) => `r${n}`));
    await expect(async () => {
      for await (const _ of log.read({ list: 'else' }));
    }).rejects.toMatchObject({ name: 'FormatError', code: 'bad-checksum', record: 6 });
  });

  test('a record that is missing is noticed also once those around it are erased', async () => {
    const log = await erased();
    await database().query('delete from review_record where number = 7');
    for (const n of LEFT.slice(0, 6)) await log.erase({ id: `r${n}` });
    expect(await store().verify()).toMatchObject([{ code: 'bad-record', first: 7 }]);
  });

  test('whatever is written and erased, the chain is valid, and erased runs are one row each', async () => {
    const clock = { time: Date.parse('2026-11-20T12:00:00Z') };
    const log = store().reviewLog({ retentionDays: 10, now: () => clock.time });
    const step = fc.oneof(
      fc.record({ append: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ erase: fc.nat(30) }),
      // The clock may go back: those that are over need not be the first ones.
      fc.record({ days: fc.integer({ min: -3, max: 8 }) }),
    );
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const each of steps) {
          if ('append' in each) {
            const ids = Array.from({ length: each.append }, () => `p${made++}`);
            await Promise.all(ids.map((id) => log.append(newRecord(1, { id }))));
          } else if ('erase' in each) await log.erase({ id: `p${Math.max(0, made - each.erase)}` });
          else {
            clock.time += each.days * 86_400_000;
            await log.prune();
          }
        }
        expect(await brokenChain(database())).toEqual({ count: 0 });
        const [row] = await database().query<{ runs: number; gaps: number }>(
          `select (select count(*) from review_erased) as runs, (
            select count(*) from (
              select number, lag(number, 1, 0::bigint) over (order by number) as before from (
                select number from review_record union all select number + 1 from review_chain) each
            ) as steps where number > before + 1) as gaps`,
        );
        expect(row!.runs).toBe(row!.gaps);
      }),
      { numRuns: runs(20) },
    );
  });

  test('a log of several pages is read to its end', async () => {
    const log = logOf();
    await Promise.all(
      Array.from({ length: 1100 }, (_, at) => log.append(newRecord(1, { id: `r${at + 1}` }))),
    );
    for (const n of [999, 1000, 1002]) await log.erase({ id: `r${n}` });
    expect(await brokenChain(database())).toEqual({ count: 0 });
    await database().query('update review_record set salt = digest where number = 1050');
    expect(await brokenChain(database())).toEqual({ count: 1, first: 1050 });
  });
});

describePostgresql((server) => {
  let scripts: ReturnType<typeof workerScripts>;
  beforeAll(() => {
    scripts = workerScripts();
  });
  afterAll(() => {
    scripts.remove();
  });

  test('two programs that write and erase at once write one chain', async () => {
    const url = await server().newDatabase();
    const store = await openStore({ url });
    const script = fileURLToPath(scripts.build('test/store/reviews/review-chain-writer.ts'));
    const ended = ['a', 'b'].map((run) =>
      once(spawn(process.execPath, [script, url, run], { stdio: 'inherit' }), 'exit'),
    );
    expect(await Promise.all(ended)).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(await store.verify()).toEqual([]);
    const [row] = await databaseOf(store).query(
      `select (select count(*) from review_record) as records,
        (select number from review_chain) as last`,
    );
    expect(row).toEqual({ records: 390, last: 400 });
    await store.close();
  });
});
