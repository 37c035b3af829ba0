import { cpSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import type { BenchOptions } from '../../../bench/harness.js';
import { collectedPhotos } from '../../../bench/precision/collections.js';
import { runPrecision } from '../../../bench/precision/run.js';
import { reporter } from '../../../bench/reporter.js';
import { sourcesOf } from '../../../bench/robustness/photo-lists.js';
import { testFolder } from '../../folder.js';
import { patches } from '../../variants/pictures.js';

const folder = testFolder();
const photos = join(folder, 'photos');

async function write(name: string, seed: number, more = (image: Sharp) => image) {
  const { data, width, height } = patches(131, 101, seed, 19);
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  await more(image).png().toFile(join(photos, name));
}

beforeAll(async () => {
  for (const collection of ['cups', 'trees'])
    mkdirSync(join(photos, collection), { recursive: true });
  await write('cups/1.png', 1);
  await write('cups/2.png', 2);
  await write('cups/2-again.png', 2);
  await write('cups/2-lighter.png', 2, (image) => image.linear(1, 12).blur(0.6));
  await write('trees/1.png', 4);
  await write('trees/1-turned.png', 1, (image) => image.flop());
  writeFileSync(join(photos, 'trees/broken.jpg'), 'no picture');
});

/** Runs it in the process. */
async function run(out: string, options: BenchOptions = {}) {
  const context = { ...reporter(() => {}), options: { photos, out, ...options } };
  await runPrecision(context);
  const files = join(out, 'precision');
  const report = JSON.parse(readFileSync(join(files, 'precision.json'), 'utf8'));
  const { made: _, machine: __, ...facts } = report;
  const text = readFileSync(join(files, 'precision.md'), 'utf8');
  return { notes: context.gathered.notes, facts, text, files };
}

const progressOf = (files: string) =>
  join(files, readdirSync(files).find((name) => name.startsWith('progress-'))!);

test('collections of a folder: pairs, copies that are left out, and wrong matches', async () => {
  const { facts, text } = await run(join(folder, 'whole'));
  expect(facts).toMatchObject({
    uploads: 5,
    entries: 5,
    duplicates: 1,
    series: [['cups/2-again.png', 'cups/2-lighter.png']],
    photos: { cups: 3, trees: 2 },
    unreadable: ['trees/broken.jpg'],
  });
  const [mixed, , one] = facts.kinds;
  // The lighter copy of a cup is no pair with it.
  expect([mixed.pairs, one.pairs]).toEqual([12, 2 * 2 + 2]);
  // The mirrored copy in another collection is for a person to find: it is first.
  expect(facts.near[0]).toMatchObject({
    files: ['cups/1.png', 'trees/1-turned.png'],
    tier: 'match',
  });
  const [bare] = facts.decisions;
  expect(bare).toMatchObject({ name: 'bare', isMixed: true });
  expect(bare.match).toMatchObject({ entries: 2, files: 1, clusters: 1 });
  expect(text).toContain('| cups/1.png · trees/1-turned.png |');
});

test('a run that was killed after any line ends as one that was not', async () => {
  const whole = await run(join(folder, 'uncut'));
  const lines = readFileSync(progressOf(whole.files), 'utf8').split('\n').slice(0, -1);
  expect(lines).toHaveLength(7 + 5);
  for (const kept of [0, 1, 7, 8, 11]) {
    const out = join(folder, `killed ${kept}`);
    cpSync(join(folder, 'uncut'), out, { recursive: true });
    const cut = lines[kept]!.slice(0, 40);
    writeFileSync(progressOf(join(out, 'precision')), [...lines.slice(0, kept), cut].join('\n'));
    const { facts, notes } = await run(out);
    expect(facts).toEqual(whole.facts);
    expect(notes[0]).toMatch(new RegExp(`:${kept + 1} is damaged`));
    expect(notes[1]).toContain(`continues: ${kept} results`);
  }
});

test('a photo that changed is hashed again, and others of it are not', async () => {
  const out = join(folder, 'changed');
  const { files } = await run(out);
  const before = readFileSync(progressOf(files), 'utf8').split('\n').length;
  utimesSync(join(photos, 'trees/1.png'), 1, 1);
  await run(out);
  // The list is the same.
  expect(readFileSync(progressOf(files), 'utf8').split('\n')).toHaveLength(before + 1);
});

test('quick takes an eighth of the photos as uploads, by the seed', async () => {
  const uploadsBy = async (seed: number) => {
    const out = join(folder, `quick ${seed}`);
    const { facts, files } = await run(out, { seed, quick: true });
    expect(facts).toMatchObject({ entries: 5, quick: true });
    const names = readFileSync(progressOf(files), 'utf8').matchAll(/"hash (\S+) \d+ \S+ true"/g);
    return Array.from(names, ([, source]) => source);
  };
  const chosen: (string | undefined)[] = [];
  for (let seed = 1; seed <= 6; seed++) {
    const sources = await uploadsBy(seed);
    expect(sources).toHaveLength(1);
    chosen.push(...sources);
  }
  expect(new Set(chosen).size).toBeGreaterThan(1);
});

test('a folder without folders of photos is refused', () => {
  expect(() => collectedPhotos(join(photos, 'cups'))).toThrow(RangeError);
});

test('installed packages are collections, none with a photo of the sealed list', () => {
  let found: ReturnType<typeof collectedPhotos>;
  try {
    found = collectedPhotos(undefined);
  } catch (error) {
    expect((error as Error).name).toBe('NotRun');
    return;
  }
  const sources = found.photos.map(({ source }) => source);
  for (const source of sourcesOf('sealed')) expect(sources).not.toContain(source);
  for (const { source, collection } of found.photos) {
    expect(source.startsWith(collection)).toBe(true);
  }
});
