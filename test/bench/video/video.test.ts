import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { chanceOf, KINDS, makeClip, roundsOf } from '../../../bench/video/clips.js';
import { copiesOf } from '../../../bench/video/copies-program.js';
import { runCost } from '../../../bench/video/cost.js';
import { decideAsOthers, judged } from '../../../bench/video/decide.js';
import { EDITS, makeCopy } from '../../../bench/video/edits.js';
import { runRates } from '../../../bench/video/rates.js';
import { runScale } from '../../../bench/video/scale.js';
import { videoBench } from '../../../bench/video/video.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { entriesOfVideo } from '../../../src/video/video.js';
import { testFolder } from '../../folder.js';
import { ownScripts } from '../../node/pool/hash-process.js';
import { clipPath, videoTest } from '../../node/video/ffmpeg.js';
import { listener, recordOf } from '../listener.js';

const folder = testFolder();
setWorkerScripts(ownScripts('hash-process', 'heic-worker').folder);
const PHOTOS = ['dust-bowl-home.jpg', 'black-canyon-grey.jpg', 'french-alpine-landscape.jpg'];
const photos = PHOTOS.map((source) => ({
  source,
  path: join(import.meta.dirname, '../../../fixtures/photos', source),
}));

afterEach(() => vi.unstubAllEnvs());

test('scale: answers equal brute force, and every figure is there', async () => {
  const { context, figures } = listener();
  const scale = { videos: 200, framesEach: 20, queries: 8, framesOfQuery: 50, checked: 4 };
  const record = recordOf(await runScale(context, scale));
  expect(record).toMatchObject(scale);
  expect(record.pairs).toBeGreaterThan(10);
  expect(record.median).toBeGreaterThan(0);
  expect(record.p90).toBeGreaterThanOrEqual(record.median);
  expect(Object.keys(figures)).toContain('MB of the list');
});

videoTest('cost: a way for each row, beside the bare pipe', async () => {
  const { context } = listener();
  const record = recordOf(await runCost(context, { heights: [180], seconds: 4, rounds: 1 }));
  const rows = record['180p'];
  expect(rows.map(({ way }: { way: string }) => way)).toEqual([
    'bare rgb24 pipe',
    "hashVideo, frames: 'query'",
    'check, all variants, none found',
    'check, all variants, a place locked',
  ]);
  for (const row of rows) expect(row.wallSeconds).toBeGreaterThan(0);
});

videoTest('rates: more frames of a query find no less', async () => {
  const { context } = listener();
  const clips = join(folder, 'clips');
  mkdirSync(clips);
  copyFileSync(clipPath('pan-h264-2997.mp4'), join(clips, 'pan.mp4'));
  const { rows, copies } = recordOf(await runRates(context, [clips]));
  expect(copies).toBe(2);
  expect(rows.map(({ queryRate }: { queryRate: unknown }) => queryRate)).toEqual([
    'every',
    10,
    4,
    2,
    1,
  ]);
  expect(rows[0]).toMatchObject({ matches: 1 });
  expect(rows[0].listShare).toBeGreaterThan(rows[4].listShare);
});

const own = (kind: string, path: string, more: readonly (typeof photos)[number][]) => {
  const clip = roundsOf(photos, 5, 1, folder)
    .flat()
    .find((one) => one.kind === kind)!;
  return { ...clip, path: join(folder, path), photos: more };
};

videoTest('every kind of clip and every edit makes a video', async () => {
  for (const kind of KINDS) await makeClip(own(kind, `${kind}.mp4`, photos.slice(0, 1)), 1, false);
  const path = join(folder, 'pan.mp4');
  const original = { ...(await hashVideo(path)), path, seconds: 4 };
  for (const [at, edit] of EDITS.entries()) {
    const copy = join(folder, `copy-${at}`);
    const random = chanceOf(1, edit.name);
    const made = await makeCopy(edit, original, join(folder, 'zoom.mp4'), copy, random);
    expect((await hashVideo(made)).seconds, edit.name).toBeGreaterThan(1);
  }
});

videoTest('set: plain copies are found, and nothing else', async () => {
  const clip = own('cuts', 'cuts-of-all.mp4', photos);
  await makeClip(clip, 1);
  const edits = EDITS.filter(({ name }) => /^(as it is|start|half|mirrored)/.test(name));
  const beside = entriesOfVideo(await hashVideo(own('zoom', 'zoom.mp4', []).path), { id: 'else' });
  const results = await copiesOf(clip, '', beside, 1, 1, folder, edits);
  expect(results.map(({ verdict }) => verdict)).toEqual(['match', 'match', 'match', 'match']);
  expect(results[0]!.others.vpdq).toBe(true);
});

videoTest('decisions are judged by the ids that they name', async () => {
  const path = join(import.meta.dirname, '../../../fixtures/vpdq/clips/pan-h264-2997.mp4');
  const list = createBlocklist(entriesOfVideo(await hashVideo(path), { id: 'own' }));
  const { vpdq } = await decideAsOthers(path, list);
  expect(judged(vpdq, 'own')).toEqual({ verdict: 'match', wrong: [], wrongReviews: [] });
  expect(judged(vpdq, 'else')).toMatchObject({ verdict: 'none', wrong: ['own'] });
});

test('without FFmpeg, one line says so', async () => {
  vi.stubEnv('PATH', folder);
  vi.resetModules();
  const { videoBench: fresh } = await import('../../../bench/video/video.js');
  const { context } = listener({}, ['cost']);
  const failure = await Promise.resolve(fresh.run(context)).catch((error: Error) => error);
  expect(failure).toMatchObject({ name: 'NotRun' });
  expect((failure as Error).message).toMatch(/^videos need FFmpeg .+$/);
});

test('an unknown part is refused', async () => {
  const { context } = listener({}, ['cost', 'none']);
  await expect(videoBench.run(context)).rejects.toThrow(
    'parts among cost, rates, scale, set, files',
  );
});
