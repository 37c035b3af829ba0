import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The figures of `docs/evidence.md` and `docs/variants.md` match the records. */
const root = join(import.meta.dirname, '..');
const json = (path: string) => JSON.parse(readFileSync(join(root, 'bench/record', path), 'utf8'));
const text = (path: string) => readFileSync(join(root, 'docs', path), 'utf8').replace(/\s+/g, ' ');
const evidence = text('evidence.md');
const variants = text('variants.md');

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
  foretold: { name: string; wrongMatches: number }[];
  hardNegatives: { kind: string; cases: number; matches: number; reviews: number }[];
}

const sealed = json('robustness/sealed/robustness.json') as Run;
const percent = (part: number, digits = 0) => (100 * part).toFixed(digits);
const of = (name: string, run = sealed) => run.macro.find((mean) => mean.name === name)!;
const mean = (name: string, run?: Run) => percent(of(name, run).value, 1);
const count = (value: number) => value.toLocaleString('en-US');

test('the copies that are found', () => {
  const { queries, edits, families, photos, files } = sealed;
  expect(evidence).toContain(
    `${count(queries)}; ${edits.length}; ${families.length}; ${photos.length}; ${files} |`,
  );
  for (const name of ['plain PDQ', 'match', 'or review']) {
    const { low, high } = of(name);
    expect(evidence).toContain(`| ${mean(name)} % (${percent(low, 1)} to ${percent(high, 1)}) |`);
  }
  expect(evidence).toContain(`| ${mean('windows, match')} %, ${mean('windows, or review')} % |`);
  const checked = json('robustness/checked/robustness.json') as Run;
  expect(evidence).toContain(
    `${mean('match', checked)} % match, and ${mean('or review', checked)} %`,
  );
  expect(variants).toContain(`finds ${mean('plain PDQ')} %`);
  for (const name of ['dihedral', 'quick']) {
    const [match, review] = [mean(`${name}, match`), mean(`${name}, or review`)];
    expect(variants).toMatch(
      new RegExp(`\\| \`${name}\` \\|.{1,70}\\| ${match} \\| ${review} \\|`),
    );
  }
  const last = `| ${mean('match')} | ${mean('or review')} |`;
  expect(variants).toContain(last);
});

test('the table of families', () => {
  const columns = ['plain PDQ', 'match', 'or review', 'windows, match'];
  const told = sealed.families.filter(({ name }) => variants.includes(`| ${name} |`));
  expect(told.length).toBeGreaterThan(5);
  for (const { name, recall } of told) {
    const cells = columns.map((column) => percent(recall[sealed.outcomes.indexOf(column)]!));
    expect(variants).toContain(`| ${[name, ...cells].join(' | ')} |`);
  }
  // The weakest are told.
  const match = sealed.outcomes.indexOf('match');
  const weakest = [...sealed.families].sort((a, b) => a.recall[match]! - b.recall[match]!);
  for (const { name } of weakest.slice(0, 3)) expect(told.map((row) => row.name)).toContain(name);
});

test('wrong matches', () => {
  const [variantPairs, , reviewed] = sealed.falsePairs.variants;
  const [files] = sealed.falsePairs.files;
  const millions = (variantPairs!.pairs / 1e6).toFixed(1);
  expect([variantPairs!.threshold, reviewed!.threshold, files!.threshold]).toEqual([31, 60, 31]);
  const { match, review } = sealed.wrongVerdicts;
  expect(evidence).toContain(`| ${match} and ${review} |`);
  expect(evidence).toContain(
    `| ${variantPairs!.falsePairs} and ${reviewed!.falsePairs} of ${millions} million |`,
  );
  expect(evidence).toContain(`| ${files!.perMillionAtMost.toFixed(0)} per million |`);
  const [edited, plain] = ['edited photos', 'photos as they are'].map((name) =>
    sealed.foretold.find((row) => row.name === name)!.wrongMatches.toExponential(1),
  );
  expect(evidence).toContain(`| ${edited}; of a photo as it is ${plain} |`);
  expect(variants).toContain(`${millions} million pairs of a variant and another picture`);
  expect(variants).toContain(`from ${count(files!.pairs)} pairs of files`);
  expect(variants).toContain(`at most ${files!.perMillionAtMost.toFixed(0)} would be`);
  const kinds = ['one screen layout, another photo', 'one frame or wall, another photo'].map(
    (name) => sealed.hardNegatives.find(({ kind }) => kind === name)!,
  );
  const sum = (of: 'cases' | 'matches' | 'reviews') =>
    kinds.reduce((total, kind) => total + kind[of], 0);
  expect(sum('matches')).toBe(0);
  expect(variants).toContain(`Of ${sum('cases')} cases`);
  expect(variants).toContain(`${sum('reviews')} were for review`);
});

test('the index', () => {
  const { measured, figures, targets } = json('index.json') as {
    measured: {
      data: string;
      count: number;
      maxDistance: number;
      engine: string;
      microseconds: number;
    }[];
    figures: Record<string, number>;
    targets: { met: boolean; measured: number }[];
  };
  const ms = (data: string) => {
    const row = measured.find(
      (each) =>
        each.data === data &&
        each.count === 1e6 &&
        each.maxDistance === 31 &&
        each.engine === 'onlyhashes',
    )!;
    return (row.microseconds / 1000).toFixed(3);
  };
  expect(evidence).toContain(`31 bits: ${ms('uniform')} ms, clustered ${ms('clustered')}`);
  const figure = (name: string) => figures[name]!;
  const seconds = figure('seconds to build of 1,000,000 hashes').toFixed(1);
  const longest = Math.ceil(figure('milliseconds of the longest change'));
  expect(evidence).toContain(
    `${figure('bytes a hash').toFixed(0)} bytes a hash, ${seconds} s to build, longest change ${longest} ms`,
  );
  const large = (name: string) => figure(`10,000,000 hashes: ${name}`);
  const query = (large('query at distance 31, p50, us') / 1000).toFixed(3);
  expect(evidence).toContain(
    `ten million: ${large('bytes a hash').toFixed(0)} bytes, ${large('seconds to build').toFixed(0)} s, ${large('GB resident at the peak of building').toFixed(1)} GB, ${query} ms`,
  );
  const missed = targets.filter(({ met }) => !met).map((target) => target.measured.toFixed(2));
  expect(missed).toHaveLength(1);
  expect(evidence).toContain(`unrelated queries are ${missed[0]} times as fast`);
});

test('uploads and lists', () => {
  const { throughput, memory, targets } = json('uploads.json');
  const [plain, quick, thorough] = ['plain', 'quick', 'thorough'].map((name) =>
    throughput.find((row: { name: string }) => row.name === name).uploadsPerSecond.toFixed(1),
  );
  expect(evidence).toContain(`${plain} plain, ${quick} \`quick\`, ${thorough} \`thorough\``);
  expect(evidence).toContain(`at once: ${memory[0].overIdleMegabytes.toFixed(0)} MB over idle`);
  const missed = targets.filter(({ met }: { met: boolean }) => !met);
  expect(missed).toHaveLength(3);
  expect(evidence).toContain(`three aims that are missed, among ${targets.length}`);
  const { fetch, withdraw, decide } = json('lists.json');
  const rate = (name: string) => count(Math.round(fetch[`${name}, paged`].recordsPerSecond));
  expect(evidence).toContain(`StopNCII ${rate('StopNCII')} a second, NCMEC ${rate('NCMEC')}`);
  const p99 = withdraw['from the service, with a fetch, to invisible'].p99.toFixed(0);
  expect(evidence).toContain(`invisible after ${p99} ms (p99)`);
  const times = decide
    .slice(0, 3)
    .map((row: { microseconds: number }) => row.microseconds.toFixed(0));
  expect(evidence).toContain(`5 and 20 lists: ${times.join(', ')} us`);
});

test('stores and services', () => {
  const { entries, followers, searches, ...postgresql } = json('store.json').postgresql;
  expect(entries).toBe(1e6);
  const [load, bands] = [postgresql.loadSeconds.toFixed(0), postgresql.bandSeconds.toFixed(0)];
  const bytes = count(Math.round(postgresql.bytesWithBands));
  expect(evidence).toContain(`${load} s, bands ${bands} s more, ${bytes} bytes each`);
  const ms = (way: string): number =>
    searches.find(
      (row: { way: string; radius: number }) =>
        row.way === `postgresql, ${way}` && row.radius === 31,
    ).p50;
  expect(evidence).toContain(
    `${ms('bands').toFixed(1)} ms by bands, ${ms('scan').toFixed(0)} by a scan`,
  );
  const [, middle] = followers.loadMilliseconds.sort((a: number, b: number) => a - b);
  expect(evidence).toContain(
    `after ${(middle / 1000).toFixed(0)} s; withdrawn, invisible after ${followers.toInvisible.p99.toFixed(0)} ms (p99)`,
  );
  const service = json('service.json');
  const rate = (workers: number, path: string) =>
    count(Math.round(service[`workers ${workers}`].loads[`${path}, flat out`].requestsPerSecond));
  expect(evidence).toContain(
    `${rate(0, '/m/lookup')} of HMA, ${rate(0, '/v1/match')} of \`/v1/match\`, ${rate(1, '/v1/match')} with a worker`,
  );
  const missed = service.targets.filter(({ met }: { met: boolean }) => !met);
  expect(missed.map(({ name }: { name: string }) => name)).toEqual([
    'workers 1, /v1/match, flat out: p99, ms',
    'workers 2, /v1/match, flat out: p99, ms',
  ]);
  expect(evidence).toContain(`names two, among ${service.targets.length}:`);
});
