import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { usageOfTree } from '../../../bench/programs/usage.js';
import { turnedBy } from '../../../bench/uploads/cost.js';
import {
  blackBomb,
  brokenFiles,
  leakingSvg,
  progressiveBomb,
} from '../../../bench/uploads/hostile.js';
import { load, slowClients } from '../../../bench/uploads/load.js';
import { type Kind, mixOf, SHARES, type Upload } from '../../../bench/uploads/pictures.js';
import { expectedOf, outcomeOf } from '../../../bench/uploads/run.js';
import { decode } from '../../../src/node/decode/decode.js';
import { hash } from '../../../src/node/hash-file.js';
import { PHOTO } from './photo.js';

/** Serves on loopback while `work` runs. */
async function serving<T>(listener: RequestListener, work: (port: number) => Promise<T>) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const KINDS = Object.fromEntries(
  Object.keys(SHARES).map((kind, at): [string, Upload[]] => [
    kind,
    [1, 2].map((file) => ({ body: Uint8Array.of(at, file), expected: 'none' })),
  ]),
) as unknown as Record<Kind, Upload[]>;

test('a mix has its shares, at even distances, and all files of a kind', () => {
  const mix = mixOf({ kinds: KINDS }, 200);
  for (const [kind, share] of Object.entries(SHARES)) {
    const of = (uploads: typeof mix) => uploads.filter((upload) => upload.kind === kind);
    expect([kind, of(mix).length]).toEqual([kind, 2 * share]);
    for (let from = 0; from < 200; from += 50) {
      expect(Math.abs(of(mix.slice(from, from + 50)).length - share / 2)).toBeLessThan(1.5);
    }
    expect(new Set(of(mix).map(({ body }) => body[1])).size).toBe(2);
  }
  expect(mixOf({ kinds: KINDS }, 30)).toEqual(mix.slice(0, 30));
});

test('a small bomb of each kind is a flat picture, and the full ones are refused', async () => {
  const flat = async (bytes: Uint8Array) => {
    const { pixels } = await decode(bytes);
    return [pixels.width, pixels.height, ...new Set(pixels.data)];
  };
  expect(await flat(progressiveBomb(64))).toEqual([64, 64, 128]);
  expect(await flat(blackBomb(67))).toEqual([67, 67, 0]);
  const [large, small] = [progressiveBomb(16_000), blackBomb(16_383)];
  expect([large.length, small.length]).toEqual([1_500_128, expect.closeTo(33_000, -3)]);
  for (const bomb of [large, small]) {
    await expect(decode(bomb)).rejects.toMatchObject({ code: 'too-many-pixels' });
  }
  await expect(decode(leakingSvg())).rejects.toMatchObject({ code: 'unsupported' });
});

test('broken files are not decoded', async () => {
  const { png, jpeg } = PHOTO;
  for (const file of brokenFiles(jpeg, png)) {
    await expect(decode(file)).rejects.toMatchObject({
      code: expect.stringMatching(/^(corrupt|not-a-picture)$/),
    });
  }
});

test('a turned JPEG has the same pixels and another orientation', async () => {
  const [upright, turned] = [await decode(PHOTO.jpeg), await decode(turnedBy(6, PHOTO.jpeg))];
  expect([upright.orientation, turned.orientation]).toEqual([1, 6]);
  expect(Buffer.compare(turned.pixels.data, upright.pixels.data)).toBe(0);
  const { width, height } = await hash(turnedBy(6, PHOTO.jpeg));
  expect([width, height]).toEqual([upright.pixels.height, upright.pixels.width]);
});

test('each reply of a server has an outcome, and any other reply is an error', () => {
  const said = (status: number, body: unknown) =>
    outcomeOf({ status, milliseconds: 1, body: JSON.stringify(body) });
  expect(said(200, { verdict: 'none' })).toBe('none');
  expect(said(200, { verdict: 'review' })).toBe('review');
  expect(said(451, { verdict: 'match' })).toBe('match');
  expect(said(422, { verdict: 'unhashable' })).toBe('unhashable');
  expect(said(503, { verdict: 'unhashable' })).toBe('busy');
  expect(said(200, { pixels: 12 })).toBe('none');
  for (const wrong of [{}, { pixels: 0 }, { verdict: 'kept' }]) {
    expect(said(200, wrong)).toBe('lost');
  }
  expect(outcomeOf({ status: 200, body: 'ok', milliseconds: 1 })).toBe('lost');
  expect(outcomeOf(new Error('reset'))).toBe('lost');
  expect(expectedOf({ profile: undefined }, 'match')).toBe('none');
  expect(expectedOf({ profile: undefined }, 'unhashable')).toBe('unhashable');
  expect(expectedOf({ profile: 'quick' }, 'match')).toBe('match');
});

test('each upload gets its own answer, and one whose connection breaks an error', async () => {
  const uploads = Array.from({ length: 40 }, (_, at): Upload => {
    return { body: new Uint8Array(1 + at), expected: 'none' };
  });
  let most = 0;
  let open = 0;
  const listener: RequestListener = (request, response) => {
    most = Math.max(most, ++open);
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => {
      open--;
      if (length % 10 === 0) request.socket.destroy();
      else response.end(JSON.stringify({ pixels: length }));
    });
  };
  const { answers } = await serving(listener, (port) => load({ port, path: '/' }, uploads, 5));
  expect(answers.map(({ upload }) => upload)).toEqual(uploads);
  for (const { upload, answer } of answers) {
    const { length } = upload.body;
    if (length % 10 === 0) expect(answer).toBeInstanceOf(Error);
    else expect(answer).toMatchObject({ status: 200, body: `{"pixels":${length}}` });
  }
  expect(most).toBeLessThanOrEqual(5);
});

test('a slow client that is cut off reconnects, until it is stopped', async () => {
  let came = 0;
  const listener: RequestListener = (request) => {
    came++;
    expect(request.headers['content-length']).toBe('5000');
    request.destroy();
  };
  await serving(listener, async (port) => {
    const slow = slowClients({ port, path: '/' }, 2, { length: 5000 });
    while (came < 10) await new Promise((resolve) => setImmediate(resolve));
    slow.stop();
    expect(slow.ended).toBeGreaterThanOrEqual(8);
  });
});

test.runIf(process.platform === 'linux')(
  'the usage of a running process, and of a missing one',
  () => {
    const usage = usageOfTree(process.pid);
    expect(usage!.residentBytes).toBeGreaterThan(1e6);
    expect(usage!.residentBytes).toBeLessThan(64e9);
    expect(usage!.cpuSeconds).toBeGreaterThan(0);
    expect(usage!.processes).toBeGreaterThanOrEqual(1);
    // Above what Linux gives as process numbers.
    expect(usageOfTree(2 ** 30)).toBeUndefined();
  },
);
