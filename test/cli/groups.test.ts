import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { match } from '../../src/matching/match.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { testFolder } from '../folder.js';
import { tablesOf } from '../services/lists.js';
import { onlyhashes, PHOTOS } from './program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const CANYON = join(PHOTOS, 'black-canyon-grey.jpg');

const folder = testFolder();
const list = join(folder, 'list.jsonl');
beforeAll(async () => {
  const { out } = await onlyhashes(['hash', '--json', '--crops', CAT, CANYON]);
  writeFileSync(list, out);
});

test('a format that cannot record which picture a crop belongs to is reported once, with a count', async () => {
  const windows = readFileSync(list, 'utf8').match(/"name":"window/g)!.length;
  const convert = (to: string, format: string) =>
    onlyhashes(['convert', list, join(folder, to), '--format', format]);
  for (const format of ['plain', 'dataset', 'dataset-csv', 'local-file']) {
    const { err, code } = await convert(`list.${format}`, format);
    expect(err.split(`group of ${windows} entries`)).toHaveLength(2);
    expect(err).toContain(`${format} cannot hold that`);
    expect(code).toBe(0);
  }
  for (const format of ['csv', 'jsonl', 'index', 'blocklist']) {
    const { err } = await convert(`told.${format}`, format);
    // CSV cannot hold the parts.
    expect(err.replace(/.*left out: parts of \d+ entries; csv cannot hold that\n/, '')).toBe('');
  }
  const read = await tablesOf(readFileSync(join(folder, 'told.csv'), 'utf8'));
  const blocklist = createBlocklist(read);
  const { hash } = await hashFile(CAT);
  const { length } = (await hashFile(CAT, { crops: true })).variants;
  expect((await blocklist.apply({ withdraw: [hash] })).removed).toBeGreaterThan(length);
});

test.each([
  ['--crops', 4],
  ['--crops-anywhere', 20],
])(
  'a photo listed with its list crops (%s) and withdrawn by its hash no longer matches',
  async (flag, least) => {
    const { out } = await onlyhashes(['hash', '--json', flag, CAT, CANYON]);
    expect(out.match(/"name":"window/g)!.length).toBeGreaterThan(least);
    const blocklist = createBlocklist(await tablesOf(out));
    const [cat, canyon] = await Promise.all(
      [CAT, CANYON].map((file) => hashFile(file, { variants: 'thorough', crops: true })),
    );
    expect(match(cat!, blocklist).verdict).toBe('match');
    const removed = (await blocklist.apply({ withdraw: [cat!.hash] })).removed;
    expect(match(cat!, blocklist)).toMatchObject({ verdict: 'none', matches: [] });
    expect(removed).toBeGreaterThan(1);
    expect(match(canyon!, blocklist).verdict).toBe('match');
  },
);
