import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import { differingBits, type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import { createAllowList } from '../../src/matching/allow-list.js';
import { decisionFromJSON } from '../../src/matching/decision-json.js';
import { match } from '../../src/matching/match.js';
import { FrameHits } from '../../src/matching/video/frame-hits.js';
import { lineOf, type Moment } from '../../src/video/line-of-time.js';
import { entriesOfVideo, matchVideo, type VideoRule } from '../../src/video/video.js';
import { runs } from '../seed.js';
import { readAll } from '../services/lists.js';
import { FPS, numbersOf, scene, video } from './films.js';

const FILM = scene(1, 20);
const listed = (...films: Hash[][]): Blocklist =>
  createBlocklist(
    films.flatMap((film, at) =>
      entriesOfVideo(video(film, FPS), { labels: ['known'], id: `${at}`, source: 'test' }),
    ),
  );
const list = listed(FILM);
const noised = (film: readonly Hash[], bits: number, seed = 7): Hash[] => {
  const next = numbersOf(seed);
  return film.map(({ algorithm, bytes }) => {
    const other = bytes.slice();
    for (let flips = 0; flips < bits; flips++) {
      const bit = next() % 256;
      other[bit >> 3]! ^= 1 << (bit & 7);
    }
    return { algorithm, bytes: other };
  });
};

test('a copy that begins half a second later is found whole, where sparse frames find nothing', () => {
  const cut = FILM.slice(FPS / 2);
  const { verdict, reason, videos, matches } = matchVideo(video(cut), list);
  expect([verdict, reason]).toEqual(['match', 'matched-video']);
  const [one] = videos!;
  expect(one).toMatchObject({ id: '0', source: 'test', tier: 'match', variant: 'frame' });
  expect(one!.speed).toBeCloseTo(1, 1);
  expect(one!.offset).toBeCloseTo(-0.5, 0);
  expect(one!.listShare).toBeGreaterThan(0.9);
  expect(one!.queryShare).toBeGreaterThan(0.9);
  expect(one!.moments).toHaveLength(5);
  expect(matches[0]!.entry.labels).toEqual(['known']);
  expect(matchVideo(video(cut, FPS), list).videos?.[0]?.listShare ?? 0).toBeLessThan(0.25);
});

test.each([0.8, 0.9, 1.1, 1.25])('speed %d is found and named', (speed) => {
  const one = matchVideo(video(noised(FILM, 8), 1, 1 / speed), list).videos![0]!;
  expect(one.tier).toBe('match');
  expect(one.speed).toBeCloseTo(1 / speed, 1);
  expect(one.listShare).toBeGreaterThan(0.9);
});

test('a clip of five seconds matches by the share of the upload, and one in ten minutes does not', () => {
  const clip = FILM.slice(7 * FPS, 12 * FPS);
  const long = listed(scene(1, 100));
  const found = matchVideo(video(clip), long);
  expect(found.verdict).toBe('match');
  expect(found.videos![0]!.listShare).toBeLessThan(0.2);
  expect(found.videos![0]!.queryShare).toBeGreaterThan(0.8);
  const compilation = [...scene(50, 200), ...clip, ...scene(51, 200)];
  const { verdict, reason, videos } = matchVideo(video(compilation), long);
  expect([verdict, reason, videos]).toEqual(['review', 'video-frame', undefined]);
});

test('unrelated videos have nothing in common', () => {
  const { verdict, reason, videos } = matchVideo(video(scene(2, 30)), list);
  expect([verdict, reason, videos]).toEqual(['none', 'nothing-near', undefined]);
});

test('a reversed copy is no line of time: its frames are for review', () => {
  const { verdict, reason } = matchVideo(video([...FILM].reverse()), list);
  expect([verdict, reason]).toEqual(['review', 'video-frame']);
});

test('a still cannot reach three by repetition, on either side', () => {
  const [still] = FILM;
  const repeated = Array.from({ length: 10 * FPS }, () => still!);
  const ofStill = listed(repeated);
  expect(matchVideo(video(repeated), ofStill)).toMatchObject({
    verdict: 'review',
    reason: 'video-frame',
  });
  // A listed pan, each frame of which is near the one still.
  const pan = scene(1, 10, 0).map((hash, at) => noised([hash], at >> 4, at)[0]!);
  expect(matchVideo(video(noised(repeated.fill(pan[0]!), 0)), listed(pan)).videos).toBeUndefined();
});

test('40 videos with one intro, outro and black lead do not match each other, and each is found', () => {
  const [lead, intro, outro] = [scene(900, 2, 0), scene(901, 5), scene(902, 5)];
  const own = Array.from({ length: 40 }, (_, at) => scene(1000 + at, 12));
  const whole = own.map((film) => [...lead, ...intro, ...film, ...outro]);
  const all = listed(...whole);
  for (const at of [0, 13, 39]) {
    const { verdict, videos } = matchVideo(video(noised(whole[at]!, 4)), all);
    expect([verdict, videos!.map(({ id }) => id)]).toEqual(['match', [`${at}`]]);
    expect(matchVideo(video(noised(own[at]!, 4)), all).videos!.map(({ id }) => id)).toEqual([
      `${at}`,
    ]);
  }
  const unlisted = [...lead, ...intro, ...scene(2000, 12), ...outro];
  expect(matchVideo(video(unlisted), all)).toMatchObject({ verdict: 'none', matches: [] });
  // A picture of the title is not near a video either.
  const title = { name: 'original', hash: intro[0]! } as const;
  expect(match([title], all, { policy: { reviewDistance: 31 } }).verdict).toBe('none');
});

test('a video that is listed many times, encoded anew and in part, still matches', () => {
  const copies = [1, 2, 3, 4].map((seed) => noised(FILM, 6, seed));
  const many = listed(FILM, ...copies, FILM.slice(4 * FPS, 12 * FPS));
  const { verdict, videos } = matchVideo(video(FILM.slice(10)), many);
  expect(verdict).toBe('match');
  expect(videos!.map(({ id }) => id).sort()).toEqual(['0', '1', '2', '3', '4', '5']);
});

test('a frame alone is for review, unless its entry says that it is reason enough', () => {
  const picture = [{ name: 'original', hash: FILM[FPS * 3]!, quality: 100 }] as const;
  expect(match(picture, list)).toMatchObject({ verdict: 'review', reason: 'video-frame' });
  const still = createBlocklist(entriesOfVideo(video(FILM, FPS), { still: true }));
  expect(match(picture, still)).toMatchObject({
    verdict: 'match',
    reason: 'within-match-distance',
  });
});

test('a listed photo is found among the frames of a video', () => {
  const photo = createBlocklist([{ hash: FILM[100]!, labels: ['photo'] }]);
  const { verdict, reason, matches, videos } = matchVideo(video(FILM), photo);
  expect([verdict, reason, videos]).toEqual(['match', 'within-match-distance', undefined]);
  expect(matches.find(({ distance }) => distance === 0)!.variant.frame).toBe(100);
});

test('frames of low quality count on neither side', () => {
  const poor = video(FILM);
  const frames = poor.frames.map((frame) => ({ ...frame, quality: 49 }));
  expect(matchVideo({ ...poor, frames }, list)).toMatchObject({
    verdict: 'review',
    reason: 'low-query-quality',
  });
  const sparse = video(FILM, FPS);
  const poorList = createBlocklist(
    entriesOfVideo({ frames: sparse.frames.map((frame) => ({ ...frame, quality: 49 })) }),
  );
  expect(matchVideo(video(FILM), poorList)).toMatchObject({ reason: 'low-entry-quality' });
});

test('a withdrawal of any frame, or of the group, removes the video', async () => {
  for (const key of ['frame', 'group'] as const) {
    const changing = listed(FILM, scene(3, 10));
    const { hash, group } = [...changing.entries()].find(({ id }) => id === '0')!;
    const bytes = key === 'frame' ? hash.bytes : Buffer.from(group!, 'hex');
    await changing.apply({ withdraw: [{ algorithm: 'pdq', bytes: Uint8Array.from(bytes) }] });
    expect(changing.size).toBe(10);
    expect(matchVideo(video(FILM), changing).verdict).toBe('none');
  }
});

test('lists, exceptions and guards are heeded', () => {
  const entries = entriesOfVideo(video(FILM, FPS), { list: 'theirs' });
  const foreign = createBlocklist(entries, { lists: { theirs: { trust: 'foreign' } } });
  expect(matchVideo(video(FILM), foreign)).toMatchObject({
    verdict: 'review',
    reason: 'foreign-list',
    videos: [{ list: 'theirs', tier: 'review' }],
  });
  const disabled = createBlocklist(entries, { lists: { theirs: { enabled: false } } });
  expect(matchVideo(video(FILM), disabled).verdict).toBe('none');
  const allowList = createAllowList();
  for (const { hash } of video(FILM).frames) allowList.allow(hash, { reason: 'news' });
  expect(matchVideo(video(FILM), list, { allowList })).toMatchObject({
    verdict: 'none',
    reason: 'allowed',
  });
});

test('the presets of the field decide by their own shares', () => {
  const rules = (film: Hash[], every: number) =>
    (['vpdq', 'python-threatexchange', 'line'] as const).map(
      (rule) => matchVideo(video(film, every), list, { rule }).videos !== undefined,
    );
  // The same frames: all agree. Cut by half a second: sparse frames miss it, and dense ones fail
  // the share of the query.
  expect(rules(FILM, FPS)).toEqual([true, true, true]);
  expect(rules(FILM.slice(FPS / 2), FPS)).toEqual([false, false, false]);
  expect(rules(FILM.slice(FPS / 2), 1)).toEqual([true, false, true]);
});

test('the hits are those of brute force', () => {
  const films = [1, 2, 3, 4].map((seed) => scene(seed, 6));
  const frames = films.flatMap((film, at) =>
    video(film, FPS).frames.map((frame) => ({ ...frame, id: `${at}` })),
  );
  const all = listed(...films);
  const step = fc.record({ film: fc.nat(3), from: fc.nat(150), bits: fc.nat(40), seed: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
      const query = video(
        steps.flatMap(({ film, from, bits, seed }) =>
          noised(films[film]!.slice(from, from + 10), bits, seed % 1000),
        ),
      );
      const hits = new FrameHits(all, {});
      for (const { hash, seconds } of query.frames) hits.take({ name: 'frame', hash }, seconds);
      const found = [...hits.byVideo.values()].flat();
      const lines = found.map(
        (hit) => `${hit.entry.id} ${hit.listSeconds} ${hit.querySeconds} ${hit.distance}`,
      );
      const naive = query.frames.flatMap(({ hash, seconds }) =>
        frames.flatMap((frame) => {
          const bits = differingBits(frame.hash, hash);
          return bits <= 31 ? [`${frame.id} ${frame.seconds} ${seconds} ${bits}`] : [];
        }),
      );
      expect(lines.sort()).toEqual(naive.sort());
    }),
    { numRuns: runs(100) },
  );
});

test('a preset knows no variants', () => {
  const mirrored = video(scene(5, 20), FPS);
  const frames = mirrored.frames.map((frame, at) => ({
    ...frame,
    variants: [{ name: 'flipY' as const, hash: FILM[at * FPS]!, quality: 100 }],
  }));
  const found = (rule: VideoRule) =>
    matchVideo({ ...mirrored, frames }, list, { rule }).videos?.length ?? 0;
  expect([found('line'), found('vpdq')]).toEqual([1, 0]);
});

test('entries that are not given are counted', () => {
  const { matches, omitted } = matchVideo(video(FILM), list);
  expect(matches).toHaveLength(5);
  expect(omitted).toBeGreaterThan(15);
});

test('a decision about a video survives JSON', () => {
  const decision = matchVideo(video(FILM), list);
  expect(decisionFromJSON(JSON.parse(JSON.stringify(decision)))).toEqual(decision);
});

test('a line of `hash --json` about a video gives the entries of the video', async () => {
  const { frames } = video(FILM, FPS);
  const line = {
    ...{ file: 'a.mp4', algorithm: 'vpdq', seconds: 20, width: 640, height: 360 },
    frames: frames.map(({ frameNumber, quality, hash, seconds }) => ({
      ...{ frame: frameNumber, quality, hash: hashToHex(hash), seconds },
    })),
  };
  const read = await readAll(`${JSON.stringify(line)}\n`);
  expect(read).toEqual({
    entries: entriesOfVideo({ frames }, { labels: ['a.mp4'] }),
    problems: [],
  });
  const [first, ...rest] = line.frames;
  const broken = { ...line, frames: [{ ...first, hash: 'x' }, null, ...rest] };
  const { entries, problems } = await readAll(JSON.stringify(broken));
  expect(entries.map(({ hash }) => hash)).toEqual(rest.map(({ hash }) => hashFromHex('pdq', hash)));
  expect(new Set(entries.map(({ group }) => group)).size).toBe(1);
  expect(problems).toEqual(['1 bad-hash', '1 bad-line']);
  const empty = await readAll(JSON.stringify({ ...line, frames: [] }));
  expect(empty).toEqual({ entries: [], problems: ['1 bad-line'] });
});

test('an invalid video or option is named', () => {
  const broken = [null, {}, { frames: 1 }, { frames: [], seconds: -1 }];
  for (const one of broken) expect(() => matchVideo(one as never, list)).toThrow(/expected/);
  expect(() => matchVideo(video(FILM), list, { rule: 'other' as never })).toThrow(/rule/);
  expect(() => entriesOfVideo({ frames: [{}] } as never)).toThrow(TypeError);
  expect(() => matchVideo(video([]), list)).toThrow(/at least one frame/);
});

test('the line has as many moments as one that brute force finds', () => {
  const moment = fc.record({
    listSeconds: fc.integer({ min: 0, max: 20 }),
    querySeconds: fc.integer({ min: 0, max: 60 }).map((tenths) => tenths / 2),
    distance: fc.integer({ min: 0, max: 31 }),
  });
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1, maxLength: 24 }), (moments) => {
      const line = lineOf(moments)!;
      const near = ({ listSeconds, querySeconds }: Moment, speed: number, offset: number) =>
        Math.abs(querySeconds - speed * listSeconds - offset) <= 0.35;
      expect(line.on.every((one) => near(one, line.speed, line.offset))).toBe(true);
      expect(line.speed).toBeGreaterThanOrEqual(0.75);
      expect(line.speed).toBeLessThanOrEqual(1.35);
      // All lines through two moments.
      let most = 1;
      for (const a of moments) {
        for (const b of moments) {
          const speed = (b.querySeconds - a.querySeconds) / (b.listSeconds - a.listSeconds);
          if (!(speed >= 0.75 && speed <= 1.35)) continue;
          const offset = a.querySeconds - speed * a.listSeconds;
          const on = moments.filter((one) => near(one, speed, offset));
          most = Math.max(most, new Set(on.map(({ listSeconds }) => listSeconds)).size);
        }
      }
      expect(line.on.length).toBeGreaterThanOrEqual(most);
    }),
    { numRuns: runs(400) },
  );
});

test('films of the tests move as videos do', () => {
  expect(differingBits(FILM[0]!, FILM[FPS]!)).toBeGreaterThan(31);
});
