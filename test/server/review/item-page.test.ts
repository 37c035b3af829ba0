import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BlocklistEntry } from '../../../src/entry.js';
import { hashFromHex } from '../../../src/hash.js';
import { pdqOutline } from '../../../src/hashing/pdq-outline.js';
import {
  type Decision,
  type DecisionReason,
  decisionOf,
  type Match,
} from '../../../src/matching/decision.js';
import { policyFor } from '../../../src/policy.js';
import { placeOf } from '../../../src/server/review/place.js';
import { ruleOf } from '../../../src/server/review/rule.js';
import type { Store } from '../../../src/store/store.js';
import type { VariantGeometry } from '../../../src/variant.js';
import { hexOf } from '../../node/files/fed-services.js';
import { databaseOf, openStore } from '../../store/opened.js';
import {
  decisionNear,
  entryOf,
  GROUP,
  itemOf,
  RULES,
  signedIn,
  videoDecision,
  videoOf,
} from './review-served.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query('truncate review_item, review_record, session');
});
afterAll(() => store.close());

const queue = () => store.reviewQueue(RULES);
const HASH = hashFromHex('pdq', hexOf(1));

/** The page of an upload with this decision. */
async function pageOf(decision: Decision): Promise<string> {
  await queue().put(itemOf('u1', { decision }));
  return await signedIn(store, async (moderator) => {
    const { status, text } = await moderator.get('/review/item?item=u1');
    expect(status).toBe(200);
    return text;
  });
}

const matchOf = (entry: Partial<BlocklistEntry>, more: Partial<Match> = {}): Match => ({
  entry: { hash: HASH, labels: ['film'], ...entry },
  ...{ distance: 7, tier: 'match', variant: { name: 'original', hash: HASH } },
  ...more,
});

const decided = (matches: readonly Match[], more: Partial<Decision> = {}): Decision =>
  decisionOf({
    ...{ verdict: 'match', reason: 'within-match-distance', matches },
    policy: policyFor('pdq', 256),
    ...more,
  });

/** The greys that a drawing has, read from its lines. */
function greysOf(svg: string): number[] {
  const greys = Array<number>(64 * 64).fill(-1);
  for (const [, grey, lines] of svg.matchAll(/<path stroke="rgb\((\d+),\1,\1\)" d="([^"]+)"/g)) {
    for (const [, x, y, length] of lines!.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
      const from = 64 * Number(y) + Number(x);
      greys.fill(Number(grey), from, from + Number(length));
    }
  }
  return greys;
}

test('both hashes of a hit are drawn side by side, each from its own bits', async () => {
  const decision = decisionNear([entryOf(1)], { distance: 24 });
  const [match] = decision.matches;
  const page = await pageOf(decision);
  const drawn = [...page.matchAll(/<figure class="outline">.*?<\/figure>/gs)].map(([all]) => all);
  expect(drawn.map((one) => /<figcaption>(.*)<\/figcaption>/.exec(one)![1])).toEqual([
    'in the upload',
    'as listed',
  ]);
  for (const [at, hash] of [match!.variant.hash, match!.entry.hash].entries()) {
    const { data } = pdqOutline(hash);
    const off = greysOf(drawn[at]!).map((grey, pixel) => Math.abs(grey - data[pixel]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(8);
  }
  expect(page).toContain('The outlines are drawn from hashes');
});

test('a hash that reveals no outline says so in words', async () => {
  const hash = hashFromHex('md5', '0123456789abcdef'.repeat(2));
  const match = matchOf({ hash }, { distance: 0, variant: { name: 'file', hash } });
  const page = await pageOf(decided([match], { reason: 'matched-digest' }));
  expect(page).toContain('Hashes of this kind (md5) cannot be drawn.');
  expect(page).not.toContain('<svg');
  expect(page).toContain('<h1>Is this the listed file?</h1>');
  expect(page).not.toContain('The nearest differs');
});

test('the question names the rule, and why it applies', async () => {
  const decision = decisionNear([entryOf(1, { list: 'partner', confirmed: false })]);
  const page = await pageOf(decision);
  const name = 'Near a listed picture that its list has not confirmed';
  expect(decision.reason).toBe('unconfirmed-entry');
  expect(page).toContain('<h1>Is this the listed picture?</h1>');
  expect(page).toContain(`<p>Rule: <strong>${name}</strong></p>`);
  expect(page).toContain(`<p>${name}. <strong>Is this the listed picture?</strong></p>`);
  expect(page).toContain(
    'The nearest differs in 12 of 256 bits: up to 31 is a match, up to 60 is for review.',
  );
  const listed = await signedIn(store, (moderator) => moderator.get('/review'));
  expect(listed.text).toContain(`<p>${name}; partner</p>`);
});

/** Every reason with which an upload may wait for a moderator. */
const REASONS = {
  'within-match-distance': 'picture',
  'matched-parts': 'picture',
  'matched-digest': 'file',
  'matched-video': 'video',
  'matched-remote': 'picture',
  'within-review-distance': 'picture',
  'low-query-quality': 'picture',
  'low-entry-quality': 'picture',
  'review-only-list': 'picture',
  'foreign-list': 'picture',
  'unconfirmed-entry': 'picture',
  'video-frame': 'video',
  flooded: 'picture',
  'odd-profile': 'lists',
  'unseen-picture': 'lists',
  'unseen-frames': 'lists',
  unanswered: 'lists',
} as const satisfies Partial<Record<DecisionReason, string>>;

test('every reason is a rule of its own in plain words, and asks about what was found', () => {
  const names = new Set<string>();
  for (const [reason, about] of Object.entries(REASONS)) {
    const { name, question } = ruleOf({ reason: reason as DecisionReason });
    expect(question).toContain(about);
    expect(question).toMatch(/\?$/);
    // No word of the program, such as `unseen-frames` or `minQuality`.
    expect(`${name} ${question}`).not.toMatch(/By the rule|[a-z][A-Z]|\w-\w|variant|quality|hash/);
    names.add(name);
  }
  expect(names.size).toBe(Object.keys(REASONS).length);
});

test.each(['a-later-reason', 'constructor', '__proto__'])('the reason %s is shown', (reason) => {
  const { name, question } = ruleOf({ reason: reason as DecisionReason });
  expect(name).toBe(`By the rule ${reason.replaceAll('-', ' ')}`);
  expect(question).toBe('Is this the listed picture?');
});

const at = (left: number, top: number, width: number, height: number) => ({
  rectangle: { left, top, width, height },
});

test.each([
  ['the corner', at(0, 0, 200, 150), 'at the top left, about 6 % of the picture'],
  ['the other corner', at(600, 450, 200, 150), 'at the bottom right, about 6 % of the picture'],
  ['a side', at(600, 200, 200, 200), 'at the right, about 8 % of the picture'],
  ['the foot', at(100, 500, 600, 100), 'at the bottom, about 13 % of the picture'],
  ['the middle', at(200, 150, 400, 300), 'in the middle, about 25 % of the picture'],
  ['a dot', at(400, 300, 8, 8), 'in the middle, less than 1 % of the picture'],
  ['nearly all', at(8, 8, 784, 584), 'nearly the whole picture'],
  ['more than all', at(-50, -50, 900, 700), 'nearly the whole picture'],
  [
    'a turn',
    { ...at(200, 150, 400, 300), angle: -12.4 },
    'in the middle, about 25 % of the picture, turned 12 degrees counter-clockwise',
  ],
  [
    'a mirrored part',
    { ...at(200, 150, 400, 300), dihedral: 'flipY' },
    'in the middle, about 25 % of the picture, mirrored',
  ],
  [
    'corners, which fill half of what is around them',
    { ...at(200, 150, 400, 300), corners: corners([400, 150], [600, 300], [400, 450], [200, 300]) },
    'in the middle, about 13 % of the picture',
  ],
] as const)('the place is in plain words: %s', (_, geometry, told) => {
  const variant = { name: 'inner' as const, hash: HASH, geometry: geometry as VariantGeometry };
  const frame = { left: 0, top: 0, width: 800, height: 600 };
  expect(placeOf(matchOf({}, { variant }), frame)).toBe(`a picture in it: ${told}`);
  expect(placeOf(matchOf({}, { variant }), undefined)).toBe('a picture in it');
});

function corners(...all: [number, number][]) {
  return all as unknown as NonNullable<VariantGeometry['corners']>;
}

test('a video shows its moments in both videos, drawn and in words', async () => {
  const page = await pageOf(videoDecision());
  for (const told of [
    '<h1>Does it show the listed video?</h1>',
    '<h2>Listed video 1 of 1</h2>',
    '<dt>Moments</dt><dd>0:12.4 to 0:30.2 of the upload, 1:03.0 to 1:01:21.0 of the listed video</dd>',
    '<dt>Offset</dt><dd>-51 seconds: the upload begins at 0:51.0 of the listed video</dd>',
    '<dt>Labels</dt><dd>film</dd>',
    '<dt>Place</dt><dd>the whole frame, number 120</dd>',
    '<dt>Moment</dt><dd>0:12.4 of the upload, 1:03.0 of the listed video</dd>',
    // Those that are not on the line of time.
    '<dt>Moment</dt><dd>1:03.0 of the listed video</dd>',
    '<dt>Moment</dt><dd>1:39.0 of the listed video</dd>',
    '<figure class="time">',
  ]) {
    expect(page).toContain(told);
  }
  expect(page).not.toContain(GROUP);
  expect(page).not.toContain('<dt>Tier');
});

test('a hit of a picture has no moment', async () => {
  expect(await pageOf(decisionNear([entryOf(1)]))).not.toContain('<dt>Moment');
});

test('a listed video is escaped, and gone if its list is withheld', async () => {
  const markup = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;
  const videos = [
    videoOf({ list: markup, source: markup, id: markup, variant: markup }),
    videoOf({ list: 'shield', id: 'withheld' }),
    videoOf({ source: 'shield', id: 'withheld' }),
  ];
  const entry = { group: GROUP, seconds: 63, labels: [markup], list: markup, variant: markup };
  const page = await pageOf(decided([matchOf(entry)], { videos }));
  expect(page).not.toMatch(/<script|<img|<[^>]*onerror='/);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).toContain('<h2>Listed video 1 of 1</h2>');
  expect(page).not.toContain('withheld');
  expect(JSON.stringify(await queue().get('u1'))).not.toContain('withheld');
});

test('no page shows keys, and all of its keys are still there', async () => {
  await queue().put(itemOf('u1'));
  await queue().put(itemOf('u2'));
  await signedIn(store, async (moderator) => {
    const pages = ['/review', '/review/item?item=u1', '/review/lists'].map((path) =>
      moderator.get(path),
    );
    const texts = (await Promise.all(pages)).map(({ text }) => text);
    for (const text of texts) expect(text).not.toMatch(/<kbd|\b(Alt|Ctrl)\b/);
    const keys = [...texts[1]!.matchAll(/accesskey="(\w)"/g)].map(([, key]) => key);
    expect(keys).toEqual(['o', 'c', 'r', 'u', 'n', 'a']);
  });
});
