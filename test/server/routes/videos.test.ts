import { readFileSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { Decision } from '../../../src/matching/decision.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { hashVideo } from '../../../src/node/video/hash-video.js';
import { entriesOfVideo } from '../../../src/video/video.js';
import { ownScripts } from '../../node/pool/hash-process.js';
import { clipPath, videoTest } from '../../node/video/ffmpeg.js';
import { as, type Served, served, tokens } from '../served.js';

/* The service decides about videos, if its pool does. */

setWorkerScripts(ownScripts('hash-process', 'heic-worker').folder);
const pool = createHashPool({ workers: 1, videos: {} });
afterAll(() => pool.close());

const CLIP = clipPath('pan-h264-2997.mp4');
const video = (path: string, type: string) =>
  as('match', {
    method: 'POST',
    body: readFileSync(path) as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': type },
  });

videoTest('a listed video is refused, and another passes', async () => {
  const blocklist = createBlocklist(
    entriesOfVideo(await hashVideo(CLIP, { secondsPerHash: 0.5 }), { id: '17', labels: ['known'] }),
  );
  const check = async ({ url }: Served) => {
    const asked = await fetch(`${url}/v1/match`, video(CLIP, 'video/mp4'));
    const { decision } = (await asked.json()) as { decision: Decision };
    expect(decision).toMatchObject({ verdict: 'match', reason: 'matched-video' });
    expect(decision.videos).toMatchObject([{ id: '17', speed: expect.closeTo(1, 1) }]);
    expect(decision.matches.length).toBeGreaterThan(0);
    const form = as('match', { method: 'POST', body: new FormData() });
    (form.body as FormData).set('file', new Blob([readFileSync(CLIP)]), 'upload.mp4');
    const sent = (await (await fetch(`${url}/v1/match`, form)).json()) as { decision: Decision };
    expect(sent.decision.reason).toBe('matched-video');
    expect((await fetch(`${url}/v1/scan`, video(CLIP, 'video/mp4'))).status).toBe(451);
    const other = video(clipPath('cut-h264-50.mp4'), 'video/mp4');
    expect((await fetch(`${url}/v1/scan`, other)).status).toBe(200);
  };
  await served(check, { blocklist, pool, scan: { onError: 'refuse' } });
});

videoTest('its hashes count towards the limits of a caller', async () => {
  const blocklist = createBlocklist([]);
  const limited = [{ ...tokens.find(({ role }) => role === 'match')!, answersPerDay: 1000 }];
  await served(
    async ({ url }) => {
      const statuses = [];
      for (let i = 0; i < 3; i++) {
        statuses.push((await fetch(`${url}/v1/match`, video(CLIP, 'video/mp4'))).status);
      }
      expect(statuses).toEqual([200, 200, 429]);
    },
    { blocklist, pool, tokens: limited },
  );
});
