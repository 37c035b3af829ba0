import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VARIANT_NAMES } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { VARIANT_PROFILES, type VariantProfile } from '../../src/variants/variant-profile.js';
import { drawn, photo } from '../variants/pictures.js';
import { ROOT } from './package.js';

/** The rows of the page: a name, what it is, and the profiles or the option that make it. */
const rows = readFileSync(join(ROOT, 'docs/variant-names.md'), 'utf8')
  .split('\n')
  .map((line) => /^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, name, what, by]) => ({ name: name!, what: what!, by: by! }));

/** The profiles that a row names. */
function profilesOf(by: string): readonly VariantProfile[] {
  if (by === 'all') return VARIANT_PROFILES;
  if (by === 'all but `none`') return VARIANT_PROFILES.filter((each) => each !== 'none');
  return VARIANT_PROFILES.filter((each) => by.includes(`\`${each}\``));
}

test('the page of variants has each name once and only these', () => {
  expect(rows.map(({ name }) => name).sort()).toEqual([...VARIANT_NAMES].sort());
});

test('each profile hashes what the page says, and nothing else', async () => {
  const cat = await photo('locomotion-house-cat-w301.jpg');
  const { width, height, channels = 3 } = cat;
  const half = [width / 2, height / 2];
  const framed = drawn(2 * width, 2 * height, (x, y, channel) => {
    const [left, top] = [Math.floor(x - half[0]!), Math.floor(y - half[1]!)];
    if (left < 0 || top < 0 || left >= width || top >= height) return 240;
    return cat.data[(top * width + left) * channels + (channels === 3 ? channel : 0)]!;
  });
  const clear = {
    data: new Uint8Array(4 * 64 * 64).map((_, at) => at * at),
    width: 64,
    height: 64,
  };
  for (const profile of VARIANT_PROFILES) {
    const made = new Set<string>();
    for (const pixels of [cat, framed, clear]) {
      for (const { name } of variantsOf(pixels, { variants: profile })) made.add(name);
    }
    const allowed = rows.filter(({ by }) => profilesOf(by).includes(profile));
    const names = allowed.map(({ name }) => name);
    expect([...made].filter((name) => !names.includes(name))).toEqual([]);
    // Forms of any picture.
    const ofAll = [
      'original',
      'onWhite',
      'onBlack',
      'flipY',
      'rotate90',
      'inverted',
      'uncrop',
      'box',
    ];
    for (const name of ofAll) expect([name, made.has(name)]).toEqual([name, names.includes(name)]);
  }
});
