import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { matchesAtMost } from '../../../bench/robustness/report/metrics.js';
import { distance, hashFromHex } from '../../../src/hash.js';
import { policyFor } from '../../../src/policy.js';
import { hmaHashRoutes } from '../../../src/server/hma/hash.js';
import { hmaMatchRoutes } from '../../../src/server/hma/match.js';
import {
  type Counted,
  count,
  decisionOf,
  HELD_OUT,
  json,
  largest,
  MIXED,
  mean,
  milliseconds,
  ONE_KIND,
  percent,
  precision,
  record,
  recorded,
  root,
  says,
  sealed,
  text,
  wrongMatchesAtMost,
} from './records.js';

test('no record is of a busy machine, or of files that differ from its commit', () => {
  const paths = readdirSync(join(root, 'bench/record'), { encoding: 'utf8', recursive: true });
  const records = paths.filter((path) => path.endsWith('.json'));
  expect(records.length).toBeGreaterThan(15);
  for (const path of records) {
    // That of `index` is made in parts. Those without were made before this was recorded.
    const made = JSON.stringify(record(path).made ?? {});
    // One of counts alone is the same on a busy machine.
    const ofCounts = /^(shown|inner|robustness\/sealed\/robustness|video\/(sealed|files))\.json$/;
    // An untracked test file lay beside these two; the code was that of their commit.
    const besideTest =
      ['uploads.json', 'service.json'].includes(path) &&
      made.includes('82dec3d34ed6fe7bf546fe59cd60e1f8554f9f06');
    if (besideTest) {
      expect([path, made]).toEqual([path, expect.not.stringContaining('"busy":true')]);
      continue;
    }
    const wrong = ofCounts.test(path) ? /"clean":false/ : /"(busy":true|clean":false)/;
    expect([path, made]).toEqual([path, expect.not.stringMatching(wrong)]);
  }
});

test('results of a look-up by hash, in the words of HMA’s calls', () => {
  const plain = `${mean('plain PDQ')} %`;
  expect(text('docs/serve.md')).toContain(`plain PDQ, which finds ${plain} of edited copies`);
  const parts = {} as never;
  const routes = [
    ...hmaHashRoutes({} as never, { minQuality: () => 50, notPictures: 'refuse' }),
    ...hmaMatchRoutes(parts, {} as never, false),
  ];
  const calls = ['GET /h/hash', 'POST /h/hash', 'GET /m/lookup', 'GET /m/raw_lookup'];
  for (const call of calls) {
    const { about } = routes.find(({ method, path }) => `${method} ${path}` === call)!;
    expect(about, call).toContain(`plain PDQ: ${plain} of edited copies match`);
    expect(about, call).toContain('`POST /m/lookup`');
  }
});

describe('README and variants.md', () => {
  const [readme, variants] = [text('README.md'), text('docs/variants.md')] as const;
  const uploads = record('uploads.json') as {
    cost: Record<string, number>;
  };

  test('the recall of each profile, and the cost of an upload', () => {
    const cpu = (name: string) => uploads.cost[`${name}, ms of CPU`]?.toFixed(0) ?? '';
    const costs = (way: string) => {
      const [baseline, progressive] = [cpu(way), cpu(`${way}, progressive`)];
      return [cpu(`${way}, 1 MP`), progressive ? `${baseline} (${progressive})` : baseline];
    };
    const found = (list: string) => [mean(`${list}match`), mean(`${list}or review`)];
    // By the review distance of each length: 60, 54 (counted within 55) and 46 bits.
    const reviews = [
      [1e5, 60],
      [1e6, 55],
      [1e7, 46],
    ].map(([entries, bits]) => {
      const at = precision.distances.indexOf(bits!);
      const of1000 = ({ within, pairs }: Counted) => (1000 * entries! * within[at]!) / pairs;
      const most = (matchesAtMost(0, MIXED.pairs) * entries!) / 1000;
      return {
        distance: policyFor('pdq', 256, {}, entries!).reviewDistance,
        mixed: MIXED.within[at] === 0 ? `<= ${most.toFixed(0)}` : of1000(MIXED).toFixed(0),
        kind: count(Number(of1000(ONE_KIND).toPrecision(2))),
      };
    });
    const falseReviews = reviews.map(({ mixed }) => mixed).join(', ');
    const rows = [
      ['plain PDQ', mean('plain PDQ'), '', '', ...costs('plain')],
      ['`quick`', mean('quick, match'), mean('quick, or review'), '', ...costs('quick')],
      ['`thorough`, the default of `check`', ...found(''), falseReviews, ...costs('thorough')],
    ];
    for (const row of rows) {
      expect(readme).toContain(`| ${row.join(' | ')} |`.replaceAll(/(?<=\|) +(?=\|)/g, ' '));
    }
    const fewer = HELD_OUT['60 bits']! - HELD_OUT['54 bits, quality 50 or more']!;
    const screens = sealed.hardNegatives.find(
      ({ kind }) => kind === 'one screen layout, another photo',
    )!;
    says(readme, [
      `${fewer.toFixed(1)} points fewer`,
      `${reviews[0]!.kind}, ${reviews[1]!.kind} and ${reviews[2]!.kind}: about one per upload from a million on`,
      `up to ${found('both, ').join(' and ')}`,
      `${count(sealed.queries)} copies of ${sealed.photos.length} photos`,
      `made with ${sealed.families.length} kinds of edits`,
    ]);
    says(
      text('docs/false-matches.md'),
      ['100,000', 'a million', 'ten million'].map((entries, at) => {
        const { distance, mixed, kind } = reviews[at]!;
        return `| ${entries} | ${distance} | ${mixed} | ${kind} |`;
      }),
    );
    says(text('docs/recall.md'), [
      `with crops anywhere, ${sealed.wrongVerdicts.anywhere.match} copies matched a wrong photo, and ${screens.matches} of ${screens.cases} screens of one app matched another`,
    ]);
    for (const name of ['dihedral', 'quick']) {
      const found = [mean(`${name}, match`), mean(`${name}, or review`)].join(' | ');
      expect(variants).toMatch(
        new RegExp(`\\| \`${name}\` \\|.{1,70}\\| ${found} \\|`.replaceAll(' | ', ' \\| ')),
      );
    }
    const cost = recorded('variants').figures as Record<string, number>;
    for (const name of ['dihedral', 'quick', 'thorough']) {
      const [hashes, ...times] = [
        cost[`1 megapixel, ${name}: hashes`]!.toFixed(0),
        cost[`1 megapixel, ${name}: milliseconds`]!.toFixed(1),
        cost[`12 megapixels, ${name}: milliseconds`]!.toFixed(1),
      ];
      expect(variants).toContain(`| \`${name}\` | ${hashes} | ${times.join(' | ')} |`);
    }
    for (const kind of ['squares', 'screenshots', 'collages', 'tilted prints']) {
      const cells = [
        cost[`1 megapixel, ${kind}, quick: milliseconds`]?.toFixed(1),
        cost[`1 megapixel, ${kind}, thorough: milliseconds`]?.toFixed(1),
        cost[`1 megapixel, ${kind}, thorough: hashes`]?.toFixed(0),
      ];
      // Blank until the record has it. Markdown is read with one blank for many.
      const row = `| ${kind} | ${cells.map((cell) => (cell ? `${cell} ` : '')).join('| ')}|`;
      expect(variants).toContain(row);
    }
    says(variants, [
      `| ${mean('match')} | ${mean('or review')} |`,
      `Plain PDQ alone finds ${mean('plain PDQ')} %`,
    ]);
  });

  test('the copies, the weakest families and the bound on wrong matches', () => {
    const { families, outcomes, falsePairs, wrongVerdicts } = sealed;
    const match = outcomes.indexOf('match');
    const weakest = [...families].sort((a, b) => a.recall[match]! - b.recall[match]!).slice(0, 3);
    expect(weakest.map(({ name }) => name)).toEqual([
      'crop to 9:16',
      'social crop',
      'collage of square cells',
    ]);
    const [files] = falsePairs.files;
    says(text('docs/false-matches.md'), [
      `Of ${count(files!.pairs)} pairs of files, ${wrongVerdicts.bare.match} matched wrongly: at most ${wrongMatchesAtMost()} per million`,
    ]);
    says(readme, ['There was no wrong match among 9.3e8 pairs']);
  });

  test('a search', () => {
    expect(readme).toContain(
      `a million hashes takes ${milliseconds('uniform')} ms (\`npx onlyhashes bench index\`), and a decision about a picture near no entry ${decisionOf('uniform').ms} to ${decisionOf('clustered').ms} (`,
    );
  });
});

describe('agreement.md', () => {
  const page = text('docs/agreement.md');
  test('bits between the size conventions, by the values of the reference', () => {
    const bits = (a: string, b: string) => distance(hashFromHex('pdq', a), hashFromHex('pdq', b));
    const photos = json('fixtures/photos/expected.json')
      .filter(
        ({ width, height }: { width: number; height: number }) => Math.max(width, height) > 512,
      )
      .map((photo: { pdq: string; fullRes: { pdq: string } }) =>
        bits(photo.pdq, photo.fullRes.pdq),
      );
    const drawn = json('fixtures/pdq/pixels.json')
      .filter(({ resized512 }: { resized512?: object }) => resized512)
      .map((file: { pdq: string; resized512: { pdq: string } }) =>
        bits(file.pdq, file.resized512.pdq),
      );
    expect(page).toContain(
      `${Math.min(...photos)} to ${Math.max(...photos)} bits on the ${photos.length} such photos of \`fixtures/photos\`, and ${Math.min(...drawn)} to ${Math.max(...drawn)} on the ${drawn.length} drawn strips of \`fixtures/pdq\``,
    );
  });
});

test('browser.md: the memory of a page', () => {
  const figures = Object.entries(recorded('browser').figures as Record<string, number>);
  const most = (kind: RegExp) =>
    largest(figures.flatMap(([name, value]) => (kind.test(name) ? value : []))).toFixed(0);
  const of = (kind: string) =>
    most(new RegExp(`^memory while hashing over the page without a Worker, ${kind}, MB$`));
  expect(text('docs/browser.md')).toContain(
    `a 12-megapixel JPEG needs up to ${of('JPEG( by WebAssembly)?')} MB on top of the page, and ${of('JPEG, thorough')} with the thorough profile. PNG and WebP need up to ${of('(PNG|WebP).*')} MB, and HEIC up to ${of('HEIC.*')}. The Worker, which stays, takes ${most(/^memory of the waiting Worker/)} MB of that`,
  );
});

test('design-choices.md: the results of a near search', () => {
  const { near } = record('near/index.json') as { near: Record<string, number> };
  expect(text('docs/design-choices.md')).toContain(
    `finds about ${percent(near.copies!)} of 100 pairs of a photo and its copy at 32 to 60 bits`,
  );
  const at = (bits: string) => percent(near[`copies of photos, ${bits} bits`]!);
  expect([at('32 to 40'), at('41 to 46')]).toEqual(['100', '100']);
  says(text('docs/design-choices.md'), [
    `100 % up to 46 bits, ${at('47 to 50')} % at 47 to 50, ${at('51 to 54')} % at 51 to 54, and ${at('55 to 60')} % at 55 to 60`,
  ]);
});

describe('production.md', () => {
  const page = text('docs/production.md');
  test('the cost of an upload, and of a hash', () => {
    const { throughput } = record('uploads.json');
    const cost = (name: string): number =>
      throughput.find((row: { name: string }) => row.name === name).cpuMilliseconds;
    const [thorough, quick] = [cost('thorough'), cost('quick')];
    const bytes: number = record('index.json').figures['bytes a hash'];
    says(page, [
      `An upload takes ${thorough.toFixed(0)} ms of CPU with \`thorough\`, and ${quick.toFixed(0)} ms with \`quick\`: so one core checks about ${(1000 / thorough).toFixed(0)} or ${(1000 / quick).toFixed(0)} a second`,
      `${bytes.toFixed(0)} bytes per hash in a list of a million`,
    ]);
  });
});

describe('security.md', () => {
  const page = text('docs/security.md');
  const constant = (path: string, name: string): number =>
    Number(new RegExp(`${name} = ([\\d_]+)`).exec(text(path))![1]!.replace('_', ''));

  test('uploads at once, and slow senders', () => {
    const { memory, slow, scale } = record('uploads.json');
    const [room, short] = memory;
    const megabytes = room.overIdleMegabytes.toFixed(0);
    expect([room.lost, short.lost, short.decided + short.busy]).toEqual([0, 0, scale.heavy]);
    const rate = (name: string) => slow[`uploads a second ${name}`].toFixed(1);
    const slowOnes = `${scale.slowClients} clients of 1 kB/s that promise 30 MB`;
    says(page, [
      `${scale.heavy} uploads of 30 MB took ${megabytes} MB over an idle server`,
      `${short.busy} of them were answered \`busy\``,
      `${scale.slowClients} clients that send 1 kB a second`,
      `${rate(`beside ${slowOnes}`)} uploads a second, and ${rate('alone')} alone`,
    ]);
  });

  test('the counts of the tests that it names, and the limits', () => {
    const connections = constant('test/server/hostile-serve.test.ts', 'CONNECTIONS');
    const [, ofEight] = /const MUTANTS = 8 \* runs\((\d+)\)/.exec(
      text('test/node/decode/mutants.test.ts'),
    )!;
    const [, kills] = /POOL_KILLS \?\? runs\((\d+)\)/.exec(
      text('test/node/pool/failing-workers.test.ts'),
    )!;
    const production = text('docs/production.md');
    says(production, [
      '| `cpuSeconds` of a pool | 5 a picture |',
      '| `maxFiles` of a form | 20 |',
      '| frames of a picture | 4,000 |',
    ]);
    says(page, [
      `${count(connections)} stalled connections do not keep others`,
      `${count(8 * Number(ofEight))} changed files of all formats`,
      `${kills} workers are killed at random`,
      'after `cpuSeconds` of CPU, 5 by default',
      'after `maxFiles`, 20 by default',
      'over 4,000 are `too-many-frames`',
    ]);
  });
});

test('what a helpline takes a second, and through kills', () => {
  const { rate, kills } = record('cases.json') as unknown as {
    rate: Record<'send' | 'state', { requests: number; p99: number }> & {
      perSecond: number;
      failed: number;
    };
    kills: { walks: number; killed: number; wrong: number };
  };
  expect([rate.failed, kills.wrong]).toEqual([0, 0]);
  const page = text('docs/helpline.md').replaceAll(/\s+/g, ' ');
  const { send, state } = rate;
  for (const words of [
    `took ${Math.round(rate.perSecond)} cases a second while ${count(state.requests)} states`,
    `cases were answered within ${Math.round(send.p99)} ms, and of the states within ${Math.round(state.p99)} ms`,
    `Through ${kills.killed} kills in ${kills.walks} walks`,
  ]) {
    expect(page).toContain(words);
  }
});
