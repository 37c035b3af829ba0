import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import type { Decision } from '../../../src/matching/decision.js';
import { matchReport, type ReportedPicture } from '../../../src/node/report/match-report.js';
import { variantPicture } from '../../../src/node/report/variant-picture.js';
import { policyFor } from '../../../src/policy.js';
import type { HashedVariant } from '../../../src/variant.js';
import { imagePath } from '../fixtures.js';

const hash = hashFromHex('pdq', '0123456789abcdef'.repeat(4));

function decision(variant: Partial<HashedVariant>, labels: string[] = []): Decision {
  return {
    verdict: 'match',
    reason: 'within-match-distance',
    policy: policyFor('pdq', 256),
    matches: [
      {
        entry: { hash, labels },
        distance: 12,
        tier: 'match',
        variant: { name: 'original', hash, quality: 100, ...variant },
      },
    ],
  };
}

/** The page about one picture. */
async function pageOf(
  decision: Decision,
  picture: Omit<ReportedPicture, 'decision'>,
): Promise<string> {
  let page = '';
  for await (const piece of matchReport([{ decision, ...picture }])) page += piece;
  return page;
}

test('shows distance, tier, variant and place', async () => {
  const page = await pageOf(
    decision({
      name: 'unturn',
      geometry: { rectangle: { left: 10, top: 20, width: 300, height: 200 }, angle: -2.5 },
    }),
    { width: 320, height: 240, file: 'a.jpg' },
  );
  for (const text of [
    '12 of 256 bits',
    '<dd>match</dd>',
    'unturn: turned back',
    '300 x 200 pixels at 10, 20',
    'left 10, top 20, right 10, bottom 20',
    '-2.5 degrees clockwise',
    'rotate(-2.5 160 120)',
    'a.jpg',
  ]) {
    expect(page).toContain(text);
  }
  expect(page).toContain("default-src 'none'");
});

test('follows the scheme of its reader, light or dark', async () => {
  const page = await pageOf(
    decision({ geometry: { rectangle: { left: 0, top: 0, width: 5, height: 5 } } }),
    { width: 10, height: 10 },
  );
  expect(page).toContain(':root{color-scheme:light dark;');
  // What the dark scheme does not change is the blue of the part that matched.
  const [style, body] = page.split('</style>') as [string, string];
  const [, ...changed] = style.split('@media(prefers-color-scheme:dark)');
  expect(changed).toHaveLength(1);
  for (const [, name] of style.matchAll(/var\((--\w+)\)/g))
    expect(changed[0]).toContain(`${name}:`);
  expect(new Set(body.match(/#[\da-f]{3,6}\b/gi))).toEqual(new Set(['#2a6fbb']));
});

test('outlines a tilted part by its corners', async () => {
  const corners = [
    [20, 10],
    [300, 30.256],
    [280, 230],
    [0, 200],
  ] as const;
  const rectangle = { left: 0, top: 10, width: 300, height: 220 };
  const geometry = { rectangle, corners };
  const page = await pageOf(decision({ name: 'quadrilateral', geometry }), {
    width: 320,
    height: 240,
  });
  expect(page).toContain('<polygon points="20,10 300,30.26 280,230 0,200"');
});

test('contains no hash, and a picture only if given one', async () => {
  const page = await pageOf(decision({}), { width: 10, height: 10 });
  expect(page).not.toContain(hashToHex(hash));
  expect(page).not.toContain('<img');
  const bytes = readFileSync(imagePath('rgb.png'));
  const shown = await pageOf(decision({}), { width: 10, height: 10, bytes });
  const whole = Buffer.from(await variantPicture(bytes, { name: 'original' })).toString('base64');
  expect(shown.split(`src="data:image/png;base64,${whole}"`)).toHaveLength(3);
});

test('draws what both hashes reveal only if asked to', async () => {
  const listed = hashFromHex('pdq', 'fedcba9876543210'.repeat(4));
  const { matches, ...others } = decision({});
  const [first] = matches;
  const one = { ...others, matches: [{ ...first!, entry: { hash: listed, labels: [] } }] };
  const page = await pageOf(one, { outlines: true });
  const figures = page.match(/<figure class="outline">.+?<\/figure>/g)!;
  expect(figures).toHaveLength(2);
  expect(figures[0]).toContain('<figcaption>in the upload<');
  expect(figures[1]).toContain('<figcaption>as listed<');
  const paths = figures.map((figure) => figure.match(/<g>.+<\/g>/)![0]);
  expect(paths[0]).not.toBe(paths[1]);
  expect(page).not.toContain('<img');
  for (const outlines of [undefined, false]) {
    expect(await pageOf(one, { outlines })).not.toContain('<figure class="outline">');
  }
  await expect(pageOf(one, { outlines: 'yes' as never })).rejects.toThrow(TypeError);
});

test('other hashes than PDQ cannot be drawn', async () => {
  const { matches, ...others } = decision({});
  const dhash = hashFromHex('dhash', '0123456789abcdef');
  const of = matches.map((match) => ({ ...match, entry: { hash: dhash, labels: [] } }));
  const page = await pageOf({ ...others, matches: of }, { outlines: true });
  expect(page).toContain('<dd>dhash</dd>');
  expect(page).not.toContain('class="outline"');
});

test('a picture that cannot be decoded is not shown, but its decision is', async () => {
  const page = await pageOf(decision({}), { width: 9, height: 9, bytes: Uint8Array.of(1, 2, 3) });
  expect(page).toContain('<dd>match</dd>');
  expect(page).not.toContain('<img');
});

test('a decision without matches', async () => {
  const none = { ...decision({}), verdict: 'none', reason: 'nothing-near', matches: [] } as const;
  expect(await pageOf(none, { width: 1, height: 1 })).toContain('no entry is near enough');
});

test('shows several pictures on one page, including one not decoded', async () => {
  const unhashable = {
    ...decision({}),
    verdict: 'unhashable',
    reason: 'corrupt',
    matches: [],
  } as const;
  const geometry = { rectangle: { left: 0, top: 0, width: 5, height: 5 } };
  const pictures = [
    { decision: decision({ name: 'window1x1', geometry }), width: 9, height: 9, file: 'a.jpg' },
    { decision: unhashable, file: 'b.jpg' },
    { decision: decision({ name: 'window1x1', geometry }) },
  ];
  const pieces: string[] = [];
  for await (const piece of matchReport(pictures)) pieces.push(piece);
  expect(pieces).toHaveLength(5);
  const page = pieces.join('');
  expect([
    ...page.matchAll(/<article>|<h2>(.*?)<\/h2>|<dd>(unhashable|match)<\/dd>|<svg/g),
  ]).toEqual(
    [
      ['<article>', undefined, undefined],
      ['<h2>a.jpg</h2>', 'a.jpg', undefined],
      ...Array(2).fill(['<dd>match</dd>', undefined, 'match']),
      ['<svg', undefined, undefined],
      ['<article>', undefined, undefined],
      ['<h2>b.jpg</h2>', 'b.jpg', undefined],
      ['<dd>unhashable</dd>', undefined, 'unhashable'],
      ['<article>', undefined, undefined],
      ...Array(2).fill(['<dd>match</dd>', undefined, 'match']),
    ].map((groups) => expect.objectContaining(groups)),
  );
  expect(page.match(/9 x 9 pixels/g)).toHaveLength(1);
});

test('the page has the same elements, whatever the text', async () => {
  const tags = (page: string) => [...page.matchAll(/[<"]/g)].length;
  const plain = tags(await pageOf(decision({}, ['x']), { width: 9, height: 9, file: 'x' }));
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      async (label, file) => {
        for (const text of [
          label,
          `"><script>${label}</script>`,
          `<img src=x onerror='${label}'>`,
        ]) {
          const page = await pageOf(decision({}, [text]), {
            width: 9,
            height: 9,
            file: file + text,
          });
          expect(tags(page)).toBe(plain);
        }
      },
    ),
  );
});

describe('refuses', () => {
  test('invalid sides', async () => {
    for (const width of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(pageOf(decision({}), { width, height: 5 })).rejects.toThrow(RangeError);
    }
    await expect(pageOf(decision({}), { height: 5 })).rejects.toThrow(RangeError);
  });

  test('a picture that is not bytes, and options that are invalid', async () => {
    const bytes = 'https://example.org/a.png' as never;
    await expect(pageOf(decision({}), { bytes })).rejects.toThrow(TypeError);
    await expect(matchReport([], { timeoutSeconds: -1 }).next()).rejects.toThrow(RangeError);
  });
});
