import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashFromHex } from '../../../src/hash.js';
import type { Decision, VideoMatch } from '../../../src/matching/decision.js';
import { matchReport } from '../../../src/node/report/match-report.js';
import { timeLineOf, videoFacts } from '../../../src/node/report/time-line.js';
import { policyFor } from '../../../src/policy.js';

const GROUP = 'ab'.repeat(32);

/** A video with moments, each `[listSeconds, querySeconds]`. */
const video = (
  moments: readonly (readonly [number, number])[],
  more: Partial<VideoMatch> = {},
) => ({
  ...{ group: GROUP, tier: 'match' as const, speed: 1, offset: -0.3, frames: 5 },
  ...{ listShare: 0.834, queryShare: 1, variant: 'frame' },
  moments: moments.map(([listSeconds, querySeconds]) => ({
    ...{ listSeconds, querySeconds, distance: 7 },
  })),
  ...more,
});

const decision = (videos: readonly VideoMatch[] | undefined, labels = ['film']): Decision => {
  const hash = hashFromHex('pdq', '0123456789abcdef'.repeat(4));
  const entry = { hash, labels, group: GROUP, seconds: 1 };
  return {
    verdict: 'match',
    reason: 'matched-video',
    policy: policyFor('pdq', 256),
    matches: [{ entry, distance: 7, tier: 'match', variant: { name: 'frame', hash, frame: 20 } }],
    ...(videos && { videos }),
  };
};

async function pageOf(decision: Decision): Promise<string> {
  let page = '';
  for await (const piece of matchReport([{ decision }])) page += piece;
  return page;
}

/** The labels of the axis. */
const axisOf = (drawn: string) =>
  [...drawn.matchAll(/text-anchor="middle">([^<]*)</g)].map(([, label]) => label);

/** The lines between moments, in per cent of the width. */
const linesOf = (drawn: string) =>
  [...drawn.matchAll(/<line x1="([\d.]+)%" x2="([\d.]+)%" y1="28"/g)].map(([, ...x]) =>
    x.map(Number),
  );

test('two bars on one scale, with lines between moments and their times side by side', () => {
  const drawn = timeLineOf(
    video([
      [1, 0.7],
      [2.5, 2.2],
      [4, 3.7],
    ]),
  );
  expect(drawn).toContain('role="img"');
  expect(drawn).toMatch(/<title>time line: .*listed video.*upload.*<\/title>/);
  expect(axisOf(drawn)).toEqual(['0:00', '0:01', '0:02', '0:03', '0:04']);
  expect(linesOf(drawn)).toEqual([
    [25, 17.5],
    [62.5, 55],
    [100, 92.5],
  ]);
  // From the first moment to the last.
  expect(drawn).toContain('<rect x="25.00%" width="75.00%" y="4"');
  expect(drawn).toContain('<rect x="17.50%" width="75.00%" y="104"');
  expect(drawn).toContain('<tr><td>0:02.50</td><td>0:02.20</td><td>7 of 256 bits</td></tr>');
});

test('an axis begins near the first moment, and has minutes and hours', () => {
  const late = timeLineOf(
    video([
      [3600, 3700],
      [3900, 4075],
    ]),
  );
  expect(axisOf(late)).toEqual(['1:00:00', '1:02:00', '1:04:00', '1:06:00', '1:08:00']);
  const far = timeLineOf(video([[5400, 0.5]]));
  expect(axisOf(far)).toEqual(['0:00', '30:00', '1:00:00', '1:30:00']);
  expect(axisOf(timeLineOf(video([[59.96, 60]])))).toEqual(['0:59.9', '1:00.0']);
  expect(axisOf(timeLineOf(video([[0, 0]])))).toEqual(['0:00.0', '0:00.1']);
});

test('whatever the moments, the drawing is small and within its width', () => {
  const time = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(time, time), { minLength: 1, maxLength: 5 }), (moments) => {
      const drawn = timeLineOf(video(moments));
      expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
      expect(axisOf(drawn).length).toBeLessThanOrEqual(8);
      for (const x of linesOf(drawn).flat()) expect(x).toBeLessThanOrEqual(100);
      expect(linesOf(drawn)).toHaveLength(moments.length);
    }),
  );
});

test('facts are in words, without the group, which follows from hashes', () => {
  const { matches } = decision([]);
  const own = { list: 'a list', source: 'ncmec', id: 'case-17' };
  const facts = videoFacts(video([], own), matches);
  expect(facts).toEqual([
    ['tier', 'match'],
    ['labels', 'film'],
    ['list', 'a list'],
    ['source', 'ncmec'],
    ['entry', 'case-17'],
    ['offset', '-0.3 seconds: the upload begins at 0:00.3 of the listed video'],
    ['speed', '1.00 seconds of the upload for each one of the listed video'],
    ['frames', '5, 83 % of those of the listed video'],
    ['upload', '100 % of it shows the listed video'],
  ]);
  const later = new Map(videoFacts(video([], { offset: 72, speed: 1.25 }), []));
  expect(later.get('offset')).toBe('72 seconds: the listed video begins at 1:12.0 of the upload');
  expect(later.get('speed')).toMatch(/^1\.25 /);
  expect(later.has('labels')).toBe(false);
});

test('a page has a section for each video, in its own colours, and no hash', async () => {
  const page = await pageOf(decision([video([[1, 0.7]]), video([], { variant: 'flipY' })]));
  expect([...page.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title)).toEqual([
    ...['Video 1', 'Video 2', 'Match 1'],
  ]);
  expect(page.match(/<svg [^>]*role="img"/g)).toHaveLength(1);
  for (const text of ['frame: the whole frame<', 'flipY: mirrored<', 'on one line of time']) {
    expect(page).toContain(text);
  }
  expect(page).not.toMatch(/[\da-f]{16}|<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  const [, body] = page.split('</style>') as [string, string];
  expect(new Set(body.match(/#[\da-f]{3,6}\b/gi))).toEqual(new Set(['#2a6fbb']));
});

test('a decision without videos has no time line', async () => {
  expect(await pageOf(decision(undefined))).not.toMatch(/<svg|<table|<h3>Video/);
  expect(await pageOf(decision([]))).toBe(await pageOf(decision(undefined)));
});

test('text of a list cannot change the page', async () => {
  const hostile = '"><script>x</script>';
  const own = { list: hostile, source: hostile, id: hostile, variant: hostile };
  const page = await pageOf(decision([video([[1, 0.7]], own)], [hostile]));
  expect(page).not.toContain('<script');
});
