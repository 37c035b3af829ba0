import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { distance, hashFromHex } from '../src/hash.js';

/** The figures of the README match the records and fixtures. A new record needs a new README. */
const root = join(import.meta.dirname, '..');
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const readme = readFileSync(join(root, 'README.md'), 'utf8').replace(/\s+/g, ' ');

interface Run {
  photos: string[];
  files: number;
  queries: number;
  outcomes: string[];
  macro: { name: string; value: number; low: number; high: number }[];
  families: { name: string; recall: number[] }[];
  edits: object[];
  falsePairs: Record<
    'variants' | 'files',
    { threshold: number; falsePairs: number; pairs: number; perMillionAtMost: number }[]
  >;
  wrongVerdicts: { match: number; review: number };
  placed: { told: number; right: number; near: number }[];
  foretold: { name: string; wrongMatches: number; wrongReviews: number }[];
  hardNegatives: { kind: string; cases: number; matches: number; reviews: number }[];
}

const run = json('bench/record/robustness/sealed/robustness.json') as Run;

const MATCH = 31;
const COLUMNS = [
  'plain PDQ',
  'sharp-phash <= 4',
  'blockhash 256 <= 10',
  'match',
  'or review',
  'windows, match',
  'windows, or review',
];

const percent = (part: number, digits = 0) => (100 * part).toFixed(digits);
const of = (name: string) => run.macro.find((mean) => mean.name === name)!;

test('the table of copies: each family, and the mean with its interval', () => {
  expect(run.families).toHaveLength(23);
  for (const { name, recall } of run.families) {
    const cells = COLUMNS.map((column) => percent(recall[run.outcomes.indexOf(column)]!));
    expect(readme).toContain(`| ${[name, ...cells].join(' | ')} |`);
  }
  const means = COLUMNS.map((column) => `**${percent(of(column).value, 1)}**`);
  expect(readme).toContain(`| ${['**mean over the families**', ...means].join(' | ')} |`);
  const interval = (name: string) => `${percent(of(name).low, 1)} to ${percent(of(name).high, 1)}`;
  expect(readme).toContain(
    `match ${interval('match')}, match or review ${interval('or review')}, plain PDQ ${interval('plain PDQ')}. By plain distance, before places near an entry are moved, the mean is ${percent(of('any <= 31').value, 1)}`,
  );
  expect(readme).toContain(
    `${run.queries.toLocaleString('en-US')} copies by ${run.edits.length} edits, drawn at random for each photo, of ${run.photos.length} photos, among ${run.files} files`,
  );
});

test('what the profiles find', () => {
  for (const name of ['dihedral', 'quick']) {
    const [match, review] = ['match', 'or review'].map((tier) =>
      percent(of(`${name}, ${tier}`).value, 1),
    );
    expect(readme).toMatch(new RegExp(`\\| \`${name}\` \\|.{1,60}\\| ${match} \\| ${review} \\|`));
  }
});

test('the photos that were looked at between changes', () => {
  const checked = json('bench/record/robustness/checked/robustness.json') as Run;
  const [match, review] = ['match', 'or review'].map(
    (name) => checked.macro.find((mean) => mean.name === name)!,
  );
  expect(readme).toContain(
    `${percent(match!.value, 1)} % match and ${percent(review!.value, 1)} match or are for review (\`--set checked --quick\`)`,
  );
});

test('wrong matches: bounded, foretold, and of hard negatives', () => {
  const [variants, , reviewed] = run.falsePairs.variants;
  const [files] = run.falsePairs.files;
  expect(variants).toMatchObject({ threshold: MATCH, falsePairs: 0 });
  expect(files).toMatchObject({ threshold: MATCH, falsePairs: 0 });
  expect(readme).toContain(
    `Of ${(variants!.pairs / 1e6).toFixed(1)} million comparisons of variants with unrelated pictures, as they were before any was moved, none lay within 31 bits and ${reviewed!.falsePairs} within 60`,
  );
  expect(readme).toContain(
    `at most ${variants!.perMillionAtMost.toExponential(1)} matches per million (95 %)`,
  );
  expect(readme).toContain(
    `${files!.pairs.toLocaleString('en-US')} pairs of files: at most ${files!.perMillionAtMost.toFixed(0)} per million`,
  );
  const { match, review } = run.wrongVerdicts;
  expect(readme).toContain(`${match} had a wrong match, told above, and ${review} a wrong review`);
  const [edited, plain] = ['edited photos', 'photos as they are'].map(
    (name) => run.foretold.find((row) => row.name === name)!,
  );
  const e = (value: number) => value.toExponential(1);
  expect(readme).toContain(
    `${e(edited!.wrongMatches)} wrong matches and ${e(edited!.wrongReviews)} wrong reviews of edited photos, but ${e(plain!.wrongMatches)} and ${e(plain!.wrongReviews)} of photos as they are`,
  );
  const kind = (name: string) => run.hardNegatives.find((row) => row.kind === name)!;
  const screens = kind('one screen layout, another photo');
  const walls = kind('one frame or wall, another photo');
  expect(screens.matches + walls.matches).toBe(0);
  expect(readme).toContain(
    `${screens.reviews + walls.reviews} of ${screens.cases + walls.cases} were for review`,
  );
  const frames = kind('frames of one shot');
  expect(readme).toContain(
    `${frames.matches} of ${frames.cases} pairs match and ${frames.reviews} are for review`,
  );
});

test('places', () => {
  const [{ told, right, near }] = run.placed as [Run['placed'][number]];
  expect(readme).toContain(`${percent(right / told)} % put it within 2 pixels`);
  expect(readme).toContain(`${percent(near / told)} % each corner within a fiftieth`);
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

test('what an upload costs, and which aims are missed', () => {
  const { throughput, memory, cost, targets } = json('bench/record/uploads.json');
  const name = { 'bare decoding': 'bare decoding', plain: 'plain: the hash alone' };
  for (const row of throughput) {
    const cells = [
      name[row.name as 'plain'] ?? `\`${row.name}\``,
      row.uploadsPerSecond.toFixed(1),
      row.ratio.toFixed(3),
      `${row.cpuMilliseconds.toFixed(0)} ms`,
      `${row.delayP99.toFixed(0)} ms`,
      `${row.healthP99.toFixed(0)} ms`,
    ];
    expect(readme).toContain(`| ${cells.join(' | ')} |`);
  }
  const measured = (part: string): number =>
    targets.find((target: { name: string }) => target.name.includes(part)).measured;
  const times = ['plain', 'quick', 'thorough'].map((each) =>
    measured(`12 MP baseline, ${each}`).toFixed(2),
  );
  expect(readme).toContain(
    `takes ${times[0]} (plain), ${times[1]} (\`quick\`) and ${times[2]} (\`thorough\`) times the CPU of decoding it in full`,
  );
  expect(readme).toContain(
    `takes ${measured('EXIF 6').toFixed(2)} times the CPU of an upright one`,
  );
  const grey: number = cost['grey, longest block of the loop, ms'];
  expect(readme).toContain(`A grey one blocks the loop for ${grey.toFixed(1)} ms`);
  const [room, short] = memory;
  expect([room.lost, short.lost, short.unhashable]).toEqual([0, 0, 0]);
  expect(readme).toContain(
    `take ${room.overIdleMegabytes.toFixed(0)} MB over idle, and none is lost; in a short queue ${short.busy} of them are told \`busy\``,
  );
  const kept = 100 * Math.min(1, measured('promise 30 MB'));
  expect(readme).toContain(`the others keep ${kept.toFixed(0)} % of their pace`);
  const missed = targets.filter(({ met }: { met: boolean }) => !met);
  expect(missed.map((target: { name: string }) => target.name)).toEqual([
    "plain: uploads a second, of bare decoding's",
    "quick: uploads a second, of bare decoding's",
    "12 MP baseline, thorough: CPU of bare decoding's",
  ]);
});

test('lists that are fetched, withdrawn from and searched', () => {
  const { fetch, withdraw, decide } = json('bench/record/lists.json') as {
    fetch: Record<string, { recordsPerSecond: number; peakMegabytes: number }>;
    withdraw: Record<string, { p99: number }>;
    decide: { name: string; microseconds: number }[];
  };
  const told = (name: string) => {
    const { recordsPerSecond, peakMegabytes } = fetch[`${name}, paged`]!;
    return [Math.round(recordsPerSecond).toLocaleString('en-US'), peakMegabytes.toFixed(0)];
  };
  const [[rate, memory], [slower, less]] = [told('StopNCII'), told('NCMEC')];
  expect(readme).toContain(
    `StopNCII ${rate} a second in ${memory} MB, NCMEC ${slower} in ${less} MB`,
  );
  const ratio = (name: string, of: 'recordsPerSecond' | 'peakMegabytes') =>
    fetch[`${name}, naive`]![of] / fetch[`${name}, paged`]![of];
  const share = (name: string) => (1 / ratio(name, 'recordsPerSecond')).toFixed(2);
  expect(ratio('NCMEC', 'peakMegabytes').toFixed(1)).toBe('1.6');
  expect(readme).toContain(
    `${ratio('StopNCII', 'peakMegabytes').toFixed(1)} times the memory, and ${share('StopNCII')} and ${share('NCMEC')} of the time`,
  );
  const p99 = (what: string) => withdraw[`from the service, with a fetch, to ${what}`]!.p99;
  expect(readme).toContain(
    `invisible ${p99('invisible').toFixed(0)} ms after a fetch begins (p99), and ${(p99('disk') / 1000).toFixed(0)} s after it on disk`,
  );
  const times = decide.slice(0, 3).map(({ microseconds }) => microseconds.toFixed(0));
  expect(readme).toContain(`take ${times[0]}, ${times[1]} and ${times[2]} us`);
});

/* These two benches need a machine that does nothing else. README tells their figures once, and only
once, their records are there. */

const recorded = (path: string) => (existsSync(join(root, path)) ? json(path) : undefined);

test('a store of a million entries', () => {
  const record = recorded('bench/record/store.json') as
    | {
        postgresql: {
          entries: number;
          loadSeconds: number;
          bandSeconds: number;
          bytesWithBands: number;
          searches: { way: string; radius: number; p50: number }[];
          followers: {
            loadMilliseconds: number[];
            residentBytes: number;
            missedEntries: number;
            catchUpOfManyMilliseconds: number;
            toInvisible: { p99: number };
          };
        };
        targets: { met: boolean }[];
      }
    | undefined;
  if (record === undefined) {
    expect(readme).not.toContain('`npx onlyhashes bench store`');
    return;
  }
  const { postgresql, targets } = record;
  const { entries, loadSeconds, bandSeconds, bytesWithBands, searches, followers } = postgresql;
  const { loadMilliseconds, residentBytes, missedEntries, toInvisible } = followers;
  const [, middle] = loadMilliseconds.sort((a, b) => a - b);
  const ms = (way: string) =>
    searches.find((row) => row.way === `postgresql, ${way}` && row.radius === MATCH)!.p50;
  expect(entries).toBe(1e6);
  expect(readme).toContain(
    `A million entries are put into PostgreSQL in ${loadSeconds.toFixed(0)} s, their bands in ${bandSeconds.toFixed(0)} s more, and take ${bytesWithBands.toFixed(0)} bytes each`,
  );
  expect(readme).toContain(
    `A follower has loaded them after ${(middle! / 1000).toFixed(0)} s, in ${(residentBytes / 1e6).toFixed(0)} MB, and is equal ${(followers.catchUpOfManyMilliseconds / 1000).toFixed(1)} s after a break of ${missedEntries.toLocaleString('en-US')} entries`,
  );
  expect(readme).toContain(
    `What is withdrawn is invisible in each of three processes after ${toInvisible.p99.toFixed(0)} ms (p99)`,
  );
  expect(readme).toContain(
    `A search within 31 bits takes ${ms('bands').toFixed(1)} ms by bands and ${ms('scan').toFixed(0)} ms by a scan`,
  );
  expect(targets.filter(({ met }) => !met)).toEqual([]);
});

test('look-ups a second of a service', () => {
  type Loads = { loads: Record<string, { requestsPerSecond: number; p99: number }> };
  const record = recorded('bench/record/service.json') as
    | (Record<`workers ${0 | 1 | 2}`, Loads & { idleBytes: number }> & {
        scale: { entries: number };
        targets: { name: string; met: boolean }[];
      })
    | undefined;
  if (record === undefined) {
    expect(readme).not.toContain('`npx onlyhashes bench service`');
    return;
  }
  const told = (workers: 0 | 1 | 2, path: string) => {
    const { requestsPerSecond, p99 } = record[`workers ${workers}`].loads[`${path}, flat out`]!;
    return `${Math.round(requestsPerSecond).toLocaleString('en-US')} (${p99.toFixed(0)} ms)`;
  };
  const megabytes = (workers: 0 | 1 | 2) =>
    (record[`workers ${workers}`].idleBytes / 1e6).toFixed(0);
  const steadyP99 = (workers: 0 | 1, path: string) =>
    record[`workers ${workers}`].loads[`${path}, 4000 a second`]!.p99.toFixed(0);
  expect(record.scale.entries).toBe(1e6);
  expect(readme).toContain(
    `answered ${told(0, '/m/lookup')} look-ups a second by HMA's call (p99 in brackets), and ${told(0, '/v1/match')} by \`/v1/match\`, which also finds what is for review; with one worker ${told(1, '/v1/match')}, with two ${told(2, '/v1/match')}. It held ${megabytes(0)}, ${megabytes(1)} and ${megabytes(2)} MB (\`npx onlyhashes bench service\`)`,
  );
  expect(readme).toContain(
    `At some 3,900 a second the p99 was ${steadyP99(0, '/m/lookup')} ms, and with a worker ${steadyP99(1, '/v1/match')}: our aim of 4,000 look-ups by hash within 20 ms is met, but not by \`/v1/match\` without a worker.`,
  );
  const missed = record.targets.filter(({ met }) => !met).map(({ name }) => name);
  // README tells these two.
  expect(missed.every((name) => /^workers [12], .v1.match, flat out: p99/.test(name))).toBe(true);
});
