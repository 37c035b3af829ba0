import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FormatError } from '../../../src/errors.js';
import { hashFromHex } from '../../../src/hash.js';
import { readStopNciiFeedback, writeStopNciiPage } from '../../../src/services/stop-ncii/fake.js';
import {
  type StopNciiFeedback,
  type StopNciiPage,
  type StopNciiRecord,
  stopNciiPage,
  updateOfStopNcii,
  writeStopNciiFeedback,
} from '../../../src/services/stop-ncii/format.js';
import { jsonObject } from '../../../src/text/json.js';
import { runs } from '../../seed.js';
import { hostileJson, readsHostile } from '../hostile.js';

const HEX = '2afc4a5c09628a7961c14d436493bba66b89b831453baa1d556ba385554daa82';
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** A reply with everything that real ones have been seen to have. */
const REPLY = {
  count: 2,
  nextSetTimestamp: 1625175071,
  nextPageToken: 'W3siY29tcG9zaXRlVG9rZW4iOn',
  hasMoreRecords: true,
  hashRecords: [
    {
      lastModtimestamp: 1625167804,
      signalType: 'ImagePDQ',
      hashValue: HEX,
      hashStatus: 'Active',
      caseNumbers: {
        '27664732-76e1-4a17-8099-455798e67022': 'Active',
        'a2696edf-1237-4eb8-a9c1-cd8ee6c055e5': 'Received',
        '9fbb73d7-c177-4ed2-b4e8-0050b72decd0': 'Withdrawn',
      },
      CSPFeedbacks: [
        { source: 'A', feedbackValue: 'Blocked', tags: ['Nude', 'Objectionable'] },
        { source: 'B', feedbackValue: 'Undefined', tags: [] },
      ],
      hashRegions: ['UK'],
    },
    {
      lastModtimestamp: 1625167844,
      signalType: 'VideoMD5',
      hashValue: MD5,
      hashStatus: 'Withdrawn',
      caseNumbers: {},
    },
  ],
};

/** A reply, read with every problem noted. */
function read(reply: unknown): StopNciiPage & { problems: string[] } {
  const problems: string[] = [];
  const onProblem = ({ code, record }: FormatError) => problems.push(`${record} ${code}`);
  const text = typeof reply === 'string' ? reply : JSON.stringify(reply);
  return { ...stopNciiPage(jsonObject(text), { onProblem }), problems };
}
const withRecord = (record: unknown) => ({ ...REPLY, hashRecords: [record] });
const [FIRST, SECOND] = REPLY.hashRecords as [object, object];

test('a reply of FetchHashes', () => {
  expect(read(REPLY)).toEqual({
    records: [
      {
        lastModtimestamp: 1625167804,
        signalType: 'ImagePDQ',
        hashValue: HEX,
        hashStatus: 'Active',
        caseNumbers: [
          { id: '27664732-76e1-4a17-8099-455798e67022', status: 'Active' },
          { id: 'a2696edf-1237-4eb8-a9c1-cd8ee6c055e5', status: 'Received' },
          { id: '9fbb73d7-c177-4ed2-b4e8-0050b72decd0', status: 'Withdrawn' },
        ],
        feedbacks: [
          { source: 'A', feedbackValue: 'Blocked', tags: ['Nude', 'Objectionable'] },
          { source: 'B', feedbackValue: 'Undefined', tags: [] },
        ],
        hashRegions: ['UK'],
      },
      {
        lastModtimestamp: 1625167844,
        signalType: 'VideoMD5',
        hashValue: MD5,
        hashStatus: 'Withdrawn',
        caseNumbers: [],
        feedbacks: [],
      },
    ],
    unknown: [],
    nextSetTimestamp: 1625175071,
    nextPageToken: 'W3siY29tcG9zaXRlVG9rZW4iOn',
    hasMoreRecords: true,
    problems: [],
  });
});

test('the documented reply is written as it was read', () => {
  expect(writeStopNciiPage(read(REPLY))).toBe(JSON.stringify(REPLY));
});

test('a record is an update: its hash is an entry, and withdrawn cases do not count', () => {
  const { records } = read(REPLY);
  const [active, withdrawn] = records.map(updateOfStopNcii);
  const opinions = [
    { from: 'A', says: 'Blocked', tags: ['Nude', 'Objectionable'] },
    { from: 'B', says: 'Undefined' },
  ];
  expect(active).toEqual({
    key: `ImagePDQ:${HEX}`,
    source: 'StopNCII',
    state: 'active',
    signals: [{ type: 'ImagePDQ', value: HEX }],
    changedSeconds: 1625167804,
    caseCount: 2,
    opinions,
    regions: ['UK'],
    entries: [
      {
        hash: hashFromHex('pdq', HEX),
        labels: [],
        source: 'StopNCII',
        id: `ImagePDQ:${HEX}`,
        caseCount: 2,
        opinions,
      },
    ],
  });
  expect(withdrawn).toEqual({
    key: `VideoMD5:${MD5}`,
    source: 'StopNCII',
    state: 'withdrawn',
    signals: [{ type: 'VideoMD5', value: MD5 }],
    changedSeconds: 1625167844,
    caseCount: 0,
    entries: [
      {
        hash: hashFromHex('md5', MD5),
        labels: [],
        source: 'StopNCII',
        id: `VideoMD5:${MD5}`,
        caseCount: 0,
      },
    ],
  });
});

test.each([
  ['Active', 'active'],
  ['Withdrawn', 'withdrawn'],
  ['WITHDRAWN', 'withdrawn'],
  ['Deleted', 'deleted'],
  ['Received', 'pending'],
  ['Unknown', 'pending'],
  ['of a later version', 'pending'],
])('the status %s is %s, whatever the hash', (hashStatus, state) => {
  for (const record of [FIRST, SECOND]) {
    const { records } = read(withRecord({ ...record, hashStatus }));
    expect(updateOfStopNcii(records[0]!).state).toBe(state);
  }
});

test('capitals in a hash are folded, so that a withdrawal in capitals finds its entry', () => {
  const record = { ...FIRST, hashValue: HEX.toUpperCase() };
  expect(read(withRecord(record)).records[0]!.hashValue).toBe(HEX);
  const text = { ...FIRST, signalType: 'Text', hashValue: 'As It Is' };
  expect(read(withRecord(text)).records[0]!.hashValue).toBe('As It Is');
});

describe('unreadable parts are reported, with their position', () => {
  test.each([
    ['no object', 7, ['1 bad-record'], 0],
    ['no hash', { ...FIRST, hashValue: undefined }, ['1 bad-record'], 0],
    ['no type', { ...FIRST, signalType: null }, ['1 bad-record'], 0],
    ['a short hash', { ...FIRST, hashValue: HEX.slice(1) }, ['1 bad-hash'], 0],
    ['a digit that is none', { ...FIRST, hashValue: `${HEX.slice(1)}g` }, ['1 bad-hash'], 0],
    ['a short MD5', { ...SECOND, hashValue: MD5.slice(1) }, ['1 bad-hash'], 0],
    ['no status', { ...FIRST, hashStatus: undefined }, ['1 bad-record'], 1],
    ['no time', { ...FIRST, lastModtimestamp: -1 }, ['1 bad-record'], 1],
    ['cases in a list', { ...FIRST, caseNumbers: [] }, ['1 bad-record'], 1],
    ['a case of a number', { ...FIRST, caseNumbers: { a: null } }, ['1 bad-record'], 1],
    ['feedback as text', { ...FIRST, CSPFeedbacks: 'x' }, ['1 bad-record'], 1],
    ['feedback of null', { ...FIRST, CSPFeedbacks: [null] }, ['1 bad-record'], 1],
    [
      'tags as text',
      { ...FIRST, CSPFeedbacks: [{ tags: 'a' }] },
      ['1 bad-record', '1 bad-record'],
      1,
    ],
    ['regions as text', { ...FIRST, hashRegions: 'UK' }, ['1 bad-record'], 1],
  ])('%s', (_, record, problems, kept) => {
    const page = read({ ...REPLY, hashRecords: [record, SECOND] });
    expect(page.problems).toEqual(problems);
    expect(page.records).toHaveLength(kept + 1);
  });

  test('without onProblem, the first one is thrown', () => {
    const text = JSON.stringify({ ...REPLY, hashRecords: [SECOND, 7, 8] });
    const first = expect.objectContaining({ code: 'bad-record', record: 2 });
    expect(() => stopNciiPage(jsonObject(text), {})).toThrow(first);
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no records', { ...REPLY, hashRecords: undefined }],
    ['no end told', { ...REPLY, hasMoreRecords: 'false' }],
    ['no checkpoint', { ...REPLY, nextSetTimestamp: null }],
    ['more, but no token', { ...REPLY, nextPageToken: null }],
  ])('a reply with %s is invalid', (_, reply) => {
    const refusal = expect.objectContaining({ name: 'FormatError', code: 'bad-reply' });
    expect(() => read(reply)).toThrow(refusal);
  });
});

const STATUSES = ['Unknown', 'Received', 'Active', 'Withdrawn', 'Deleted'];
const FEEDBACK_VALUES = ['Unknown', 'None', 'PendingReview', 'Blocked', 'NotBlocked', 'Undefined'];
const word = (known: readonly string[]) =>
  fc.oneof(fc.constantFrom(...known), fc.string({ minLength: 1, maxLength: 8 }));
const tags = fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 });
const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const anyRecord: fc.Arbitrary<StopNciiRecord> = fc
  .record(
    {
      hash: fc.oneof(
        fc.record({ signalType: fc.constant('ImagePDQ'), hashValue: hex(64) }),
        fc.record({ signalType: fc.constant('VideoMD5'), hashValue: hex(32) }),
        fc.record({
          signalType: word(['Text', 'URL', 'PhotoDNA', '__proto__', 'constructor']),
          hashValue: fc.string({ minLength: 1 }),
        }),
      ),
      hashStatus: word(STATUSES),
      lastModtimestamp: fc.nat(),
      caseNumbers: fc.uniqueArray(fc.record({ id: fc.uuid(), status: word(STATUSES) }), {
        selector: ({ id }) => id,
        maxLength: 3,
      }),
      feedbacks: fc.array(
        fc.record(
          { source: fc.string(), feedbackValue: word(FEEDBACK_VALUES), tags },
          { requiredKeys: ['feedbackValue', 'tags'] },
        ),
        { maxLength: 3 },
      ),
      hashRegions: fc.array(fc.string(), { maxLength: 2 }),
    },
    { requiredKeys: ['hash', 'hashStatus', 'caseNumbers', 'feedbacks'] },
  )
  .map(({ hash, ...others }) => ({ ...hash, ...others }));

test('any page is read as the fake wrote it', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 5 }),
      fc.nat(),
      fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
      (records, nextSetTimestamp, nextPageToken) => {
        const page = {
          records,
          nextSetTimestamp,
          hasMoreRecords: nextPageToken !== undefined,
          ...(nextPageToken !== undefined && { nextPageToken }),
        };
        const onProblem = ({ message }: FormatError) => expect(message).toMatch(/lastModtimestamp/);
        const reply = jsonObject(writeStopNciiPage(page));
        const { unknown: _, ...again } = stopNciiPage(reply, { onProblem });
        expect(again).toEqual(page);
      },
    ),
    { numRuns: runs(500) },
  );
});

test('10,000 records with unknown words everywhere are all kept, and the words reported', () => {
  let kept = 0;
  const told = new Map<string, number>();
  for (let first = 0; first < 10_000; first += 500) {
    const hashRecords = Array.from({ length: 500 }, (_, i) => ({
      lastModtimestamp: first + i,
      signalType: `Type${(first + i) % 7}`,
      hashValue: `value ${first + i}`,
      hashStatus: `Status${i % 3}`,
      caseNumbers: { a: `Case${i % 2}` },
      CSPFeedbacks: [{ source: 's', feedbackValue: `Says${i % 5}`, tags: [], extra: i }],
      [`further${i % 4}`]: { any: [i] },
    }));
    const page = read({ ...REPLY, hashRecords, more: 1 });
    expect(page.problems).toEqual([]);
    kept += page.records.length;
    for (const [i, record] of page.records.entries()) {
      expect(record.further).toEqual({ [`further${i % 4}`]: { any: [i] } });
      expect(updateOfStopNcii(record).state).toBe('pending');
    }
    for (const { field, word: said, count } of page.unknown) {
      const name = said === undefined ? field : `${field}=${said}`;
      told.set(name, (told.get(name) ?? 0) + count);
    }
  }
  expect(kept).toBe(10_000);
  const sum = (of: string) =>
    [...told].reduce((all, [name, count]) => all + (name.startsWith(of) ? count : 0), 0);
  for (const field of ['signalType=Type', 'hashStatus=Status', 'caseNumbers=Case']) {
    expect(sum(field), field).toBe(10_000);
  }
  expect(sum('CSPFeedbacks.feedbackValue=Says')).toBe(10_000);
  expect(sum('CSPFeedbacks.extra')).toBe(10_000);
  expect(sum('further')).toBe(10_000);
  expect(told.get('more')).toBe(20);
});

test('unknown members are written again, and no name sets a prototype', () => {
  const text = `{"count":1,"nextSetTimestamp":1,"nextPageToken":null,"hasMoreRecords":false,"hashRecords":[{"lastModtimestamp":1,"signalType":"Text","hashValue":"x","hashStatus":"Active","caseNumbers":{"__proto__":"Active"},"__proto__":{"polluted":true},"more":[1]}]}`;
  const page = stopNciiPage(jsonObject(text), {});
  expect(writeStopNciiPage(page)).toBe(text);
  expect(page.records[0]!.caseNumbers).toEqual([{ id: '__proto__', status: 'Active' }]);
  expect('polluted' in page.records[0]!).toBe(false);
});

test('10,000 hostile replies are read or refused', async () => {
  await readsHostile(hostileJson(REPLY), (text, onProblem) => {
    const { records } = stopNciiPage(jsonObject(text), { onProblem });
    records.map(updateOfStopNcii);
  });
});

const anyFeedback: fc.Arbitrary<StopNciiFeedback> = fc.record({
  hashValue: hex(64),
  feedbackValue: word(FEEDBACK_VALUES),
  tags,
});

test('feedback is posted as documented', () => {
  const feedback = { hashValue: HEX, feedbackValue: 'Blocked', tags: ['Nude'] };
  expect(writeStopNciiFeedback([feedback])).toBe(
    `{"count":1,"hashFeedbacks":[{"hashValue":"${HEX}","feedbackValue":"Blocked","tags":["Nude"]}]}`,
  );
});

test('posted feedback is read back unchanged', () => {
  fc.assert(
    fc.property(fc.array(anyFeedback), (feedbacks) => {
      expect(readStopNciiFeedback(writeStopNciiFeedback(feedbacks))).toEqual(feedbacks);
    }),
  );
});

test('10,000 hostile posts are read or refused', async () => {
  const feedback = { hashValue: HEX, feedbackValue: 'Blocked', tags: ['Nude'] };
  await readsHostile(hostileJson(JSON.parse(writeStopNciiFeedback([feedback]))), (text) =>
    readStopNciiFeedback(text),
  );
});
