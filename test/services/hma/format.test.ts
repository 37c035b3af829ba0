import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkEntry } from '../../../src/entry.js';
import { FormatError } from '../../../src/errors.js';
import { hashFromHex } from '../../../src/hash.js';
import { writeHmaContent } from '../../../src/services/hma/fake.js';
import {
  type HmaContent,
  hmaContent,
  hmaLookup,
  updateOfHmaContent,
} from '../../../src/services/hma/format.js';
import { jsonObject } from '../../../src/text/json.js';
import { runs } from '../../seed.js';
import { hostileJson, readsHostile } from '../hostile.js';

const PDQ = '0123456789abcdef'.repeat(4);
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

const REPLY = {
  id: 1234,
  disable_until_ts: 1,
  collab_metadata: { NCMEC_SHARE: ['42-image1', '43-image2'] },
  original_media_uri: null,
  bank: { name: 'NCMEC_SHARE', matching_enabled_ratio: 1.0 },
  signals: { pdq: PDQ.toUpperCase(), video_md5: MD5 },
};

function read(reply: object) {
  const problems: string[] = [];
  const onProblem = ({ code }: FormatError) => problems.push(code);
  return { ...hmaContent(jsonObject(JSON.stringify(reply)), { onProblem }), problems };
}

describe('content', () => {
  test('as an HMA returns it', () => {
    const { content, unknown, problems } = read(REPLY);
    expect({ unknown, problems }).toEqual({ unknown: [], problems: [] });
    expect(content).toEqual({
      id: '1234',
      bank: { name: 'NCMEC_SHARE', enabledRatio: 1 },
      disableUntil: 1,
      signals: [
        { type: 'pdq', value: PDQ },
        { type: 'video_md5', value: MD5 },
      ],
      exchanges: [{ name: 'NCMEC_SHARE', keys: ['42-image1', '43-image2'] }],
    });
    expect(updateOfHmaContent(content, 100)).toEqual({
      key: '1234',
      source: 'HMA/NCMEC_SHARE',
      state: 'active',
      signals: content.signals,
      entries: [hashFromHex('pdq', PDQ), hashFromHex('md5', MD5)].map((hash) =>
        expect.objectContaining({ hash, id: '1234', source: 'HMA/NCMEC_SHARE' }),
      ),
    });
  });

  test('frames of a video are of one group', () => {
    const rows = [`${PDQ},100,0.0`, `${PDQ.toUpperCase()},7,1.23e+02`];
    const of = (vpdq: string) => read({ ...REPLY, signals: { vpdq } });
    const { content, unknown, problems } = of(JSON.stringify(rows));
    expect({ unknown, problems }).toEqual({ unknown: [], problems: [] });
    const { entries } = updateOfHmaContent(content, 100);
    const frame = {
      ...{ hash: hashFromHex('pdq', PDQ), id: '1234', source: 'HMA/NCMEC_SHARE' },
      ...{ variant: 'frame', resample: 'none', group: expect.stringMatching(/^[\da-f]{64}$/) },
    };
    expect(entries).toMatchObject([
      { ...frame, quality: 100, seconds: 0 },
      { ...frame, quality: 7, seconds: 123 },
    ]);
    expect(entries[0]!.group).toBe(entries[1]!.group);
    for (const entry of entries) checkEntry(entry);
    for (const wrong of [
      'x',
      '{}',
      '[1]',
      `["${PDQ},101,0"]`,
      `["${PDQ},1,1e99"]`,
      `["${PDQ},1"]`,
    ]) {
      const other = of(wrong);
      expect(other.problems, wrong).toEqual(['bad-hash']);
      expect(updateOfHmaContent(other.content, 100).entries).toEqual([]);
    }
  });

  test('its provenance may be in its metadata', () => {
    const { collab_metadata: collab, ...rest } = REPLY;
    const { content } = read({ ...rest, metadata: { collab }, note: 'n' });
    expect(content).toMatchObject({
      note: 'n',
      exchanges: [{ name: 'NCMEC_SHARE', keys: ['42-image1', '43-image2'] }],
    });
  });

  test.each([
    [1, 1, 'active'],
    [0, 1, 'withdrawn'],
    [200, 1, 'withdrawn'],
    [100, 1, 'active'],
    [99, 1, 'active'],
    [1, 0.5, 'active'],
    [1, 0, 'withdrawn'],
  ])('off until %i, in a bank that is on for %d of lookups: %s', (until, ratio, state) => {
    const bank = { name: 'A', matching_enabled_ratio: ratio };
    const { content } = read({ ...REPLY, disable_until_ts: until, bank });
    expect(updateOfHmaContent(content, 100).state).toBe(state);
  });

  test('unknown or malformed parts are reported, and the content is kept', () => {
    const { content, unknown, problems } = read({
      ...REPLY,
      disable_until_ts: 'soon',
      colour: 'red',
      signals: { pdq: `${PDQ}0`, tlsh: 'T1', empty: '', video_md5: [] },
    });
    expect(content.disableUntil).toBe(1);
    expect(content.signals.map(({ type }) => type)).toEqual(['pdq', 'tlsh']);
    expect(updateOfHmaContent(content, 0).entries).toEqual([]);
    expect(problems).toEqual(['bad-record', 'bad-hash', 'bad-record']);
    expect(unknown).toEqual([
      { field: 'colour', count: 1 },
      { field: 'signals', word: 'tlsh', count: 1 },
      { field: 'signals', word: 'empty', count: 1 },
    ]);
    expect(() => read({ id: 1 })).toThrow(expect.objectContaining({ code: 'bad-reply' }));
  });

  test('output of the fake is read', () => {
    const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
    const content: fc.Arbitrary<HmaContent> = fc.record(
      {
        id: fc.oneof(fc.nat().map(String), words),
        bank: fc.record({ name: words, enabledRatio: fc.constantFrom(0, 0.5, 1) }),
        disableUntil: fc.nat(),
        signals: fc.uniqueArray(fc.record({ type: words, value: words }), {
          maxLength: 3,
          selector: ({ type }) => type,
        }),
        exchanges: fc.uniqueArray(
          fc.record({ name: words, keys: fc.array(words, { maxLength: 3 }) }),
          { maxLength: 3, selector: ({ name }) => name },
        ),
        uri: words,
        note: words,
      },
      { requiredKeys: ['id', 'bank', 'disableUntil', 'signals', 'exchanges'] },
    );
    const byName = <T extends object>(list: readonly T[]) =>
      [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    fc.assert(
      fc.property(content, (one) => {
        const text = writeHmaContent(one);
        const { content: read } = hmaContent(jsonObject(text), {});
        // An object puts members that are numbers first.
        const sorted = (each: HmaContent) => ({
          ...each,
          signals: byName(each.signals),
          exchanges: byName(each.exchanges),
        });
        expect(sorted(read)).toEqual(sorted(one));
        expect(writeHmaContent(read)).toBe(text);
      }),
      { numRuns: runs(300) },
    );
  });

  test('10,000 hostile replies are read or refused', async () => {
    await readsHostile(hostileJson(REPLY), (text, onProblem) => {
      const { content } = hmaContent(jsonObject(text), { onProblem });
      updateOfHmaContent(content, 1);
    });
  });
});

describe('lookups', () => {
  test('distances are texts, and the banks are named', () => {
    expect(
      hmaLookup(
        '{"A":[{"bank_content_id":7,"distance":"4"}],"B":[{"bank_content_id":8,"distance":0}]}',
      ),
    ).toEqual([
      { bank: 'A', contentId: '7', distance: 4 },
      { bank: 'B', contentId: '8', distance: 0 },
    ]);
    expect(hmaLookup('{}')).toEqual([]);
  });

  test.each([
    '{"message":"index not ready"}',
    '{"A":[7]}',
    '{"A":[{"bank_content_id":7}]}',
    '{"A":[{"distance":"7"}]}',
    '{"A":[{"bank_content_id":7,"distance":"257"}]}',
    '{"A":[{"bank_content_id":7,"distance":"near"}]}',
    '[]',
    '',
  ])('%j is not read as hits', (text) => {
    expect(() => hmaLookup(text)).toThrow(FormatError);
  });

  test('10,000 hostile lookups are read or refused', async () => {
    const reply = { A: [{ bank_content_id: 7, distance: '4' }], B: [] };
    await readsHostile(hostileJson(reply), hmaLookup);
  });
});
