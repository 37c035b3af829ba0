import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FormatError } from '../../../src/errors.js';
import { hashFromHex } from '../../../src/hash.js';
import { writeThreatUpdates } from '../../../src/services/threat-exchange/fake.js';
import {
  type ThreatUpdate,
  threatUpdatesPage,
  updateOfThreat,
} from '../../../src/services/threat-exchange/format.js';
import { jsonObject } from '../../../src/text/json.js';
import { runs } from '../../seed.js';
import { hostileJson, readsHostile } from '../hostile.js';

const SOURCE = 'ThreatExchange';
const PDQ = '0123456789abcdef'.repeat(4);

const REPLY = {
  data: [
    {
      id: '4194946153908639',
      indicator: PDQ.toUpperCase(),
      type: 'HASH_PDQ',
      last_updated: 1_600_000_100,
      should_delete: false,
      descriptors: {
        data: [
          {
            id: '11',
            owner: { id: '101' },
            status: 'MALICIOUS',
            tags: {
              data: [
                { id: '7', text: 'bad' },
                { id: '8', text: 'worse' },
              ],
            },
            reactions: [
              { key: 'HELPFUL', value: '102,103' },
              { key: 'SAW_THIS_TOO', value: '104' },
            ],
          },
        ],
      },
    },
    {
      id: '5',
      indicator: 'd41d8cd98f00b204e9800998ecf8427e',
      type: 'HASH_VIDEO_MD5',
      last_updated: 1_600_000_200,
      should_delete: true,
    },
  ],
  paging: {
    cursors: { after: 'x' },
    next: 'https://graph.facebook.com/v21.0/1/threat_updates/?access_token=1%7Csecret&limit=2&after=x',
  },
};

function read(reply: unknown) {
  const problems: string[] = [];
  const onProblem = ({ code, record }: FormatError) => problems.push(`${record} ${code}`);
  const text = typeof reply === 'string' ? reply : JSON.stringify(reply);
  return { ...threatUpdatesPage(jsonObject(text), { onProblem }), problems };
}

describe('a reply of threat_updates', () => {
  test('as documented', () => {
    const { records, unknown, problems, next } = read(REPLY);
    expect({ unknown, problems }).toEqual({ unknown: [], problems: [] });
    expect(next).toBe('https://graph.facebook.com/v21.0/1/threat_updates/?limit=2&after=x');
    expect(records.map((record) => updateOfThreat(record, SOURCE))).toEqual([
      {
        key: '4194946153908639',
        source: 'ThreatExchange',
        state: 'active',
        signals: [{ type: 'HASH_PDQ', value: PDQ }],
        changedSeconds: 1_600_000_100,
        opinions: [
          { from: '101', says: 'MALICIOUS', tags: ['bad', 'worse'] },
          { from: '102', says: 'HELPFUL' },
          { from: '103', says: 'HELPFUL' },
          { from: '104', says: 'SAW_THIS_TOO' },
        ],
        entries: [
          expect.objectContaining({ hash: hashFromHex('pdq', PDQ), labels: ['bad', 'worse'] }),
        ],
      },
      {
        key: '5',
        source: 'ThreatExchange',
        state: 'deleted',
        signals: [{ type: 'HASH_VIDEO_MD5', value: 'd41d8cd98f00b204e9800998ecf8427e' }],
        changedSeconds: 1_600_000_200,
        entries: [
          {
            hash: hashFromHex('md5', 'd41d8cd98f00b204e9800998ecf8427e'),
            labels: [],
            source: 'ThreatExchange',
            id: '5',
          },
        ],
      },
    ]);
  });

  test('no link gives the token away', () => {
    const nextOf = (next: string) => read({ data: [], paging: { next } }).next;
    const base = 'https://graph.facebook.com/x';
    expect(nextOf(`${base}?access_token=secret`)).toBe(base);
    expect(nextOf(`${base}?a=1&access_token=secret&access_token=secret&b=2`)).toBe(
      `${base}?a=1&b=2`,
    );
    expect(nextOf(`${base}?access_token=secret&Access_Token=secret&b=2`)).toBe(`${base}?b=2`);
    expect(nextOf(`${base}?no_access_token=1`)).toBe(`${base}?no_access_token=1`);
    expect(nextOf(base)).toBe(base);
  });

  const descriptor = (status: string, more: object = {}) => ({
    id: '1',
    owner: { id: '101' },
    status,
    ...more,
  });
  const helpful = { reactions: [{ key: 'HELPFUL', value: '102' }] };
  const disagree = { reactions: [{ key: 'DISAGREE_WITH_TAGS', value: '102' }] };
  test.each([
    ['malicious', [descriptor('MALICIOUS')], 'active'],
    ['two agree', [descriptor('MALICIOUS'), descriptor('MALICIOUS')], 'active'],
    ['a seed', [descriptor('SUSPICIOUS')], 'pending'],
    ['a word of a later version', [descriptor('DREADFUL')], 'pending'],
    ['a seed that another found helpful', [descriptor('UNKNOWN', helpful)], 'active'],
    ['malicious, and another objects', [descriptor('MALICIOUS', disagree)], 'pending'],
    ['disputed', [descriptor('MALICIOUS'), descriptor('NON_MALICIOUS')], 'pending'],
    ['harmless, and a seed', [descriptor('NON_MALICIOUS'), descriptor('UNKNOWN')], 'pending'],
    ['harmless', [descriptor('NON_MALICIOUS')], 'withdrawn'],
    [
      'an owner who reacts too',
      [descriptor('NON_MALICIOUS', { reactions: [{ key: 'HELPFUL', value: '101' }] })],
      'withdrawn',
    ],
    ['none', [], 'deleted'],
    ['absent', undefined, 'deleted'],
    ['unreadable', 7, 'pending'],
    ['without an owner', [{ id: '1', status: 'MALICIOUS' }], 'pending'],
  ])('descriptors: %s', (_, descriptors, state) => {
    const record = { ...REPLY.data[0], descriptors };
    const wrapped = Array.isArray(descriptors) ? { data: descriptors } : descriptors;
    for (const form of [descriptors, wrapped]) {
      const { records } = read({ data: [{ ...record, descriptors: form }] });
      expect(updateOfThreat(records[0]!, SOURCE).state).toBe(state);
    }
    const gone = read({ data: [{ ...record, should_delete: true }] });
    expect(updateOfThreat(gone.records[0]!, SOURCE).state).toBe('deleted');
  });

  test.each([
    ['true', true],
    [1, true],
    ['maybe', false],
  ])('should_delete as %j is reported, and a deletion is not missed', (word, shouldDelete) => {
    const { records, problems } = read({ data: [{ ...REPLY.data[0], should_delete: word }] });
    expect(records).toMatchObject([{ shouldDelete }]);
    expect(problems).toHaveLength(1);
  });

  test('malformed parts are reported with their record, and the others are read', () => {
    const good = REPLY.data[0]!;
    const { records, problems } = read({
      data: [
        7,
        { ...good, id: undefined },
        { ...good, type: '' },
        { ...good, indicator: {} },
        { ...good, indicator: `${PDQ}0` },
        { ...good, last_updated: 'yesterday' },
        { ...good, descriptors: { data: [{}, good.descriptors!.data[0]] } },
        { ...good, descriptors: { data: [{ ...good.descriptors!.data[0], reactions: [7] }] } },
        good,
      ],
    });
    expect(problems).toEqual([
      '1 bad-record',
      '2 bad-record',
      '3 bad-record',
      '4 bad-record',
      '5 bad-hash',
      '6 bad-record',
      '7 bad-record',
      '8 bad-record',
    ]);
    expect(records).toHaveLength(5);
    expect(updateOfThreat(records[0]!, SOURCE)).toMatchObject({ state: 'active', entries: [] });
    expect(records[2]!.descriptors).toHaveLength(1);
    const thrown = (reply: object) => () =>
      threatUpdatesPage(jsonObject(JSON.stringify(reply)), {});
    expect(thrown({ data: [7] })).toThrow(expect.objectContaining({ record: 1 }));
    expect(thrown({ error: {} })).toThrow(expect.objectContaining({ code: 'bad-reply' }));
  });
});

const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
const ids = fc.stringMatching(/^[0-9]{1,18}$/);
const record: fc.Arbitrary<ThreatUpdate> = fc.record(
  {
    id: ids,
    indicator: fc.stringMatching(/^[0-9a-f]{64}$/),
    type: fc.oneof(fc.constantFrom('HASH_PDQ', 'HASH_MD5'), words),
    lastUpdated: fc.nat(),
    shouldDelete: fc.boolean(),
    descriptors: fc.array(
      fc.record({
        id: ids,
        ownerId: ids,
        status: words,
        tags: fc.array(words, { maxLength: 2 }),
        reactions: fc.array(fc.record({ key: words, ownerIds: fc.array(ids, { maxLength: 3 }) }), {
          maxLength: 2,
        }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: ['id', 'indicator', 'type', 'lastUpdated', 'shouldDelete'] },
);

test('output of the fake is read', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 5 }), (records) => {
      const page = read(writeThreatUpdates(records, { next: 'https://x/?after=1' }));
      expect(page.records).toEqual(records);
      expect(page.next).toBe('https://x/?after=1');
    }),
    { numRuns: runs(200) },
  );
});

test('10,000 records with unknown words everywhere are all kept, and the words reported', () => {
  const data = Array.from({ length: 10_000 }, (_, at) => ({
    id: `${at}`,
    indicator: `value ${at}`,
    type: `TYPE_${at % 7}`,
    last_updated: at,
    should_delete: false,
    [`further${at % 3}`]: {},
    descriptors: {
      data: [
        {
          id: '1',
          owner: { id: '2' },
          status: `STATUS_${at % 5}`,
          reactions: [{ key: `KEY_${at % 4}`, value: '3' }],
          more: 1,
        },
      ],
    },
  }));
  const { records, unknown, problems } = read({ data, also: 1 });
  expect(problems).toEqual([]);
  expect(new Set(records.map((one) => updateOfThreat(one, SOURCE).key)).size).toBe(10_000);
  const sum = (field: string) =>
    unknown.filter((one) => one.field === field).reduce((all, { count }) => all + count, 0);
  for (const field of ['type', 'descriptors.status', 'descriptors.reactions', 'descriptors.more']) {
    expect(sum(field), field).toBe(10_000);
  }
  expect(sum('further0') + sum('further1') + sum('further2')).toBe(10_000);
  expect(sum('also')).toBe(1);
});

test('10,000 hostile replies are read or refused', async () => {
  await readsHostile(hostileJson(REPLY), (text, onProblem) => {
    const { records } = threatUpdatesPage(jsonObject(text), { onProblem });
    records.map((one) => updateOfThreat(one, SOURCE));
  });
});
