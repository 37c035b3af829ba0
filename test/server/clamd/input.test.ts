import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { type Decision, unhashable } from '../../../src/matching/decision.js';
import { createClamdListener } from '../../../src/server/clamd/clamd.js';
import { ClamdBody } from '../../../src/server/clamd/input.js';
import { runs } from '../../seed.js';
import {
  answer,
  answered,
  Client,
  chunksOf,
  END,
  FOUND,
  lengthOf,
  listening,
  noPicture,
  readAll,
} from '../clamd-client.js';
import { blocklist, LISTED, OTHER, pool } from '../uploads/uploads.js';
import { withResolvers } from '../with-resolvers.js';

afterEach(() => void vi.useRealTimers());

test('any chunks, cut anywhere, give the bytes that they hold', async () => {
  const bodies: Buffer[] = [];
  const check = async (source: unknown): Promise<Decision> => {
    bodies.push(await readAll(source));
    return noPicture();
  };
  await listening({ check }, async (address) => {
    // No picture begins so.
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 50, max: 9 });
    const cuts = fc.array(fc.nat(500), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 20 }), cuts, async (chunks, at) => {
        const parts = chunks.flatMap((bytes) => [lengthOf(bytes.length), bytes]);
        const sent = Buffer.concat([Buffer.from('zINSTREAM\0'), ...parts, END]);
        const { socket, reply } = new Client(address);
        socket.setNoDelay(true);
        let from = 0;
        for (const to of [...at.sort((a, b) => a - b), sent.length]) {
          if (to <= from || to > sent.length) continue;
          socket.write(sent.subarray(from, to));
          await new Promise((resolve) => setImmediate(resolve));
          from = to;
        }
        expect(await reply).toBe('stream: OK\0');
        expect(bodies.pop()).toEqual(Buffer.concat(chunks));
      }),
      { numRuns: runs(200) },
    );
  });
});

test('any bytes get replies that end in a known word, and the listener serves on', async () => {
  const check = async (source: unknown): Promise<Decision> => {
    try {
      await readAll(source);
    } catch (error) {
      return unhashable(error as DecodeError);
    }
    return noPicture();
  };
  await listening({ check }, async (address) => {
    const part = fc.oneof(
      fc.constantFrom('zINSTREAM\0', 'nINSTREAM\n', 'zIDSESSION\0', 'PING', 'zEND\0', 'z', 'n'),
      fc.uint8Array({ maxLength: 30 }),
      fc.constantFrom(END, lengthOf(3), lengthOf(2 ** 32 - 1), lengthOf(2 ** 31)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const { socket, reply } = new Client(address);
        for (const bytes of parts) socket.write(bytes);
        socket.end();
        expect(await reply).toMatch(/^((\d+: )?(.* (OK|ERROR)|PONG|onlyhashes)[\0\n])*$/);
      }),
      { numRuns: runs(300) },
    );
    expect(await answered(address, 'PING')).toBe('PONG\n');
  });
});

test('a command that is longer than any is refused before it ends, and not gathered', async () => {
  await listening({}, async (address) => {
    for (const prefix of ['z', 'n', '']) {
      const end = prefix === 'z' ? '\0' : '\n';
      const long = `${prefix}${'A'.repeat(100)}`;
      expect(await answered(address, long)).toBe(`UNKNOWN COMMAND. ERROR${end}`);
    }
  });
});

test('a length over the limit is refused before its bytes arrive', async () => {
  const tooLong = 'INSTREAM size limit exceeded. ERROR\0';
  for (const length of [1001, 2 ** 31, 2 ** 32 - 1]) {
    expect(await answer({ maxBytes: 1000 }, 'zINSTREAM\0', lengthOf(length))).toBe(tooLong);
  }
  const two = [lengthOf(600), Buffer.alloc(600), lengthOf(401)];
  expect(await answer({ maxBytes: 1000 }, 'zINSTREAM\0', ...two)).toBe(tooLong);
  const whole = [lengthOf(600), Buffer.alloc(600), lengthOf(400), Buffer.alloc(400), END];
  expect(await answer({ maxBytes: 1000 }, 'zINSTREAM\0', ...whole)).toBe('stream: OK\0');
});

test('a declared length does not count as sent: its sender is still too slow', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  const silent = { left: lengthOf(2 ** 25), more: () => new Promise<boolean>(() => {}) };
  const pace = { minBytesPerSecond: 1024, idleSeconds: 100_000 };
  const body = new ClamdBody(silent as never, { maxBytes: 2 ** 26, ...pace });
  const ended = body.toEnd();
  await vi.advanceTimersByTimeAsync(5001);
  expect((await ended)?.code).toBe('too-slow');
});

test('a client that ends its side gets the reply; amid a stream, it is no verdict', async () => {
  const halves = (...sent: readonly Uint8Array[]) =>
    listening({}, async (address) => {
      const { socket, reply } = new Client(address);
      socket.write('zINSTREAM\0');
      for (const bytes of sent) socket.write(bytes);
      socket.end();
      return await reply;
    });
  expect(await halves(chunksOf(LISTED))).toBe(`${FOUND}\0`);
  expect(await halves(chunksOf(OTHER).subarray(0, -4))).toBe('stream: unreadable ERROR\0');
  expect(await halves(lengthOf(10), Buffer.alloc(9))).toBe('stream: unreadable ERROR\0');
  expect(await halves(lengthOf(10).subarray(1))).toBe('stream: unreadable ERROR\0');
});

test('chunks of one byte are passed on together', async () => {
  const sizes: number[] = [];
  const check = async (source: unknown): Promise<Decision> => {
    for await (const bytes of source as AsyncIterable<Uint8Array>) sizes.push(bytes.length);
    return noPicture();
  };
  const bytes = Buffer.alloc(200_000, 7);
  expect(await answer({ check }, 'zINSTREAM\0', chunksOf(bytes, 1))).toBe('stream: OK\0');
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes.length);
  expect(sizes.length).toBeLessThan(bytes.length / 100);
});

test('nothing is read ahead of the check', async () => {
  const held = withResolvers();
  const check = async (source: unknown): Promise<Decision> => {
    await held.promise;
    await readAll(source);
    return noPicture();
  };
  await listening({ check }, async (address) => {
    const { socket, reply } = new Client(address);
    socket.write('zINSTREAM\0');
    let isSent = false;
    socket.write(chunksOf(Buffer.alloc(2 ** 25)), () => {
      isSent = true;
    });
    await setTimeout(200);
    expect(isSent).toBe(false);
    held.resolve();
    expect(await reply).toBe('stream: OK\0');
  });
});

test('a command must end in time, however it arrives', async () => {
  const slow = { idleSeconds: 0.2 };
  expect(await answer(slow, '')).toBe('COMMAND READ TIMED OUT\n');
  expect(await answer(slow, 'zINST')).toBe('COMMAND READ TIMED OUT\0');
  expect(await answer(slow, 'zIDSESSION\0zPING\0')).toBe('1: PONG\x001: COMMAND READ TIMED OUT\n');
  await listening(slow, async (address) => {
    const { socket, reply } = new Client(address);
    const drip = setInterval(() => socket.write('n'), 20);
    try {
      expect(await reply).toBe('COMMAND READ TIMED OUT\n');
    } finally {
      clearInterval(drip);
    }
  });
});

test('a stream that stalls is ended, and the pool is free again', async () => {
  const sent = ['zINSTREAM\0', lengthOf(1000), Buffer.alloc(10)];
  expect(await answer({ idleSeconds: 0.2 }, ...sent)).toBe('stream: too-slow ERROR\0');
  await expect.poll(() => pool.stats().bytesInFlight).toBe(0);
});

test('a client that keeps sending after an error is cut off', async () => {
  await listening({ maxBytes: 10 }, async (address) => {
    const { socket, reply } = new Client(address);
    socket.write('zINSTREAM\0');
    const flood = setInterval(() => socket.write(lengthOf(1e9)), 10);
    try {
      expect(await reply).toBe('INSTREAM size limit exceeded. ERROR\0');
    } finally {
      clearInterval(flood);
    }
  });
});

test('a client that disconnects aborts its check', async () => {
  const begun = withResolvers();
  const ended = withResolvers();
  let reason: unknown;
  const check = async (_: unknown, { signal }: { signal?: AbortSignal }): Promise<Decision> => {
    begun.resolve();
    if (!signal!.aborted) await once(signal!, 'abort');
    reason = signal!.reason;
    ended.resolve();
    return unhashable(new DecodeError('unreadable', 'gone'));
  };
  await listening({ check }, async (address) => {
    const { socket } = new Client(address);
    socket.write('zINSTREAM\0');
    await begun.promise;
    socket.resetAndDestroy();
    await ended.promise;
  });
  expect(reason).toMatchObject({ message: 'the client is gone' });
});

test('a client that never reads is ended, however much it requests', async () => {
  const written: string[] = [];
  const socket = new Duplex({
    read() {},
    // It never says that the reply is on its way.
    write: (chunk) => void written.push(String(chunk)),
  });
  createClamdListener({ enabled: true, blocklist, idleSeconds: 0.1 })(socket as Socket);
  socket.push(`zIDSESSION\0${'zPING\0'.repeat(1000)}`);
  await once(socket, 'close');
  expect(written).toEqual(['1: PONG\0']);
});

test('stalled connections make room for others; active ones do not', async () => {
  const waiting: (() => void)[] = [];
  const check = async (source: unknown): Promise<Decision> => {
    await readAll(source);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return noPicture();
  };
  await listening({ check, maxConnections: 5 }, async (address) => {
    for (let count = 0; count < 50; count++) {
      const { socket } = new Client(address);
      await once(socket, 'connect');
      socket.write('z');
    }
    const scans: Promise<string>[] = [];
    for (let count = 1; count <= 5; count++) {
      scans.push(answered(address, 'zINSTREAM\0', chunksOf(Buffer.from('no picture'))));
      await expect.poll(() => waiting.length).toBe(count);
    }
    expect(await answered(address)).toBe('busy ERROR\n');
    for (const resolve of waiting) resolve();
    expect(await Promise.all(scans)).toEqual(Array(5).fill('stream: OK\0'));
    expect(await answered(address, 'PING')).toBe('PONG\n');
  });
});
