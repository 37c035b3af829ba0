import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { imagePath } from '../fixtures.js';
import { workerThat } from './hash-process.js';
import {
  codeOf,
  empty,
  LONG,
  photoBytes,
  poolOf,
  scripts,
  sent,
  silent,
  until,
  warm,
} from './pools.js';

describe('admission', () => {
  test('when too many wait, the next is refused at once and not read', async () => {
    const pool = poolOf({ maxQueued: 2, timeoutSeconds: 5 }, silent());
    const accepted = [1, 2, 3].map(() => codeOf(pool.hash(photoBytes)));
    await until(() => pool.stats().atWork === 1);
    expect(pool.stats()).toMatchObject({ queued: 2, atWork: 1 });
    let cancelled = false;
    const stream = new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
    const untouched = Readable.from([photoBytes]);
    expect((await pool.check(stream, empty)).reason).toBe('busy');
    expect(await codeOf(pool.hash(untouched))).toBe('busy');
    const body = new Request('http://localhost/', { method: 'POST', body: photoBytes });
    expect((await pool.check(body, empty)).reason).toBe('busy');
    expect(cancelled).toBe(true);
    expect(untouched.readableDidRead || untouched.destroyed).toBe(false);
    expect(pool.stats().busy).toBe(3);
    expect(await Promise.all(accepted)).toEqual(['timeout', 'timeout', 'timeout']);
  });

  test('a slow body holds no worker, and is ended', async () => {
    const pool = poolOf(LONG);
    const { stream, send, end } = sent();
    const slow = pool.check(stream, empty);
    send(photoBytes.subarray(0, 100));
    await until(() => pool.stats().reading === 1);
    expect((await pool.check(photoBytes, empty)).verdict).toBe('none');
    expect(pool.stats()).toMatchObject({ reading: 1, atWork: 0, queued: 0 });
    send(photoBytes.subarray(100));
    end();
    expect((await slow).verdict).toBe('none');
    // It sends nothing more, however long this takes.
    const never = sent();
    never.send(photoBytes.subarray(0, 100));
    const ended = poolOf({ ...LONG, idleSeconds: 0.1 }).check(never.stream, empty);
    expect((await ended).reason).toBe('too-slow');
  });

  test('bytes are reserved before a body is read, and released when its size is known', async () => {
    const EIGHTH = 2 ** 17;
    const pool = poolOf({ maxBytesInFlight: 8 * EIGHTH });
    const first = sent();
    const whole = new Uint8Array(6 * EIGHTH);
    whole.set(photoBytes);
    const headers = { 'content-length': String(whole.length) };
    const one = pool.check(new Response(first.stream, { headers }), empty);
    await until(() => pool.stats().reading === 1);
    expect(pool.stats().bytesInFlight).toBe(6 * EIGHTH);
    let isRead = false;
    const second = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          isRead = true;
          controller.enqueue(photoBytes);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const other = pool.check(second, empty, { maxBytes: 6 * EIGHTH });
    await wait(50);
    expect([pool.stats().queued, isRead]).toEqual([1, false]);
    first.send(whole);
    first.end();
    expect([(await one).verdict, (await other).verdict]).toEqual(['none', 'none']);
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('a body with a large declared length reserves a part at first, and more as it arrives', async () => {
    const MIB = 2 ** 20;
    const pool = poolOf({ maxBytesInFlight: 8 * MIB });
    const { stream, send, end } = sent();
    const whole = new Uint8Array(6 * MIB);
    whole.set(photoBytes);
    const headers = { 'content-length': String(whole.length) };
    const one = pool.check(new Response(stream, { headers }), empty);
    await until(() => pool.stats().reading === 1);
    expect(pool.stats().bytesInFlight).toBe(MIB);
    send(whole.subarray(0, MIB));
    await until(() => pool.stats().bytesInFlight === 2 * MIB);
    for (let at = MIB; at < whole.length; at += MIB) send(whole.subarray(at, at + MIB));
    end();
    expect((await one).verdict).toBe('none');
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('bodies that pause give their memory to others, and get it back', async () => {
    const MIB = 2 ** 20;
    const pool = poolOf({ ...LONG, maxBytesInFlight: 16 * MIB });
    const large = new Uint8Array(6 * MIB);
    const maxBytes = large.length;
    large.set(photoBytes);
    const headers = { 'content-length': String(large.length) };
    const slow = [sent(), sent(), sent()];
    const paused = slow.map(({ stream }, i) =>
      pool.check(i === 0 ? new Response(stream, { headers }) : stream, empty, { maxBytes }),
    );
    for (const { send } of slow) send(large.subarray(0, 1000));
    await until(() => pool.stats().reading === 3);
    // Without that, these would wait until the slow ones are ended.
    const sources = [new Blob([large]), new Blob([large]).stream()];
    const quick = await Promise.all(
      sources.map((source) => pool.check(source, empty, { maxBytes })),
    );
    expect(quick.map(({ verdict }) => verdict)).toEqual(['none', 'none']);
    expect(pool.stats().reading).toBe(3);
    for (const { send, end } of slow) {
      send(large.subarray(1000));
      end();
    }
    for (const { verdict } of await Promise.all(paused)) expect(verdict).toBe('none');
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('bytes in flight never exceed the limit', async () => {
    const most = 3 * photoBytes.length;
    const pool = poolOf({ workers: 2, maxBytesInFlight: most });
    let largest = 0;
    let held = 0;
    const chunks = async function* () {
      for (let at = 0; at < photoBytes.length; at += 10_000) {
        const part = photoBytes.subarray(at, at + 10_000);
        held += part.length;
        largest = Math.max(largest, held, pool.stats().bytesInFlight);
        yield part;
        await null;
      }
    };
    const sources = Array.from({ length: 12 }, (_, i) =>
      i % 3 === 0 ? chunks() : i % 3 === 1 ? new Blob([photoBytes]) : photoBytes,
    );
    const decisions = sources.map(async (source) => {
      const { verdict } = await pool.check(source, empty, { variants: 'none' });
      if (!(source instanceof Blob || source instanceof Uint8Array)) held -= photoBytes.length;
      return verdict;
    });
    expect(new Set(await Promise.all(decisions))).toEqual(new Set(['none']));
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(most);
  });
});

describe('a caller who gives up is answered at once', () => {
  const reason = new Error('enough');

  test('while the picture waits for memory, is read or waits for a worker', async () => {
    const pool = poolOf({ maxBytesInFlight: 2 ** 20, timeoutSeconds: 6 }, silent());
    const held = codeOf(pool.hash(imagePath('rgb.png')));
    await until(() => pool.stats().atWork === 1);
    const stages: [ReadableStream<Uint8Array> | Uint8Array, () => boolean][] = [
      [photoBytes.subarray(0, 1000), () => pool.stats().queued === 1],
      [sent().stream, () => pool.stats().reading === 1],
    ];
    for (const [source, isThere] of stages) {
      const controller = new AbortController();
      const { signal } = controller;
      const hashed = pool.hash(source, { signal, maxBytes: 2 ** 19 });
      await until(isThere);
      controller.abort(reason);
      await expect(hashed).rejects.toBe(reason);
      await until(() => pool.stats().queued + pool.stats().reading === 0);
    }
    const first = new AbortController();
    const reading = pool.hash(sent().stream, { signal: first.signal, maxBytes: 900_000 });
    await until(() => pool.stats().reading === 1);
    const second = new AbortController();
    const { signal } = second;
    const waiting = pool.hash(sent().stream, { signal, maxBytes: 900_000 });
    await until(() => pool.stats().queued === 1);
    second.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(await held).toBe('timeout');
    await until(() => pool.stats().bytesInFlight === 0);
  });

  test('while the picture is being decoded, and its worker goes on with the next', async () => {
    const pool = poolOf();
    const pid = await warm(pool);
    const controller = new AbortController();
    const checked = pool.check(photoBytes, empty, { signal: controller.signal });
    await until(() => pool.stats().atWork === 1);
    controller.abort(reason);
    expect((await checked).reason).toBe('aborted');
    expect((await pool.check(photoBytes, empty)).verdict).toBe('none');
    expect(pool.stats()).toMatchObject({ pids: [pid], restarts: 0, bytesInFlight: 0 });
  });
});

test('a worker whose caller gave up has the rest of the time to answer', async () => {
  const hung = scripts.played('hash-process', 'hung', workerThat('begin', ''));
  const pool = poolOf({ timeoutSeconds: 3 }, hung);
  const controller = new AbortController();
  const checked = pool.check(photoBytes, empty, { signal: controller.signal });
  await until(() => pool.stats().atWork === 1);
  controller.abort();
  expect((await checked).reason).toBe('aborted');
  expect(pool.stats()).toMatchObject({ failed: 1, atWork: 1, restarts: 0 });
  await until(() => pool.stats().restarts === 1);
  await until(() => pool.stats().bytesInFlight === 0);
  expect(pool.stats()).toMatchObject({ queued: 0, atWork: 0, failed: 1 });
});
