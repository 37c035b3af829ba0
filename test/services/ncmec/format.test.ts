import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { hashFromHex } from '../../../src/hash.js';
import { readNcmecFeedback, writeNcmecEntries } from '../../../src/services/ncmec/fake.js';
import {
  NCMEC_LISTS,
  type NcmecEntry,
  ncmecReasons,
  ncmecReply,
  writeNcmecFeedback,
} from '../../../src/services/ncmec/format.js';
import { runs } from '../../seed.js';
import { hostileText, readsHostile } from '../hostile.js';

const PDQ = '0123456789abcdef'.repeat(4);
const MD5 = 'a1'.repeat(16);
const SHA1 = 'b2'.repeat(20);
const NS = 'xmlns="https://hashsharing.ncmec.org/hashsharing/v2"';

/** Put into texts that are read. */
const HOSTILE_XML = [
  ...['<!DOCTYPE', '<!ENTITY x "y">', '&x;', '&#x41;', ']]>', '<![CDATA[', '<!--', '<?', '"', '<'],
  ...['<image>', '</image>', '<pdq>', '<__proto__>', '<member constructor="1">', '>', '</', 'qqq'],
];

async function read(text: string, list: (typeof NCMEC_LISTS)['industry'] = INDUSTRY) {
  const problems: string[] = [];
  const onProblem = ({ code, record }: FormatError) => problems.push(`${record} ${code}`);
  return { ...(await ncmecReply(text, list, { onProblem })), problems };
}
const INDUSTRY = NCMEC_LISTS.industry;

const SAMPLE = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<queryResult ${NS}>
  <images count="2" maxTimestamp="2017-10-24T15:10:00Z">
    <image>
      <member id="42">Example Member</member>
      <timestamp>2017-10-24T15:00:00Z</timestamp>
      <id>image1</id>
      <classification>A1</classification>
      <fingerprints>
        <md5>${MD5.toUpperCase()}</md5>
        <pdna>12,3,4</pdna>
        <pdq>${PDQ.toUpperCase()}</pdq>
      </fingerprints>
      <feedback lastUpdateTimestamp="2023-06-01T12:48:14Z">
        <affirmativeFeedback type="Md5" lastUpdateTimestamp="2023-06-01T12:48:14Z">
          <members timestamp="2023-06-01T12:48:14Z">
            <member id="42">Example Member</member><member id="7">Seven</member>
          </members>
        </affirmativeFeedback>
        <negativeFeedback type="Pdq" lastUpdateTimestamp="2023-05-31T19:41:51Z">
          <reasons>
            <reason guid="01234567-abcd-0123-4567-012345678900" name="Not a match" type="Pdq"/>
            <members timestamp="2023-06-01T12:48:14Z"><member id="8">Eight</member></members>
          </reasons>
        </negativeFeedback>
      </feedback>
    </image>
    <deletedImage>
      <member id="43">Other</member>
      <id>image4</id>
      <timestamp>2017-10-24T15:10:00Z</timestamp>
    </deletedImage>
  </images>
  <videos count="1" maxTimestamp="2017-10-24T15:20:00Z">
    <video>
      <member id="42">Example Member</member>
      <timestamp>2017-10-24T15:00:00Z</timestamp>
      <id>video1</id>
      <fingerprints>
        <md5>${MD5}</md5>
        <sha1>${SHA1}</sha1>
        <pdq>${PDQ}</pdq>
        <tmk-pdqf rel="self" href="/v2/entries/1/fingerprints/TMK_PDQF"/>
      </fingerprints>
    </video>
  </videos>
  <paging>
    <next>/v2/entries?from=2017-10-20T00%3A00%3A00.000Z&amp;to=2017-10-30T00%3A00%3A00.000Z&amp;start=2001&amp;size=1000&amp;max=3000</next>
  </paging>
</queryResult>`;

describe('a page of entries', () => {
  test('as documented', async () => {
    const { updates, unknown, problems, next } = await read(SAMPLE);
    const source = 'ncmec/industry';
    const opinions = [
      { from: '42', says: 'affirmative', tags: ['Md5'] },
      { from: '7', says: 'affirmative', tags: ['Md5'] },
      { from: '8', says: 'negative', tags: ['Pdq', 'Not a match'] },
    ];
    expect(updates).toEqual([
      {
        key: '42/image1',
        source,
        state: 'active',
        signals: [
          { type: 'md5', value: MD5 },
          { type: 'pdna', value: '12,3,4' },
          { type: 'pdq', value: PDQ },
        ],
        entries: [hashFromHex('md5', MD5), hashFromHex('pdq', PDQ)].map((hash) =>
          expect.objectContaining({ hash, labels: ['A1'], source, id: '42/image1' }),
        ),
        changedSeconds: Date.UTC(2017, 9, 24, 15) / 1000,
        opinions,
      },
      {
        key: '43/image4',
        source,
        state: 'deleted',
        signals: [],
        entries: [],
        changedSeconds: Date.UTC(2017, 9, 24, 15, 10) / 1000,
      },
      {
        key: '42/video1',
        source,
        state: 'active',
        signals: [
          { type: 'md5', value: MD5 },
          { type: 'sha1', value: SHA1 },
          { type: 'pdq', value: PDQ },
          { type: 'tmk-pdqf', value: '/v2/entries/1/fingerprints/TMK_PDQF' },
        ],
        // No PDQ of a video, whose frames it may be of.
        entries: [hashFromHex('md5', MD5), hashFromHex('sha1', SHA1)].map((hash) => ({
          ...{ hash, labels: [], source, id: '42/video1' },
        })),
        changedSeconds: Date.UTC(2017, 9, 24, 15) / 1000,
      },
    ]);
    expect(next).toMatch(/^\/v2\/entries\?from=.*&to=.*&max=3000$/);
    expect({ unknown, problems }).toEqual({ unknown: [], problems: [] });
  });

  test('an empty one', async () => {
    const text = `<queryResult ${NS}><images count="0"/><videos count="0"/></queryResult>`;
    expect(await read(text)).toEqual({ entries: [], updates: [], unknown: [], problems: [] });
  });

  test('entries of the lists of generative AI keep that label', async () => {
    for (const [name, { baseUrl, source, labels }] of Object.entries(NCMEC_LISTS)) {
      const list = { baseUrl, source, labels: [...labels] };
      const { updates } = await read(SAMPLE, list as never);
      expect(updates[0]!.source).toBe(source);
      const isGenerative = updates[0]!.entries[0]!.labels.includes('generative-ai');
      expect(isGenerative).toBe(name.startsWith('generativeAi'));
      expect(isGenerative).toBe(baseUrl.includes('/generative-ai-'));
    }
    expect(Object.keys(NCMEC_LISTS)).toHaveLength(14);
    const bases = Object.values(NCMEC_LISTS).map(({ baseUrl }) => baseUrl);
    expect(new Set(bases).size).toBe(14);
    expect(new Set(Object.values(NCMEC_LISTS).map(({ source }) => source)).size).toBe(14);
  });

  test('unknown words are kept and reported', async () => {
    const { updates, unknown, problems } = await read(`<queryResult>
      <images><image><member id="1"/><id>a</id><timestamp>2020-01-01T00:00:00Z</timestamp>
        <classification>Z9</classification><colour>red</colour>
        <fingerprints><md7>ff</md7><pdq>${PDQ}</pdq></fingerprints>
        <feedback><mixedFeedback/></feedback></image></images>
      <documents><document><member id="1"/><id>b</id><timestamp>2020-01-01T00:00:00Z</timestamp>
        <fingerprints><pdq>${PDQ}</pdq></fingerprints></document><deletedDocument><member id="1"/><id>c</id>
        <timestamp>2020-01-01T00:00:00Z</timestamp></deletedDocument></documents></queryResult>`);
    expect(updates.map(({ key, state }) => `${key} ${state}`)).toEqual([
      '1/a active',
      '1/b active',
      '1/c deleted',
    ]);
    expect(updates.map(({ entries }) => entries.length)).toEqual([1, 1, 0]);
    expect(updates[0]!.entries[0]!.labels).toEqual(['Z9']);
    expect(updates[0]!.signals).toEqual([
      { type: 'md7', value: 'ff' },
      { type: 'pdq', value: PDQ },
    ]);
    expect(unknown).toEqual([
      { field: 'colour', count: 1 },
      { field: 'classification', word: 'Z9', count: 1 },
      { field: 'fingerprints.md7', count: 1 },
      { field: 'feedback.mixedFeedback', count: 1 },
      { field: 'documents', count: 1 },
      { field: 'entry', word: 'document', count: 2 },
    ]);
    expect(problems).toEqual([]);
  });

  test('malformed parts are reported with their record, and the others are read', async () => {
    const image = (inner: string) => `<image>${inner}</image>`;
    const ids = '<member id="1"/><id>a</id>';
    const time = '<timestamp>2020-01-01T00:00:00Z</timestamp>';
    const text = `<queryResult><images>${[
      image(`<id>a</id>${time}`),
      image(`<member id=""/><id>a</id>${time}`),
      image(`<member id="1/2"/><id>a</id>${time}`),
      image(`<member id="1"/>${time}`),
      image(`<member id="1"/><id>${'x'.repeat(70_000)}</id>${time}`),
      image(`${ids}<timestamp>yesterday</timestamp>`),
      image(ids),
      image(`${ids}${time}<fingerprints><pdq>${PDQ}0</pdq><md5>${MD5}</md5></fingerprints>`),
      image(`${ids}${time}<fingerprints><pdq/></fingerprints>`),
      image(`${ids}${time}<x>${'<y/>'.repeat(20_000)}</x>`),
      image(`${ids}${time}`),
    ].join('')}</images></queryResult>`;
    const { updates, problems } = await read(text);
    expect(updates).toHaveLength(5);
    expect(updates[2]!.entries.map(({ hash }) => hash)).toEqual([hashFromHex('md5', MD5)]);
    expect(updates[2]!.signals).toHaveLength(2);
    expect(problems).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7].map((record) => `${record} bad-record`),
      '8 bad-hash',
      '9 bad-record',
      '10 bad-record',
    ]);
    const first = expect.objectContaining({ code: 'bad-record', record: 1 });
    await expect(ncmecReply(text, INDUSTRY, {})).rejects.toEqual(first);
  });

  test.each([
    ['<entries/>', 'bad-reply'],
    ['<html><body/></html>', 'bad-reply'],
    ['{}', 'bad-xml'],
    [`<queryResult><paging><next>${'x'.repeat(70_000)}</next></paging></queryResult>`, 'bad-reply'],
    [`<queryResult><paging>${'<x/>'.repeat(20_000)}</paging></queryResult>`, 'bad-reply'],
    [SAMPLE.slice(0, -5), 'bad-xml'],
    [`<!DOCTYPE a [<!ENTITY b "c">]>${SAMPLE.slice(SAMPLE.indexOf('<query'))}`, 'bad-xml'],
  ])('%#: another document is refused', async (text, code) => {
    await expect(read(text)).rejects.toMatchObject({ code });
  });
});

const words = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 9 })
  .map((text) =>
    text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '').trim(),
  )
  .filter((text) => text !== '');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const known = <T>(...values: T[]) => fc.constantFrom(...values);

/** Any entry; `odd` decides how words are drawn that come from a fixed set. */
const entryWith = (word: (...values: string[]) => fc.Arbitrary<string>): fc.Arbitrary<NcmecEntry> =>
  fc
    .record({
      kind: word('image', 'video'),
      isDeleted: fc.boolean(),
      memberId: words.filter((text) => !text.includes('/')),
      memberName: optional(words),
      id: words,
      timestamp: optional(
        fc
          .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
          .map((d) => d.toISOString()),
      ),
      classification: optional(word('A1', 'A2', 'B1', 'B2')),
      fingerprints: fc.array(
        fc.oneof(
          fc.record({ type: word('pdna', 'netclean'), value: words }),
          fc.constantFrom({ type: 'pdq', value: PDQ }, { type: 'md5', value: MD5 }),
          fc.record({ type: known('sha1'), value: fc.stringMatching(/^[0-9a-f]{40}$/) }),
          fc.record({ type: word('tmk-pdqf'), value: words, isLink: fc.constant(true) }),
        ),
        { maxLength: 4 },
      ),
      votes: fc.array(
        fc.record(
          {
            isAffirmative: fc.boolean(),
            type: words,
            memberId: words,
            reason: words,
            reasonId: words,
          },
          { requiredKeys: ['isAffirmative', 'type', 'memberId'] },
        ),
        { maxLength: 3 },
      ),
    })
    .map(({ votes, ...entry }) => ({
      ...(Object.fromEntries(
        Object.entries(entry).filter(([, value]) => value !== undefined),
      ) as unknown as NcmecEntry),
      // A reason is of a negative vote.
      votes: votes.map((vote) => {
        const { reason: _, reasonId: __, ...affirmative } = vote;
        return vote.isAffirmative ? affirmative : vote;
      }),
    }));

describe('properties', () => {
  test('output of the fake is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entryWith(known), { maxLength: 5 }),
        optional(words),
        async (entries, next) => {
          const text = writeNcmecEntries(entries, next === undefined ? {} : { next });
          const whole = await read(text);
          // Images come before videos.
          const sorted = ['image', 'video'].flatMap((k) =>
            entries.filter(({ kind }) => kind === k),
          );
          expect(whole.entries).toEqual(sorted);
          expect(whole.next).toBe(next);
          expect(whole.unknown).toEqual([]);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test('10,000 entries with unknown words and elements are all kept, and the unknowns reported', async () => {
    const odd = (...values: string[]) =>
      fc.oneof(known(...values), fc.stringMatching(/^x[a-z]{1,6}$/));
    const some = fc.sample(entryWith(odd), 500);
    const entries = Array.from({ length: 10_000 }, (_, at) => ({
      ...some[at % 500]!,
      id: `${at}`,
    }));
    const extra = '<colour tone="dark">red<!-- --></colour>';
    const text = writeNcmecEntries(entries).replaceAll('<id>', `${extra}<id>`);
    const { updates, unknown, problems } = await read(text);
    const keys = new Set(updates.map(({ key }) => key));
    expect(keys.size).toBe(10_000);
    const untimed = entries.filter(({ timestamp }) => timestamp === undefined).length;
    expect(problems).toHaveLength(untimed);
    const told = new Map(unknown.map(({ field, word, count }) => [`${field} ${word}`, count]));
    expect(told.get('colour undefined')).toBe(10_000);
    for (const { kind, classification, fingerprints } of entries) {
      if (kind.startsWith('x')) expect(told.has(`entry ${kind}`)).toBe(true);
      if (classification?.startsWith('x')) {
        expect(told.has(`classification ${classification}`)).toBe(true);
      }
      for (const { type } of fingerprints) {
        if (type.startsWith('x')) expect(told.has(`fingerprints.${type} undefined`)).toBe(true);
      }
    }
  });

  test('hostile texts are read or refused', async () => {
    const texts = hostileText(SAMPLE, HOSTILE_XML);
    await readsHostile(texts, async (text, onProblem) => {
      const { entries, updates } = await ncmecReply(text, INDUSTRY, { onProblem });
      expect(updates).toHaveLength(entries.length);
    });
  });
});

describe('feedback', () => {
  test('is written as documented, and read back', async () => {
    const reasonIds = ['01234567-abcd-0123-4567-012345678900', 'a<b'];
    const affirmative = writeNcmecFeedback({ says: 'affirmative' });
    expect(affirmative).toBe(
      `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<feedbackSubmission ${NS}><affirmative></affirmative></feedbackSubmission>\n`,
    );
    expect(await readNcmecFeedback(affirmative)).toEqual({ says: 'affirmative' });
    const negative = writeNcmecFeedback({ says: 'negative', reasonIds });
    expect(negative).toContain(
      '<negative><reasonIds><guid>01234567-abcd-0123-4567-012345678900</guid><guid>a&lt;b</guid></reasonIds></negative>',
    );
    expect(await readNcmecFeedback(negative)).toEqual({ says: 'negative', reasonIds });
  });

  test('a negative vote has reasons, and an affirmative one none', async () => {
    expect(() => writeNcmecFeedback({ says: 'negative' })).toThrow(RangeError);
    expect(() => writeNcmecFeedback({ says: 'affirmative', reasonIds: ['a'] })).toThrow(RangeError);
    expect(() => writeNcmecFeedback({ says: 'maybe' as never })).toThrow(RangeError);
    const none = '<feedbackSubmission><negative><reasonIds/></negative></feedbackSubmission>';
    await expect(readNcmecFeedback(none)).rejects.toMatchObject({ code: 'bad-reply' });
    await expect(readNcmecFeedback('<feedbackSubmission/>')).rejects.toThrow(FormatError);
    const both = '<feedbackSubmission><affirmative/><negative/></feedbackSubmission>';
    await expect(readNcmecFeedback(both)).rejects.toThrow(FormatError);
  });
});

test('hostile texts of each other kind are read or refused', async () => {
  const reasonIds = ['01234567-abcd-0123-4567-012345678900'];
  const vote = writeNcmecFeedback({ says: 'negative', reasonIds });
  const good: [string, (text: string) => unknown][] = [
    [vote, readNcmecFeedback],
    [
      '<availableFeedbackReasons><reason guid="g" name="n" type="T"/></availableFeedbackReasons>',
      ncmecReasons,
    ],
  ];
  for (const [text, reader] of good) await readsHostile(hostileText(text, HOSTILE_XML), reader);
});

test('reasons', async () => {
  expect(
    await ncmecReasons(
      `<availableFeedbackReasons ${NS}><reason guid="g" name="n" type="Sha1"/></availableFeedbackReasons>`,
    ),
  ).toEqual([{ id: 'g', name: 'n', type: 'Sha1' }]);
  await expect(ncmecReasons('<members/>')).rejects.toThrow(FormatError);
});
