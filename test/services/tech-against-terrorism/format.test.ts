import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FormatError } from '../../../src/errors.js';
import { hashFromHex } from '../../../src/hash.js';
import { writeTechAgainstTerrorismPage } from '../../../src/services/tech-against-terrorism/fake.js';
import {
  type TechAgainstTerrorismPage,
  type TechAgainstTerrorismRecord,
  techAgainstTerrorismPage,
  updateOfTechAgainstTerrorism,
} from '../../../src/services/tech-against-terrorism/format.js';
import { jsonObject } from '../../../src/text/json.js';
import { runs } from '../../seed.js';
import { hostileJson, readsHostile } from '../hostile.js';

const HEX = '9def0b7dafa86a1c90f2abd78e79ceb25ec3d1a4b3d4bc7a4354baf7717ea038';
const FIRST = {
  hash_digest: HEX,
  algorithm: 'PDQ',
  ideology: 'Islamist',
  file_type: 'png',
  deleted: false,
  updated_on: 1704901040.24496,
  created_on: 1704901040.222779,
  id: 2821,
};
const SECOND = {
  hash_digest: HEX.slice(32),
  algorithm: 'MD5',
  ideology: 'Far-Right',
  file_type: 'mp4',
  deleted: true,
  updated_on: 1704901041,
  created_on: 1704901040,
  id: 2822,
};
const PAGE = {
  count: 100,
  next: 'https://app.terrorismanalytics.org/api/hash-list/v2/all?limit=1000&offset=1000&order=asc',
  previous: null,
  checkpoint: '1724856487.709035,10594',
  results: [FIRST, SECOND],
};

function read(page: unknown): TechAgainstTerrorismPage & { problems: string[] } {
  const problems: string[] = [];
  const onProblem = ({ code, record }: FormatError) => problems.push(`${record} ${code}`);
  const text = typeof page === 'string' ? page : JSON.stringify(page);
  return { ...techAgainstTerrorismPage(jsonObject(text), { onProblem }), problems };
}

test('a page of the list, written as it was read', () => {
  const page = read(PAGE);
  expect(page).toEqual({
    records: [
      {
        id: '2821',
        algorithm: 'PDQ',
        hashDigest: HEX,
        ideology: 'Islamist',
        fileType: 'png',
        deleted: false,
        updatedOn: 1704901040.24496,
        createdOn: 1704901040.222779,
      },
      {
        id: '2822',
        algorithm: 'MD5',
        hashDigest: HEX.slice(32),
        ideology: 'Far-Right',
        fileType: 'mp4',
        deleted: true,
        updatedOn: 1704901041,
        createdOn: 1704901040,
      },
    ],
    unknown: [],
    next: PAGE.next,
    checkpoint: PAGE.checkpoint,
    count: 100,
    problems: [],
  });
  expect(writeTechAgainstTerrorismPage(page)).toBe(JSON.stringify(PAGE));
  const last = { ...PAGE, next: null };
  expect(writeTechAgainstTerrorismPage(read(last))).toBe(JSON.stringify(last));
});

test('a record is an update, with its ideology as the label', () => {
  const [active, deleted] = read(PAGE).records.map(updateOfTechAgainstTerrorism);
  const source = 'Tech Against Terrorism';
  expect(active).toEqual({
    key: '2821',
    source,
    state: 'active',
    signals: [{ type: 'PDQ', value: HEX }],
    changedSeconds: 1704901040.24496,
    entries: [{ hash: hashFromHex('pdq', HEX), labels: ['Islamist'], source, id: '2821' }],
  });
  expect(deleted).toMatchObject({
    key: '2822',
    state: 'deleted',
    signals: [{ type: 'MD5', value: HEX.slice(32) }],
    entries: [{ hash: hashFromHex('md5', HEX.slice(32)), labels: ['Far-Right'], id: '2822' }],
  });
});

test('capitals in a hash, and in its algorithm, are folded', () => {
  const results = [{ ...FIRST, hash_digest: HEX.toUpperCase(), algorithm: 'pdq' }];
  const { records, unknown } = read({ ...PAGE, results });
  expect(records[0]!.hashDigest).toBe(HEX);
  expect(updateOfTechAgainstTerrorism(records[0]!).entries).toHaveLength(1);
  expect(unknown).toEqual([{ field: 'algorithm', word: 'pdq', count: 1 }]);
});

describe('unreadable parts are reported, with their position', () => {
  test.each([
    ['no object', [], ['1 bad-record'], undefined],
    ['no id', { ...FIRST, id: null }, ['1 bad-record'], undefined],
    ['a short hash', { ...FIRST, hash_digest: '456def' }, ['1 bad-hash'], undefined],
    ['no hash', { ...FIRST, hash_digest: undefined }, ['1 bad-hash'], undefined],
    [
      'a deleted record without a hash',
      { ...FIRST, hash_digest: '', deleted: true },
      ['1 bad-hash'],
      'deleted',
    ],
    ['deleted as text', { ...FIRST, deleted: 'True' }, ['1 bad-record'], 'deleted'],
    ['not said if deleted', { ...FIRST, deleted: null }, ['1 bad-record'], 'pending'],
    ['a time that is none', { ...FIRST, updated_on: 'soon' }, ['1 bad-record'], 'active'],
    ['a time as a date', { ...FIRST, updated_on: '2024-01-10T15:37:20Z' }, [], 'active'],
    ['an ideology in a list', { ...FIRST, ideology: ['a'] }, ['1 bad-record'], 'active'],
  ])('%s', (_, record, problems, state) => {
    const page = read({ ...PAGE, results: [record, SECOND] });
    expect(page.problems).toEqual(problems);
    const states = page.records.map((each) => updateOfTechAgainstTerrorism(each).state);
    expect(states).toEqual(state === undefined ? ['deleted'] : [state, 'deleted']);
  });

  test('without onProblem, the first one is thrown', () => {
    const text = JSON.stringify({ ...PAGE, results: [SECOND, 7, 8] });
    const first = expect.objectContaining({ code: 'bad-record', record: 2 });
    expect(() => techAgainstTerrorismPage(jsonObject(text), {})).toThrow(first);
  });

  test.each([
    ['no JSON', ''],
    ['no results', { ...PAGE, results: {} }],
    ['a link that is none', { ...PAGE, next: 7 }],
  ])('a page with %s is invalid', (_, page) => {
    const refusal = expect.objectContaining({ name: 'FormatError', code: 'bad-reply' });
    expect(() => read(page)).toThrow(refusal);
  });
});

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const seconds = fc.double({ min: 0, max: 1e10, noNaN: true }).map((value) => value + 0);
const anyRecord: fc.Arbitrary<TechAgainstTerrorismRecord> = fc
  .record(
    {
      hash: fc.oneof(
        fc.record({ algorithm: fc.constant('PDQ'), hashDigest: hex(64) }),
        fc.record({ algorithm: fc.constant('MD5'), hashDigest: hex(32) }),
        fc.record({ algorithm: fc.constant('SHA1'), hashDigest: hex(40) }),
        fc.record({ algorithm: fc.constant('SHA256'), hashDigest: hex(64) }),
        fc.record({
          algorithm: fc.string({ minLength: 1 }).map((name) => `TMK ${name}`),
          hashDigest: fc.string({ minLength: 1 }),
        }),
      ),
      id: fc.oneof(fc.nat().map(String), fc.uuid()),
      ideology: fc.string(),
      fileType: fc.string(),
      deleted: fc.boolean(),
      updatedOn: seconds,
      createdOn: seconds,
    },
    { requiredKeys: ['hash', 'id', 'deleted'] },
  )
  .map(({ hash, ...others }) => ({ ...hash, ...others }));

test('any page is read as the fake wrote it', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 5 }),
      fc.option(fc.webUrl(), { nil: undefined }),
      fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
      (records, next, checkpoint) => {
        const page = {
          records,
          ...(next !== undefined && { next }),
          ...(checkpoint !== undefined && { checkpoint }),
          count: records.length,
        };
        const text = writeTechAgainstTerrorismPage(page);
        const { unknown: _, ...again } = techAgainstTerrorismPage(jsonObject(text), {});
        expect(again).toEqual(page);
      },
    ),
    { numRuns: runs(500) },
  );
});

test('10,000 records with unknown words everywhere are all kept, and the words reported', () => {
  const results = Array.from({ length: 10_000 }, (_, id) => ({
    ...FIRST,
    id,
    algorithm: `Hash${id % 7}`,
    hash_digest: `value ${id}`,
    ideology: `Ideology${id % 5}`,
    [`further${id % 4}`]: [id],
  }));
  const { records, unknown, problems } = read({ ...PAGE, results });
  expect(problems).toEqual([]);
  expect(records).toHaveLength(10_000);
  expect(records[9]!.further).toEqual({ further1: [9] });
  const sum = (of: RegExp) =>
    unknown.reduce(
      (all, { field, word = '', count }) => all + (of.test(`${field} ${word}`) ? count : 0),
      0,
    );
  expect(sum(/^algorithm Hash/)).toBe(10_000);
  expect(sum(/^ideology Ideology/)).toBe(10_000);
  expect(sum(/^further\d $/)).toBe(10_000);
});

test('10,000 hostile pages are read or refused', async () => {
  await readsHostile(hostileJson(PAGE), (text, onProblem) => {
    const { records } = techAgainstTerrorismPage(jsonObject(text), { onProblem });
    records.map(updateOfTechAgainstTerrorism);
  });
});
