import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { distance, hashFromHex } from '../src/hash.js';

/** The figures of the README match the records and fixtures. A new record needs a new README. */
const root = join(import.meta.dirname, '..');
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const readme = readFileSync(join(root, 'README.md'), 'utf8').replace(/\s+/g, ' ');

/** One row of the record: an edit. */
interface Row {
  name: string;
  plainRecall: number[];
  decided: { match: number; review: number; none: number };
}

interface Run {
  queried: { sources: string[]; photos: number };
  listed: { files: number };
  all: { queries: number };
  falsePairs: { threshold: number; falsePairs: number; pairs: number; perMillionAtMost: number }[];
  falseFiles: { threshold: number; falsePairs: number; pairs: number; perMillionAtMost: number }[];
  falseVerdicts: { match: number; review: number };
  placed: { told: number; right: number };
  edits: (Row & { family: string })[];
}

const record = 'bench/record/robustness';
const [first, other] = [record, `${record}/unseen`].map((folder) => {
  const run = json(`${folder}/robustness.json`) as Run;
  const amounts = json(`${folder}/amounts.json`) as Run;
  return { ...run, amounts: amounts.edits };
}) as [Run & { amounts: Run['edits'] }, Run & { amounts: Run['edits'] }];

const MATCH = 31;
const at = [20, 31, 45, 60].indexOf(MATCH);

/** The rows of the table: families or edits of the suite, or edits of `--amounts`. */
const ROWS: readonly (readonly [string, 'family' | 'name' | 'amount', readonly string[]])[] = [
  ['re-encoding, resizing, tone', 'family', ['re-encoding', 'resizing', 'tone']],
  ['flips and quarter turns', 'family', ['flip or quarter turn']],
  ['borders', 'family', ['border']],
  ['blurred bars', 'family', ['blurred bars']],
  ['captions above or below', 'family', ['caption']],
  ['screenshots, nothing on the photo', 'family', ['screenshot']],
  ["screenshots, a viewer's controls on the photo", 'family', ['viewer screenshot']],
  ['collages', 'family', ['collage']],
  ['turned, canvas grown', 'family', ['turned, canvas grown']],
  ['turned by 2.5 degrees, corners cut', 'name', ['2.5 degrees, corners cut']],
  ['turned by 7.5 degrees, corners cut', 'name', ['7.5 degrees, corners cut']],
  ['crop of 5 %: centre', 'name', ['centre 5 %']],
  ['crop of 5 %: one side', 'name', ['one side 5 %']],
  ['crop of 3 %: corner', 'amount', ['corner 3 %']],
  ['crop of 5 %: corner', 'name', ['corner 5 %']],
  ['crop of 5 %: corner, drawn anew', 'amount', ['corner 5 %']],
  ['crop of 8 %: corner', 'amount', ['corner 8 %']],
  ['crop of 10 %: corner', 'name', ['corner 10 %']],
  ['crop of up to 5 % on each side at random', 'name', ['each side 0-5 %']],
  ['text, stickers or bars over the picture', 'family', ['overlay']],
];

const percent = (part: number, digits = 0) => (100 * part).toFixed(digits);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function editsOf(run: typeof first, [, by, names]: (typeof ROWS)[number]) {
  const edits = by === 'amount' ? run.amounts : run.edits;
  const found = edits.filter((edit) => names.includes(by === 'family' ? edit.family : edit.name));
  expect(found.length).toBeGreaterThanOrEqual(names.length);
  return found;
}

test.each(ROWS)('the table of copies: %s', (...row) => {
  const [name] = row;
  const [ours, others] = [first, other].map((run) => editsOf(run, row)) as [
    Run['edits'],
    Run['edits'],
  ];
  const cells = [
    name,
    percent(mean(ours.map(({ plainRecall }) => plainRecall[at]!))),
    ...[ours, others].flatMap((edits) => [
      percent(mean(edits.map(({ decided }) => decided.match))),
      percent(mean(edits.map(({ decided }) => decided.review))),
    ]),
  ];
  expect(readme).toContain(`| ${cells.join(' | ')} |`);
});

/** The mean over the edits; `bare` leaves out the viewer screenshots. */
const macro = (run: Run, bare = false) =>
  percent(
    mean(
      run.edits
        .filter(({ family }) => !bare || family !== 'viewer screenshot')
        .map(({ decided }) => decided.match),
    ),
    1,
  );

test('the mean over all edits', () => {
  expect(readme).toContain(
    `${macro(first)} % on the first photos and ${macro(other)} % on the others; without the screenshots with controls on the photo, ${macro(first, true)} % and ${macro(other, true)} %`,
  );
});

test('false matches, bounded by comparisons and by files', () => {
  for (const { falsePairs, falseFiles, falseVerdicts } of [first, other]) {
    expect(falsePairs[at]).toMatchObject({ threshold: MATCH, falsePairs: 0 });
    expect(falseFiles[at]).toMatchObject({ threshold: MATCH, falsePairs: 0 });
    expect(falseVerdicts).toEqual({ match: 0, review: 0 });
  }
  const million = (run: Run) => (run.falsePairs[at]!.pairs / 1e6).toFixed(1);
  const rate = (run: Run) => run.falsePairs[at]!.perMillionAtMost.toFixed(2);
  const files = (run: Run) => run.falseFiles[at]!.pairs;
  const share = (run: Run) => (run.falseFiles[at]!.perMillionAtMost / 1e4).toFixed(1);
  expect(readme).toContain(
    `No false match, and none for review, in ${million(first)} and ${million(other)} million comparisons`,
  );
  expect(readme).toContain(`at most ${rate(first)} and ${rate(other)} per million`);
  expect(readme).toContain(
    `${files(first)} and ${files(other)} pairs of files: at most ${share(first)} and ${share(other)} % of such pairs`,
  );
});

test('screenshots with controls on the photo, the lines that are missed, and places', () => {
  const matched = (run: Run, name: string) =>
    run.edits.find((edit) => edit.name === name)!.decided.match;
  const family = (run: Run, name: string) =>
    mean(run.edits.filter((edit) => edit.family === name).map(({ decided }) => decided.match));
  const both = (name: string) =>
    `(${percent(matched(first, name))} and ${percent(matched(other, name))} %)`;
  expect(readme).toContain(
    `mostly found ${both('chat, time on the photo')}, with a count and round buttons less ${both('feed, count and round buttons')}`,
  );
  const hardly = ['story, bars and a field', 'stream, column of buttons'].concat(
    'full screen, bars over the edges',
    'card, title and a button',
  );
  const parts = hardly.flatMap((name) => [matched(first, name), matched(other, name)]);
  expect(readme).toContain(
    `hardly ever (${percent(Math.min(...parts))} to ${percent(Math.max(...parts))} %)`,
  );
  for (const line of [
    `captions (${percent(family(other, 'caption'), 1)} %, for 98)`,
    `screenshots (${percent(family(other, 'screenshot'), 2)}, for 95)`,
    `crops about the centre (${percent(matched(other, 'centre 5 %'), 1)}, for 95)`,
    `corners cut by 2.5 degrees (${percent(matched(other, '2.5 degrees, corners cut'), 1)}, for 85)`,
    `random crops (${percent(matched(other, 'each side 0-5 %'), 1)}, for 60)`,
    `from ${percent(matched(first, 'one side 5 %'))} to ${percent(matched(other, 'one side 5 %'))}.`,
    `${percent(first.placed.right / first.placed.told, 1)} and ${percent(other.placed.right / other.placed.told, 1)} % put it within 2 pixels`,
  ]) {
    expect(readme).toContain(line);
  }
});

test('what was tried', () => {
  expect(readme).toContain(
    `${first.edits.length} edits of ${first.queried.photos} photos (${first.queried.sources.length} files)`,
  );
  expect(readme).toContain(
    `${other.queried.photos} photos (${other.queried.sources.length} files)`,
  );
});

test('bits between the size conventions, by the values of the reference', () => {
  const bits = (a: string, b: string) => distance(hashFromHex('pdq', a), hashFromHex('pdq', b));
  const photos = json('fixtures/photos/expected.json')
    .filter(({ width, height }: { width: number; height: number }) => Math.max(width, height) > 512)
    .map((photo: { pdq: string; fullRes: { pdq: string } }) => bits(photo.pdq, photo.fullRes.pdq));
  const drawn = json('fixtures/pdq/pixels.json')
    .filter(({ resized512 }: { resized512?: object }) => resized512)
    .map((file: { pdq: string; resized512: { pdq: string } }) =>
      bits(file.pdq, file.resized512.pdq),
    );
  expect(readme).toContain(
    `${Math.min(...photos)} to ${Math.max(...photos)} bits on the ${photos.length} such photos of \`fixtures/photos\`, and ${Math.min(...drawn)} to ${Math.max(...drawn)} on the ${drawn.length} drawn strips of \`fixtures/pdq\``,
  );
});

test('the search of a million hashes, on both data sets, with the build of Faiss', () => {
  const { measured, figures, faiss } = json('bench/record/index.json') as {
    measured: {
      data: string;
      count: number;
      maxDistance: number;
      engine: string;
      microseconds: number;
      ratio: number;
    }[];
    figures: Record<string, number>;
    faiss: object;
  };
  for (const data of ['uniform', 'clustered']) {
    const of = (engine: string) =>
      measured.find(
        (row) =>
          row.data === data &&
          row.count === 1e6 &&
          row.maxDistance === MATCH &&
          row.engine === engine,
      )!;
    const times = (engine: string) => `${of(engine).ratio.toFixed(0)}x`;
    const time = (of('onlyhashes').microseconds / 1000).toFixed(3);
    expect(readme).toContain(
      `| ${time} ms | our own scan: ${times('onlyhashes, flat')}; Faiss (Debian, generic) flat: ${times('Faiss IndexBinaryFlat, generic build')}, MultiHash: ${times('Faiss IndexBinaryMultiHash, generic build')} |`,
    );
  }
  expect(faiss).toMatchObject({ version: '1.11.0', target: 'generic' });
  expect(readme).toContain('Faiss is 1.11.0; its generic build');
  const bytes = figures['bytes a hash']!.toFixed(0);
  const seconds = figures['seconds to build of 1,000,000 hashes']!.toFixed(1);
  const longest = Math.ceil(figures['milliseconds of the longest change']!);
  expect(readme).toContain(`A million hashes take ${bytes} bytes each and ${seconds} s to build`);
  expect(readme).toContain(`The longest change of such an index took ${longest} ms`);
});
