import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALGORITHMS } from '../../../src/hash.js';
import { stopNciiPage, writeStopNciiFeedback } from '../../../src/services/stop-ncii/format.js';
import {
  statelessPages,
  stopNciiRecord,
  stopNciiReplies,
  uuidOfCase,
} from '../../../src/services/stop-ncii/serve.js';
import { jsonObject } from '../../../src/text/json.js';
import { runs } from '../../seed.js';
import { ChangingList, hexOf } from './changing-list.js';

const list = (count: number) => {
  const made = new ChangingList();
  for (let n = 0; n < count; n++) made.change(n);
  made.now++;
  return made;
};
const doorOf = (of: ChangingList, options = {}) =>
  stopNciiReplies({ page: statelessPages(of.read), feedback: async () => {} }, options);

type Door = ReturnType<typeof stopNciiReplies>;
const get = async (door: Door, query: Record<string, string> | string = {}) => {
  const request = { method: 'GET', path: 'FetchHashes', body: '' };
  const { status, body } = await door({ ...request, query: new URLSearchParams(query) });
  return { status, ...JSON.parse(body) };
};
const post = (door: Door, body: string) =>
  door({ method: 'POST', path: 'SubmitFeedback', query: new URLSearchParams(), body });

const withoutDashes = (uuid: string) => uuid.replaceAll('-', '');

test('pages of a list that nobody changes', async () => {
  const door = doorOf(list(5), { maxPageSize: 2 });
  const first = await get(door);
  expect(first).toMatchObject({ status: 200, count: 2, hasMoreRecords: true });
  const second = await get(door, { startTimestamp: '0', nextPageToken: first.nextPageToken });
  const last = await get(door, { startTimestamp: '0', nextPageToken: second.nextPageToken });
  expect(last).toMatchObject({ count: 1, hasMoreRecords: false, nextPageToken: '' });
  const pages = [first, second, last] as { hashRecords: { hashValue: string }[] }[];
  const records = pages.flatMap(({ hashRecords }) => hashRecords);
  expect(records.map(({ hashValue }) => hashValue)).toEqual([0, 1, 2, 3, 4].map(hexOf));
});

test('a record that changes between two pages is delivered again', async () => {
  const changing = list(4);
  const door = doorOf(changing, { maxPageSize: 2 });
  const first = await get(door);
  changing.change(0, 'Withdrawn');
  const second = await get(door, { nextPageToken: first.nextPageToken });
  const last = await get(door, { nextPageToken: second.nextPageToken });
  expect(last.hashRecords).toMatchObject([{ hashValue: hexOf(0), hashStatus: 'Withdrawn' }]);
});

test('the checkpoint is the oldest second in which a change may still appear', async () => {
  const changing = list(9);
  const commit = changing.begin(9);
  changing.now += 5;
  changing.change(10);
  const begun = changing.now - 5;
  const door = doorOf(changing, { maxPageSize: 10 });
  const fetched = await get(door);
  expect(fetched).toMatchObject({ count: 10, nextSetTimestamp: begun });
  commit();
  const next = await get(door, { startTimestamp: `${begun}` });
  expect(next.hashRecords).toMatchObject([{ hashValue: hexOf(9) }, { hashValue: hexOf(10) }]);
  // Many changes in one second are not fetched again once the second is over.
  changing.now++;
  const { nextSetTimestamp } = await get(door, { startTimestamp: `${begun}` });
  expect(await get(door, { startTimestamp: `${nextSetTimestamp}` })).toMatchObject({ count: 0 });
});

/** A fetch that goes on, page by page, from a checkpoint that it keeps by one of three rules. */
class Follower {
  readonly kept = new Map<string, unknown>();
  #checkpoint = 0;
  #fetch: { start: number; token?: string; newest: number } | undefined;

  constructor(
    readonly door: Door,
    readonly rule: 'newest of a fetch' | 'last page' | 'any page',
  ) {}

  /** Reads a page. @returns true if it was the last one */
  async step(): Promise<boolean> {
    this.#fetch ??= { start: this.#checkpoint, newest: 0 };
    const { start, token } = this.#fetch;
    const more = token !== undefined && { nextPageToken: token };
    const page = await get(this.door, { startTimestamp: `${start}`, pageSize: '1', ...more });
    expect(page.status).toBe(200);
    for (const record of page.hashRecords) this.kept.set(record.hashValue, record);
    const newest = Math.max(this.#fetch.newest, page.nextSetTimestamp);
    const isLast = !page.hasMoreRecords;
    if (this.rule === 'any page' || (this.rule === 'last page' && isLast)) {
      this.#checkpoint = page.nextSetTimestamp;
    } else if (isLast) this.#checkpoint = newest;
    this.#fetch = isLast ? undefined : { start, token: page.nextPageToken, newest };
    return isLast;
  }

  /** Forgets the fetch: the next page is the first one from the checkpoint. */
  abandon(): void {
    this.#fetch = undefined;
  }
}

test('whatever changes between pages, a client ends with the list, whichever checkpoint it keeps', async () => {
  const number = fc.nat(4);
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('change' as const), n: number }) },
    fc.record({ kind: fc.constant('begin' as const), n: number }),
    fc.record({ kind: fc.constant('commit' as const), n: number }),
    fc.record({ kind: fc.constant('tick' as const), n: number }),
    fc.record({ kind: fc.constant('abandon' as const), n: number }),
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('page' as const), n: number }) },
  );
  const rule = fc.constantFrom('newest of a fetch', 'last page', 'any page' as const);
  await fc.assert(
    fc.asyncProperty(rule, fc.array(step, { maxLength: 60 }), async (rule, steps) => {
      const changing = list(3);
      changing.now--;
      const follower = new Follower(doorOf(changing), rule);
      const commits: (() => void)[] = [];
      for (const { kind, n } of steps) {
        if (kind === 'change') changing.change(n, n % 2 ? 'Withdrawn' : 'Active');
        else if (kind === 'begin') commits.push(changing.begin(n));
        else if (kind === 'commit') commits.shift()?.();
        else if (kind === 'tick') changing.now++;
        else if (kind === 'abandon') follower.abandon();
        else await follower.step();
      }
      for (const commit of commits) commit();
      // The fetch that is under way, and one that resumes from it.
      while (!(await follower.step()));
      while (!(await follower.step()));
      expect(follower.kept).toEqual(changing.listed());
    }),
    { numRuns: runs(2000) },
  );
});

test('a change that appears behind the reader, after its second, is in the next fetch', async () => {
  const changing = list(4);
  changing.now--;
  const door = doorOf(changing, { maxPageSize: 3 });
  const commit = changing.begin(0, 'Withdrawn');
  const first = await get(door);
  commit();
  changing.now += 9;
  const last = await get(door, { nextPageToken: first.nextPageToken });
  expect(last).toMatchObject({ count: 1, nextSetTimestamp: first.nextSetTimestamp });
  const next = await get(door, { startTimestamp: `${last.nextSetTimestamp}` });
  expect(next.hashRecords).toContainEqual(changing.listed().get(hexOf(0)));
});

test('a page in the middle is a checkpoint, too', async () => {
  const changing = list(1);
  const commit = changing.begin(0, 'Withdrawn');
  const begun = changing.now++;
  for (let n = 1; n < 4; n++) changing.change(n);
  const door = doorOf(changing, { maxPageSize: 2 });
  expect(await get(door)).toMatchObject({ hasMoreRecords: true, nextSetTimestamp: begun });
  commit();
  expect((await get(door, { startTimestamp: `${begun}` })).hashRecords[0]).toEqual(
    changing.listed().get(hexOf(0)),
  );
});

test('a token that is cut, changed, or from elsewhere is refused', async () => {
  const door = doorOf(list(5), { maxPageSize: 2 });
  const query = { startTimestamp: '7', nextPageToken: '' };
  const { nextPageToken: token } = await get(door, { startTimestamp: '7' });
  expect((await get(door, { ...query, nextPageToken: token })).status).toBe(200);
  const wrong: string[] = ['', 'page 1', 'W3siY29tcG9zaXRlVG9rZW4iOn', `${token}0`, `0${token}`];
  wrong.push(`7.NaN.NaN.undefined.1`, '7.1.1.1');
  for (let at = 0; at < token.length; at++) {
    wrong.push(token.slice(0, at));
    for (const other of '09.a~') {
      if (other !== token[at]) wrong.push(token.slice(0, at) + other + token.slice(at + 1));
    }
  }
  for (const nextPageToken of wrong) {
    const reply = await get(door, { ...query, nextPageToken });
    expect(reply, nextPageToken).toEqual({
      status: 400,
      message: 'expected nextPageToken to be of the page before',
    });
  }
  const other = await get(door, { startTimestamp: '8', nextPageToken: token });
  expect(other.status).toBe(400);
});

test.each([
  'startTimestamp=-1',
  'startTimestamp=1.5',
  'startTimestamp=',
  'startTimestamp=1e3',
  'startTimestamp=now',
  'startTimestamp=9999999999999999',
  'pageSize=0',
  'pageSize=-1',
  'pageSize=',
  'pageSize=0x10',
])('%s is refused', async (query) => {
  expect(await get(doorOf(list(1)), query)).toEqual({
    status: 400,
    message: 'expected startTimestamp >= 0 and pageSize >= 1, integers',
  });
});

test('a page has at most the size that was asked for, and at most the largest', async () => {
  const door = doorOf(list(5), { maxPageSize: 3 });
  expect((await get(door, { pageSize: '1' })).count).toBe(1);
  expect((await get(door, { pageSize: '99999' })).count).toBe(3);
  expect((await get(doorOf(list(900)))).count).toBe(800);
});

test.each([
  ['POST', 'FetchHashes'],
  ['HEAD', 'FetchHashes'],
  ['GET', 'SubmitFeedback'],
  ['POST', 'SubmitHashes'],
  ['GET', 'v1/FetchHashes'],
  ['GET', ''],
])('%s %s is not found', async (method, path) => {
  const reply = await doorOf(list(1))({ method, path, query: new URLSearchParams(), body: '{}' });
  expect(reply).toEqual({ status: 404, body: '{"message":"not found"}' });
});

test('feedback arrives whole, or is refused', async () => {
  const arrived: unknown[] = [];
  const page = statelessPages(list(1).read);
  const feedback = async (feedbacks: unknown) => void arrived.push(feedbacks);
  const door = stopNciiReplies({ page, feedback }, { maxFeedbacks: 2 });
  const one = { hashValue: hexOf(0), feedbackValue: 'Blocked', tags: ['a'] };
  expect(await post(door, writeStopNciiFeedback([one, one]))).toEqual({ status: 200, body: '{}' });
  expect(arrived).toEqual([[one, one]]);
  const many = await post(door, writeStopNciiFeedback([one, one, one]));
  expect(many.status).toBe(400);
  expect(many.body).toMatch('with at most 2 feedbacks');
  for (const body of ['', '[]', '{}', '{"count":2,"hashFeedbacks":[]}', '{"count":0}']) {
    const { status, body: told } = await post(door, body);
    expect([status, Object.keys(JSON.parse(told))]).toEqual([400, ['message']]);
  }
  expect(arrived).toHaveLength(1);
});

test('an error of the source is thrown', async () => {
  const fails = async () => Promise.reject(new Error('disk'));
  const door = stopNciiReplies({ page: fails, feedback: fails });
  await expect(get(door)).rejects.toThrow('disk');
  await expect(post(door, writeStopNciiFeedback([]))).rejects.toThrow('disk');
  const gone = stopNciiReplies({ page: statelessPages(async () => undefined), feedback: fails });
  expect((await get(gone)).status).toBe(400);
});

const [CASE, OTHER] = ['0123456789abcdef0123456789abcdef', 'f'.repeat(32)] as const;
const HASH = { algorithm: 'pdq', hex: hexOf(1), changedSeconds: 7, feedbacks: [] } as const;

test('a hash with two cases is one record, active while one of them is', () => {
  const caseNumbers = [
    { id: CASE, status: 'Withdrawn' },
    { id: OTHER, status: 'Active' },
  ];
  const record = stopNciiRecord({ ...HASH, hex: HASH.hex.toUpperCase(), caseNumbers })!;
  expect(record).toEqual({
    signalType: 'ImagePDQ',
    hashValue: hexOf(1),
    hashStatus: 'Active',
    lastModtimestamp: 7,
    caseNumbers: [
      { id: '01234567-89ab-cdef-0123-456789abcdef', status: 'Withdrawn' },
      { id: 'ffffffff-ffff-ffff-ffff-ffffffffffff', status: 'Active' },
    ],
    feedbacks: [],
  });
  const withdrawn = stopNciiRecord({ ...HASH, caseNumbers: caseNumbers.slice(0, 1) })!;
  expect(withdrawn.hashStatus).toBe('Withdrawn');
  expect(stopNciiRecord({ ...HASH, caseNumbers: [] })!.hashStatus).toBe('Withdrawn');
});

test('PDQ and MD5 are listed, and no other algorithm', () => {
  const typed = ALGORITHMS.map((algorithm) => {
    const record = stopNciiRecord({ ...HASH, algorithm, caseNumbers: [] });
    return [algorithm, record?.signalType];
  });
  expect(typed.filter(([, type]) => type !== undefined)).toEqual([
    ['pdq', 'ImagePDQ'],
    ['md5', 'VideoMD5'],
  ]);
});

test('feedback in undocumented words is listed as unknown', () => {
  const says = (feedbackValue: string) => ({ source: 'A', feedbackValue, tags: ['b'] });
  const feedbacks = ['Blocked', 'Undefined', 'blocked', 'None'].map(says);
  const record = stopNciiRecord({ ...HASH, caseNumbers: [], feedbacks })!;
  expect(record.feedbacks).toEqual(['Blocked', 'Unknown', 'Unknown', 'None'].map(says));
});

test('any hash is read by the client as it was listed, and its cases with it', async () => {
  const hex = (length: number) =>
    fc
      .array(fc.nat(15), { minLength: length, maxLength: length })
      .map((digits) => digits.map((digit) => digit.toString(16)).join(''));
  const status = fc.constantFrom('Active', 'Withdrawn');
  const cases = fc.uniqueArray(fc.record({ id: hex(32), status }), { selector: ({ id }) => id });
  await fc.assert(
    fc.asyncProperty(hex(64), cases, async (digits, caseNumbers) => {
      const record = stopNciiRecord({ ...HASH, hex: digits, caseNumbers })!;
      const page = async () => ({ records: [record], nextSetTimestamp: 7 });
      const door = stopNciiReplies({ page, feedback: async () => {} });
      const query = new URLSearchParams();
      const { body } = await door({ method: 'GET', path: 'FetchHashes', query, body: '' });
      const read = stopNciiPage(jsonObject(body), {});
      expect(read).toMatchObject({ unknown: [], hasMoreRecords: false });
      expect(read.records).toEqual([record]);
      const ids = read.records[0]!.caseNumbers.map(({ id }) => id);
      expect(ids.map(withoutDashes)).toEqual(caseNumbers.map(({ id }) => id));
      for (const id of ids) expect(uuidOfCase(withoutDashes(id))).toBe(id);
    }),
  );
});
