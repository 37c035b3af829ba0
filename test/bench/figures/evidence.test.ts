import { describe, expect, test } from 'vitest';
import { installCommands, packagesOf } from '../../../bench/robustness/photo-lists.js';
import {
  checked,
  count,
  cutsFound,
  decisionOf,
  docs,
  index,
  json,
  KIND_WRONG,
  MIXED_WRONG,
  mean,
  milliseconds,
  mostOfChanges,
  of,
  percent,
  record,
  says,
  sealed,
  text,
  wrongMatchesAtMost,
} from './records.js';

describe('evidence.md and evidence-copies.md', () => {
  const page = docs('evidence', 'evidence-copies');
  test('the copies that are found', () => {
    const { queries, edits, families, photos, files } = sealed;
    for (const name of ['plain PDQ', 'match', 'or review']) {
      const { low, high } = of(name);
      expect(page).toContain(`| ${mean(name)} % (${percent(low, 1)} to ${percent(high, 1)}) |`);
    }
    says(page, [
      `${count(queries)}; ${edits.length}; ${families.length}; ${photos.length}; ${files} |`,
      `| ${mean('windows, match')} %, ${mean('windows, or review')} % |`,
      `| wrong reviews: at most ${MIXED_WRONG.atMost!.toFixed(3)} on mixed photos, ${KIND_WRONG.value.toFixed(1)} of one kind | none |`,
      `with parts: match, or review | ${mean('parts, match')} %, ${mean('parts, or review')} % |`,
      `with both: match, or review | ${mean('both, match')} %, ${mean('both, or review')} % |`,
      `with crops anywhere and parts: match, or review | ${mean('anywhere, match')} %, ${mean('anywhere, or review')} % |`,
      `${mean('match', checked)} % match, and ${mean('or review', checked)} %`,
    ]);
  });

  test('list crops, near searches and changes', () => {
    const [found, without] = [cutsFound('centre', 'windows'), cutsFound('centre', 'alone')];
    const { near } = record('near/index.json') as { near: { copies: number } };
    const longest = mostOfChanges('the longest').toFixed(0);
    says(page, [
      `| centre crops with list crops, ${found} %, without ${without} % |`,
      `that a near search finds, ${percent(near.copies)} % |`,
      `| changes of a warm list: longest ${longest} ms |`,
    ]);
  });

  test('wrong matches', () => {
    const [variantPairs, , reviewed] = sealed.falsePairs.variants;
    const [files] = sealed.falsePairs.files;
    const millions = (variantPairs!.pairs / 1e6).toFixed(1);
    expect([variantPairs!.threshold, reviewed!.threshold, files!.threshold]).toEqual([31, 60, 31]);
    const { match, review } = sealed.wrongVerdicts.bare;
    says(page, [
      `| ${match} and ${review} |`,
      `| ${variantPairs!.falsePairs} and ${reviewed!.falsePairs} of ${millions} million |`,
      `| wrong matches of ${count(files!.pairs)} pairs of files, bound (95 %) | ${wrongMatchesAtMost()} per million |`,
    ]);
  });

  test('the time of queries to a service while its lists change', () => {
    const [, seconds] = /SOAK_SECONDS \?\? runs\((\d+)\)/.exec(
      text('test/server/soak/soak.test.ts'),
    )!;
    expect(page).toContain(`for ${seconds} seconds in \`npm run test:deep\``);
  });

  test('the packages that the published set needs besides the dependencies', () => {
    const { devDependencies } = json('package.json');
    const others = packagesOf('sealed').filter(
      (line) => !Object.keys(devDependencies).some((name) => line.includes(` ${name}@`)),
    );
    for (const line of installCommands(others)) expect(page).toContain(` ${line} `);
  });

  test('the index', () => {
    const { figures, targets } = index;
    const figure = (name: string) => figures[name]!;
    const seconds = figure('seconds to build of 1,000,000 hashes').toFixed(1);
    const longest = Math.ceil(figure('milliseconds of the longest change'));
    const large = (name: string) => figure(`10,000,000 hashes: ${name}`);
    const query = (large('query at distance 31, p50, us') / 1000).toFixed(3);
    const missed = targets.filter(({ met }) => !met).map((target) => target.measured.toFixed(2));
    expect(missed).toHaveLength(1);
    says(page, [
      `31 bits: ${milliseconds('uniform')} ms, clustered ${milliseconds('clustered')}`,
      `${figure('bytes a hash').toFixed(0)} bytes a hash, ${seconds} s to build, longest change ${longest} ms`,
      `ten million: ${large('bytes a hash').toFixed(0)} bytes, ${large('seconds to build').toFixed(0)} s, ${large('GB resident at the peak of building').toFixed(1)} GB, ${query} ms`,
      `unrelated queries are ${missed[0]} times as fast`,
    ]);
  });

  test('uploads and lists', () => {
    const { throughput, memory, targets } = record('uploads.json');
    const [plain, quick, thorough] = ['plain', 'quick', 'thorough'].map((name) =>
      throughput.find((row: { name: string }) => row.name === name).uploadsPerSecond.toFixed(1),
    );
    const missed = targets.filter(({ met }: { met: boolean }) => !met);
    expect(missed).toHaveLength(5);
    const { fetch, withdraw, decide } = record('lists.json');
    const rate = (name: string) => count(Math.round(fetch[`${name}, paged`].recordsPerSecond));
    const p99 = withdraw['from the service, with a fetch, to invisible'].p99.toFixed(0);
    const times = decide
      .slice(0, 3)
      .map((row: { microseconds: number }) => row.microseconds.toFixed(0));
    says(page, [
      `${plain} plain, ${quick} \`quick\`, ${thorough} \`thorough\``,
      `at once: ${memory[0].overIdleMegabytes.toFixed(0)} MB over idle`,
      `five aims that are missed, among ${targets.length}`,
      `StopNCII ${rate('StopNCII')} a second, NCMEC ${rate('NCMEC')}`,
      `invisible after ${p99} ms (p99)`,
      `5 and 20 lists: ${times.join(', ')} us`,
      `${decisionOf('uniform').ms} ms uniform, ${decisionOf('clustered').ms} ms clustered`,
    ]);
  });

  test('stores and services', () => {
    const { entries, followers, searches, ...postgresql } = record('store.json').postgresql;
    expect(entries).toBe(1e6);
    const [load, bands] = [postgresql.loadSeconds.toFixed(0), postgresql.bandSeconds.toFixed(0)];
    const bytes = count(Math.round(postgresql.bytesWithBands));
    const ms = (way: string): number =>
      searches.find(
        (row: { way: string; radius: number }) =>
          row.way === `postgresql, ${way}` && row.radius === 31,
      ).p50;
    const [, middle] = followers.loadMilliseconds.sort((a: number, b: number) => a - b);
    const service = record('service.json');
    const rate = (workers: number, path: string) =>
      count(Math.round(service[`workers ${workers}`].loads[`${path}, flat out`].requestsPerSecond));
    const missed = service.targets.filter(({ met }: { met: boolean }) => !met);
    expect(missed).toHaveLength(9);
    says(page, [
      `${load} s, bands ${bands} s more, ${bytes} bytes each`,
      `${ms('bands').toFixed(1)} ms by bands, ${ms('scan').toFixed(0)} by a scan`,
      `after ${(middle / 1000).toFixed(0)} s; withdrawn, invisible after ${followers.toInvisible.p99.toFixed(0)} ms (p99)`,
      `${rate(0, '/m/lookup')} of HMA, ${rate(0, '/v1/match')} of \`/v1/match\`, ${rate(1, '/v1/match')} with a worker`,
      `names nine, among ${service.targets.length}:`,
    ]);
  });
});
