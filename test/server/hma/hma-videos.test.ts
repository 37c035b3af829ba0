import { readFileSync } from 'node:fs';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashToHex } from '../../../src/hash.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type { HashPool } from '../../../src/node/pool/hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { HmaClient } from '../../../src/services/hma/client.js';
import { readVpdq, type VpdqFrame, writeVpdq } from '../../../src/text/vpdq.js';
import { entriesOfVideo, matchVideo } from '../../../src/video/video.js';
import { ownScripts } from '../../node/pool/hash-process.js';
import { clipPath, ffmpeg, MADE, videoTest } from '../../node/video/ffmpeg.js';
import { scene, video } from '../../video/films.js';
import { NO_PICTURE, pool, poolWith } from '../uploads/uploads.js';
import { followedStore, pictureForm, type ServedHma, servedHma } from './hma-served.js';

const { store, follower } = await followedStore();
afterAll(async () => await store.close());
const CLIP = readFileSync(clipPath('pan-h264-2997.mp4'));
const message = { message: expect.any(String) };

/** A frame a second of a film, as python-threatexchange sends it. */
const filmed = (seed: number, seconds = 8) => video(scene(seed, seconds), 30).frames as VpdqFrame[];
const signalOf = (frames: readonly VpdqFrame[]) => writeVpdq(frames, { format: 'json' }).trim();
const lookup = (signal: string, more = '') =>
  `/m/lookup?signal_type=vpdq&signal=${encodeURIComponent(signal)}${more}`;
const raw = (signal: string) =>
  `/m/raw_lookup?signal_type=vpdq&signal=${encodeURIComponent(signal)}&include_distance=true`;

const served = <T>(
  work: (served: ServedHma) => Promise<T>,
  pool: HashPool = poolWith({ videos: {} }),
) => servedHma(work, { follower, store, pool });
const upToDate = async () => await follower.reached(await store.revision());
const post = async (url: string, form: FormData) => {
  const reply = await fetch(url, { method: 'POST', body: form });
  const reason = reply.headers.get('onlyhashes-vpdq');
  return { status: reply.status, body: (await reply.json()) as never, reason };
};

// The first test: FFmpeg is found once.
test('without FFmpeg, the MD5 is the answer, and a header says so', async () => {
  vi.stubEnv('PATH', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  await served(async ({ json, url }) => {
    await json('POST', '/c/banks', { name: 'FILMS' });
    const form = () => pictureForm('video', CLIP);
    const hashed = await post(`${url}/h/hash`, form());
    const signals = { video_md5: expect.any(String) };
    expect(hashed).toEqual({ status: 200, reason: 'decoder-missing', body: signals });
    const added = await post(`${url}/c/bank/FILMS/content`, form());
    expect(added).toMatchObject({ status: 200, reason: 'decoder-missing', body: { signals } });
    const only = await post(`${url}/h/hash?types=vpdq`, form());
    expect([only.status, only.body]).toEqual([501, message]);
    await json('DELETE', '/c/bank/FILMS');
  });
});

test('a video is listed by its signal, found, paused, noted and removed as one content', async () => {
  await served(async ({ json }) => {
    for (const name of ['FILMS', 'OTHERS']) await json('POST', '/c/banks', { name });
    const frames = filmed(1);
    const signal = signalOf(frames);
    const added = await json('POST', '/c/bank/FILMS/signal', { vpdq: signal, note: 'why' });
    expect(added).toEqual({
      status: 200,
      body: { id: expect.any(Number), signals: { vpdq: signal } },
    });
    const { id } = added.body as { id: number };
    const other = await json('POST', '/c/bank/FILMS/signal', { vpdq: signalOf(filmed(2)) });
    expect(other.status).toBe(200);
    await upToDate();
    const hit = { bank_content_id: id, distance: '100%[100%]' };
    expect((await json('GET', lookup(signal))).body).toEqual({ FILMS: [hit] });
    expect((await json('GET', raw(signal))).body).toEqual({ matches: [hit] });
    expect((await json('GET', lookup(signal, '&banks=OTHERS'))).body).toEqual({});
    expect((await json('GET', lookup(signalOf(filmed(3))))).body).toEqual({});
    // Half of it, after as much of another.
    const late = frames.slice(4).map((frame) => ({ ...frame, seconds: frame.seconds + 4 }));
    const mixed = [...filmed(5), ...late];
    expect((await json('GET', lookup(signalOf(mixed)))).body).toEqual({
      FILMS: [{ bank_content_id: id, distance: '33%[50%]' }],
    });
    // One frame is for review: a raw lookup names the content of the video.
    const hex = hashToHex(frames[3]!.hash);
    const near = (path: string) => json('GET', `/m/${path}?signal_type=pdq&signal=${hex}`);
    expect((await near('lookup')).body).toEqual({});
    expect((await near('raw_lookup')).body).toEqual({ matches: [id] });

    const path = `/c/bank/FILMS/content/${id}`;
    const shown = await json('GET', `${path}?include_signals=true`);
    expect(shown.body).toMatchObject({ id, note: 'why', signals: { vpdq: signal } });
    expect((await json('GET', `/c/bank/FILMS/content/${id + 1}`)).status).toBe(404);
    expect((await json('DELETE', `/c/bank/FILMS/content/${id + 1}`)).status).toBe(404);
    const revision = await store.revision();
    const paused = await json('PUT', path, { disable_until_ts: 0 });
    expect(paused.body).toMatchObject({ id, disable_until_ts: 0 });
    expect(await store.revision()).toBe(revision + 1);
    await upToDate();
    expect((await json('GET', raw(signal))).body).toEqual({ matches: [] });
    expect((await store.count({ list: 'FILMS', paused: true })).entries).toBe(8);
    await json('PUT', path, { disable_until_ts: 1, note: 'why not' });
    expect((await store.find({ list: 'FILMS' })).map(({ labels }) => labels)).toEqual([
      ...frames.map(() => ['why not']),
      ...frames.map(() => []),
    ]);
    await upToDate();
    expect((await json('GET', lookup(signal))).body).toEqual({ FILMS: [hit] });
    expect((await json('DELETE', path)).body).toEqual({ deleted: 1 });
    expect((await store.count({ list: 'FILMS' })).entries).toBe(8);
    await upToDate();
    expect((await json('GET', raw(signal))).body).toEqual({ matches: [] });
    for (const name of ['FILMS', 'OTHERS']) await json('DELETE', `/c/bank/${name}`);
  });
});

test('a video with a withdrawn frame is not listed, not even its MD5', async () => {
  await served(async ({ json }) => {
    await json('POST', '/c/banks', { name: 'FILMS' });
    const frames = filmed(6);
    await store.apply({ withdraw: [frames[2]!.hash] });
    const signals = { vpdq: signalOf(frames), video_md5: 'ab'.repeat(16) };
    expect((await json('POST', '/c/bank/FILMS/signal', signals)).status).toBe(409);
    expect((await store.count({ list: 'FILMS' })).entries).toBe(0);
    await store.apply({ reinstate: [frames[2]!.hash] });
    const added = await json('POST', '/c/bank/FILMS/signal', signals);
    expect(added).toMatchObject({ status: 200, body: { signals } });
    await json('DELETE', '/c/bank/FILMS');
  });
});

test('a video on several lists is found in each bank, by the tier of each', async () => {
  const known = { frames: filmed(7) };
  const blocklist = createBlocklist(
    ['A', 'B', 'REVIEWED', 'OFF'].flatMap((list) => entriesOfVideo(known, { list })),
    { lists: { REVIEWED: { tier: 'review' }, OFF: { enabled: false } } },
  );
  await servedHma(
    async ({ json }) => {
      const { body } = await json('GET', lookup(signalOf(known.frames)));
      expect(Object.keys(body).sort()).toEqual(['A', 'B']);
      const only = await json('GET', lookup(signalOf(known.frames), '&banks=B'));
      expect(Object.keys(only.body)).toEqual(['B']);
      const all = (await json('GET', raw(signalOf(known.frames)))).body as { matches: object[] };
      expect(all.matches).toHaveLength(3);
    },
    { blocklist },
  );
});

test('signals of videos are compared as python-threatexchange does', async () => {
  await served(async ({ json }) => {
    const [a, b] = [filmed(8), filmed(9)];
    const compare = async (...pair: (readonly VpdqFrame[])[]) =>
      (await json('POST', '/m/compare', { vpdq: pair.map(signalOf) })).body;
    expect(await compare(a.slice(0, 4), [...a, ...b])).toEqual({
      vpdq: [true, { query_match_percent: 100, compared_match_percent: 25 }],
    });
    expect(await compare(a, b)).toEqual({
      vpdq: [false, { query_match_percent: 0, compared_match_percent: 0 }],
    });
    for (const wrong of ['', '[]', 'x', '["00,1,2"]', signalOf(a).slice(0, -9)]) {
      expect(await json('GET', lookup(wrong)), wrong).toEqual({ status: 400, body: message });
      const listed = await json('POST', '/c/bank/NONE/signal', { vpdq: wrong });
      expect(listed.status).toBe(404);
    }
    const many = Array.from({ length: 2001 }, (_, at) => ({ ...a[0]!, hash: scene(at, 1)[0]! }));
    expect(await json('POST', '/m/compare', { vpdq: [signalOf(many), signalOf(many)] })).toEqual({
      status: 400,
      body: message,
    });
  });
});

test('our own client fetches the videos of a bank, each once', async () => {
  await served(async ({ json, url }) => {
    await json('POST', '/c/banks', { name: 'FILMS' });
    const [one, two] = [filmed(10), filmed(11)];
    const ids = [];
    for (const frames of [one, two]) {
      const added = await json('POST', '/c/bank/FILMS/signal', { vpdq: signalOf(frames) });
      ids.push(String((added.body as { id: number }).id));
    }
    const client = new HmaClient({ baseUrl: url, bank: 'FILMS' });
    const updates = [];
    for await (const page of client.fetchUpdates()) {
      expect(page.unknown).toEqual([]);
      updates.push(...page.updates);
    }
    expect(updates.map(({ key }) => key)).toEqual(ids);
    const list = createBlocklist(updates.flatMap(({ entries }) => entries));
    const { videos } = matchVideo({ frames: two, seconds: 8, width: 0, height: 0 }, list);
    expect(videos).toMatchObject([{ id: ids[1], source: 'HMA/FILMS', listShare: 1 }]);
    await json('DELETE', '/c/bank/FILMS');
  });
});

const EXPECTED = readFileSync(`${MADE}/one-second/pan-h264-2997.txt`, 'utf8');

videoTest('a video is hashed by its MD5 and as the vPDQ reference hashes it', async () => {
  const frames = await readVpdq(EXPECTED);
  await served(async ({ url }) => {
    const hashed = await post(`${url}/h/hash`, pictureForm('video', CLIP));
    expect(hashed).toEqual({
      ...{ status: 200, reason: null },
      body: { video_md5: expect.stringMatching(/^[\da-f]{32}$/), vpdq: signalOf(frames) },
    });
    const one = await post(`${url}/h/hash?types=vpdq`, pictureForm('video', CLIP));
    expect(one.body).toEqual({ vpdq: signalOf(frames) });
    const none = await post(`${url}/h/hash`, pictureForm('video', NO_PICTURE));
    expect([none.status, Object.keys(none.body)]).toEqual([200, ['video_md5']]);
    expect(none.reason).toEqual(expect.any(String));
    const refused = await post(`${url}/h/hash?types=vpdq`, pictureForm('video', NO_PICTURE));
    expect([refused.status, refused.body]).toEqual([415, message]);
  });
});

videoTest(
  'a service without videos answers with the MD5, and the limits of one with hold',
  async () => {
    const hashed = async ({ url }: ServedHma) => {
      const both = await post(`${url}/h/hash`, pictureForm('video', CLIP));
      const only = await post(`${url}/h/hash?types=vpdq`, pictureForm('video', CLIP));
      return [Object.keys(both.body), both.reason, only.status, only.body];
    };
    expect(await served(hashed, pool)).toEqual([['video_md5'], 'unsupported', 415, message]);
    const small = poolWith({ videos: { maxPixels: 100 } });
    expect(await served(hashed, small)).toEqual([['video_md5'], 'too-many-pixels', 422, message]);
  },
);

videoTest('frames that fit in no address are given only on request', async () => {
  const source = 'testsrc2=size=64x64:rate=1:duration=150';
  const long = ffmpeg('-f', 'lavfi', '-i', source, '-f', 'matroska', '-');
  await served(async ({ url }) => {
    const { body, reason } = await post(`${url}/h/hash`, pictureForm('video', long));
    expect([Object.keys(body), reason]).toEqual([['video_md5'], 'too-long']);
    const asked = await post(`${url}/h/hash?types=vpdq`, pictureForm('video', long));
    expect(asked.reason).toBe(null);
    expect(await readVpdq((asked.body as { vpdq: string }).vpdq)).toHaveLength(150);
  });
});

videoTest('an uploaded video is listed by its MD5 and frames, and removed as one', async () => {
  await served(async ({ json, url }) => {
    await json('POST', '/c/banks', { name: 'FILMS' });
    const content = `${url}/c/bank/FILMS/content`;
    const form = () => pictureForm('video', CLIP, { note: 'seen', content_id: 'post 7' });
    const { body } = await post(content, form());
    const { id, signals } = body as { id: number; signals: { vpdq: string; video_md5: string } };
    expect(Object.keys(signals)).toEqual(['video_md5', 'vpdq']);
    expect((await post(content, form())).body).toEqual(body);
    const path = `/c/bank/FILMS/content/${id}`;
    const shown = (await json('GET', `${path}?include_signals=true`)).body;
    expect(shown).toMatchObject({ id, signals, note: 'seen', metadata: { content_id: 'post 7' } });
    await upToDate();
    const md5 = `/m/lookup?signal_type=video_md5&signal=${signals.video_md5}`;
    const found = { FILMS: [{ bank_content_id: id, distance: '100%[100%]' }] };
    expect((await json('GET', md5)).body).toEqual({
      FILMS: [{ bank_content_id: id, distance: '-' }],
    });
    expect((await json('GET', lookup(signals.vpdq))).body).toEqual(found);
    await json('PUT', path, { disable_until_ts: 0 });
    await upToDate();
    for (const asked of [md5, lookup(signals.vpdq)]) {
      expect((await json('GET', asked)).body).toEqual({});
    }
    await json('PUT', path, { disable_until_ts: 1 });
    expect((await store.count({ list: 'FILMS', paused: true })).entries).toBe(0);
    expect((await json('DELETE', path)).body).toEqual({ deleted: 1 });
    expect((await store.count({ list: 'FILMS' })).entries).toBe(0);
    // A file without frames is listed by its MD5 alone.
    const alone = await post(content, pictureForm('video', NO_PICTURE));
    expect(alone).toMatchObject({
      status: 200,
      body: { signals: { video_md5: expect.any(String) } },
    });
    expect(alone.reason).toEqual(expect.any(String));
    await json('DELETE', '/c/bank/FILMS');
  });
});

setWorkerScripts(ownScripts('hash-process', 'heic-worker').folder);
const videoPool = createHashPool({ workers: 1, videos: {} });
afterAll(() => videoPool.close());

videoTest('a file is looked up by its MD5 and its frames, if the pool decodes videos', async () => {
  const listed = entriesOfVideo(await hashVideo(clipPath('pan-h264-2997.mp4')), { list: 'FILMS' });
  const blocklist = createBlocklist(listed);
  const lookUp = (pool: HashPool, bytes: Uint8Array, query = '') =>
    servedHma(({ url }) => post(`${url}/m/lookup${query}`, pictureForm('video', bytes)), {
      ...{ blocklist, pool },
    });
  const found = await lookUp(videoPool, CLIP);
  const hit = { bank_content_id: expect.any(Number), distance: '100%[100%]' };
  expect(found).toEqual({
    ...{ status: 200, reason: null },
    body: { video_md5: {}, vpdq: { FILMS: [hit] } },
  });
  const asked = await lookUp(videoPool, CLIP, '?types=vpdq');
  expect(asked.body).toEqual({ vpdq: { FILMS: [hit] } });
  expect((await lookUp(videoPool, CLIP, '?types=video_md5')).body).toEqual({ video_md5: {} });
  const plain = await lookUp(pool, CLIP);
  expect(plain).toEqual({ status: 200, body: { video_md5: {} }, reason: 'not-a-picture' });
});
