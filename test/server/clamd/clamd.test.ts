import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import NodeClam from 'clamscan';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import { type Decision, unhashable } from '../../../src/matching/decision.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { type ClamdOptions, createClamdListener } from '../../../src/server/clamd/clamd.js';
import { testFolder } from '../../folder.js';
import {
  answer,
  answered,
  Client,
  chunksOf,
  FOUND,
  lengthOf,
  listening,
  noPicture,
  type Options,
  readAll,
} from '../clamd-client.js';
import {
  allowing,
  blocklist,
  busy,
  HALF,
  LISTED,
  NO_PICTURE,
  OTHER,
  pool,
  reviewing,
} from '../uploads/uploads.js';
import { withResolvers } from '../with-resolvers.js';

const folder = testFolder();

describe('npm clamscan', () => {
  const scans = (path?: string) => async (work: (scanner: NodeClam) => Promise<void>) =>
    listening(
      {},
      async (address) => {
        const where =
          'path' in address ? { socket: address.path } : { host: '127.0.0.1', port: address.port };
        const clamdscan = { ...where, timeout: 20_000, localFallback: false };
        await work(await new NodeClam().init({ clamdscan, preference: 'clamdscan' }));
      },
      path,
    );

  test.each([
    ['TCP', scans()],
    ['a unix socket', scans(join(folder, 'clamd.sock'))],
  ])('over %s pings and scans', async (_, scanning) => {
    await scanning(async (scanner) => {
      const scanned = async (bytes: Uint8Array) => {
        // In parts, as a file would be sent.
        const parts = [bytes.subarray(0, 1000), bytes.subarray(1000)];
        const { isInfected, viruses } = await scanner.scanStream(Readable.from(parts));
        return { isInfected, viruses };
      };
      expect(await scanned(LISTED)).toEqual({
        isInfected: true,
        viruses: ['Onlyhashes.Listed-Picture'],
      });
      expect(await scanned(OTHER)).toEqual({ isInfected: false, viruses: [] });
      expect(await scanned(NO_PICTURE)).toEqual({ isInfected: false, viruses: [] });
      await expect(scanned(HALF)).rejects.toThrow(/error occurred/);
      (await scanner.ping()).destroy();
    });
  });
});

describe('commands', () => {
  test.each([
    ['PING', 'PONG\n'],
    ['PING\n', 'PONG\n'],
    ['nPING\n', 'PONG\n'],
    ['nPING\r\n', 'PONG\n'],
    ['zPING\0', 'PONG\0'],
    ['VERSION', 'onlyhashes\n'],
    ['zVERSION\0', 'onlyhashes\0'],
    ['nPING\nnPING\n', 'PONG\n'],
    ['zEND\0', ''],
  ])('%j is answered by %j, and the connection ends', async (sent, reply) => {
    expect(await answer({}, sent)).toBe(reply);
  });

  test.each([
    'zSCAN /etc/passwd\0',
    'nCONTSCAN /\n',
    'MULTISCAN /\n',
    'nFILDES\n',
    'SHUTDOWN',
    'zRELOAD\0',
    'INSTREAM\n',
    'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
    'z',
    `z${'x'.repeat(1000)}`,
    '\0\0\0\0',
    'PIN\n',
    'ping',
    'zPING\n\0\0',
  ])('%j is refused by a reply that callers read as an error', async (sent) => {
    await listening({}, async (address) => {
      const { socket, reply } = new Client(address);
      // Whatever is not whole is so once the client has ended.
      socket.end(sent);
      expect(await reply).toMatch(/^(UNKNOWN COMMAND\. ERROR|stream: unreadable ERROR)[\n\0]$/);
    });
  });

  test('a bare command in parts is waited for', async () => {
    await listening({}, async (address) => {
      const { socket, reply } = new Client(address);
      socket.write('PI');
      await setTimeout(20);
      socket.write('NG');
      expect(await reply).toBe('PONG\n');
    });
  });
});

/** Pictures of kinds that are not read here, and what is no picture, though it begins like one. */
const bmpHeader = Buffer.from(`424d${'00'.repeat(12)}28000000`, 'hex');
const UNREAD: readonly [name: string, bytes: Uint8Array][] = [
  ['BMP', Buffer.concat([bmpHeader, Buffer.alloc(500)])],
  ['ICO', Buffer.from(`00000100010010100000010020006804${'00'.repeat(400)}`, 'hex')],
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="data:,"/></svg>')],
  [
    'SVG behind a prologue',
    Buffer.from(`\ufeff<?xml version="1.0"?>\n<!--${' '.repeat(3000)}--><svg/>`),
  ],
  ['JPEG XL, bare', Buffer.from(`ff0afa1f0190081001002c00${'ab'.repeat(99)}`, 'hex')],
  ['JPEG XL, boxed', Buffer.from(`0000000c4a584c200d0a870a${'00'.repeat(99)}`, 'hex')],
  ['JPEG 2000', Buffer.from(`0000000c6a5020200d0a870a${'00'.repeat(99)}`, 'hex')],
];
const NO_PICTURES: readonly [name: string, bytes: Uint8Array][] = [
  ['a PDF', Buffer.from(`%PDF-1.7\n${'stream '.repeat(900)}`)],
  ['a ZIP', Buffer.from(`504b0304${'00'.repeat(99)}`, 'hex')],
  ['a text', Buffer.from('BMW sells cars; <svg> is a tag, and so is <html>. '.repeat(200))],
  ['a page', Buffer.from('<!doctype html><html><body><svg></svg></body></html>')],
];

describe('a picture of a kind that is not read', () => {
  test.each(UNREAD)('%s is ERROR by default, OK if an option allows it', async (_, bytes) => {
    for (const size of [100_000, 7]) {
      const sent = chunksOf(bytes, size);
      expect(await answer({}, 'zINSTREAM\0', sent)).toBe('stream: unsupported ERROR\0');
    }
    const accepting = { unreadPictures: 'accept' } as const;
    expect(await answer(accepting, 'zINSTREAM\0', chunksOf(bytes))).toBe('stream: OK\0');
  });

  test.each(NO_PICTURES)('%s is not one', async (_, bytes) => {
    expect(await answer({}, 'zINSTREAM\0', chunksOf(bytes))).toBe('stream: OK\0');
  });
});

describe('one stream', () => {
  test.each([
    ['a listed picture', LISTED, FOUND],
    ['another picture', OTHER, 'stream: OK'],
    ['no picture', NO_PICTURE, 'stream: OK'],
    ['no bytes', Buffer.alloc(0), 'stream: OK'],
    ['half a picture', HALF, 'stream: corrupt ERROR'],
    ['what only begins as a picture', Buffer.from('II*\0no picture'), 'stream: corrupt ERROR'],
  ])('of %s is answered by its end', async (_, bytes, reply) => {
    expect(await answer({}, 'zINSTREAM\0', chunksOf(bytes))).toBe(`${reply}\0`);
    expect(await answer({}, 'nINSTREAM\n', chunksOf(bytes, 999))).toBe(`${reply}\n`);
  });

  test('a picture of a kind that no decoder knows is no other file', async () => {
    const check = async () => unhashable(new DecodeError('unsupported', 'rare'));
    expect(await answer({ check }, 'zINSTREAM\0', chunksOf(OTHER))).toBe(
      'stream: unsupported ERROR\0',
    );
    expect(await answer({ check }, 'zINSTREAM\0', chunksOf(NO_PICTURE))).toContain('OK');
  });

  test('uploads for review are OK, and reported', async () => {
    const decisions: Decision[] = [];
    const options: Options = {
      blocklist: reviewing,
      onDecision: (decision, { socket }) => {
        expect(socket.remoteAddress).toBe('127.0.0.1');
        decisions.push(decision);
      },
    };
    expect(await answer(options, 'zINSTREAM\0', chunksOf(LISTED))).toBe('stream: OK\0');
    expect(decisions).toMatchObject([{ verdict: 'review' }]);
  });

  test('a match is FOUND only for the lists that are named', async () => {
    const { hash } = await hashFile('fixtures/photos/locomotion-house-cat.jpg');
    const copy = await hashFile('fixtures/photos/locomotion-house-cat-w301.jpg');
    // The nearer one is of a list that is not sure.
    const listed = createBlocklist([
      { hash: copy.hash, labels: [], list: 'near' },
      { hash, labels: [], list: 'sure' },
    ]);
    const found = (lists: string[] | undefined) =>
      answer({ blocklist: listed, lists }, 'zINSTREAM\0', chunksOf(LISTED));
    expect(await found(undefined)).toBe(`${FOUND}\0`);
    expect(await found(['sure'])).toBe(`${FOUND}\0`);
    expect(await found(['near', 'other'])).toBe(`${FOUND}\0`);
    expect(await found(['', 'other'])).toBe('stream: OK\0');
    expect(await answer({ lists: [''] }, 'zINSTREAM\0', chunksOf(LISTED))).toBe(`${FOUND}\0`);
  });

  test('only what is FOUND is preserved', async () => {
    const preserved: unknown[] = [];
    const preserve = ({ bytes }: { bytes?: Uint8Array }) => void preserved.push(bytes);
    const onPreserveError = (error: unknown) => void preserved.push(error);
    for (const lists of [['other'], undefined, ['']]) {
      const options = { lists, preserve, onPreserveError };
      await answer(options, 'zINSTREAM\0', chunksOf(LISTED));
    }
    expect(preserved).toEqual([LISTED, LISTED]);
  });

  test('a file that is no picture is OK, or ERROR by notPictures', async () => {
    const said = (options: Options) => answer(options, 'zINSTREAM\0', chunksOf(NO_PICTURE));
    expect(await said({ unreadPictures: 'refuse' })).toBe('stream: OK\0');
    expect(await said({ notPictures: 'refuse' })).toBe('stream: not-a-picture ERROR\0');
  });

  test('an allowed picture is OK, whatever lists are named', async () => {
    for (const lists of [undefined, ['']]) {
      const options = { allowList: allowing(), lists };
      expect(await answer(options, 'zINSTREAM\0', chunksOf(LISTED))).toBe('stream: OK\0');
    }
  });

  test('a later variant of a named list is found behind an earlier match', async () => {
    const asked: unknown[] = [];
    const watched = {
      check: (...args: Parameters<typeof pool.check>) => {
        asked.push(args[2]?.all);
        return pool.check(...args);
      },
    };
    await answer({ pool: watched, lists: [''] }, 'zINSTREAM\0', chunksOf(LISTED));
    await answer({ pool: watched }, 'zINSTREAM\0', chunksOf(LISTED));
    expect(asked).toEqual([true, undefined]);
  });

  test('a remote match counts as one of its list, unless it is allowed', async () => {
    const remoteMatch = { list: 'far', trust: 'own', tier: 'match', labels: [] } as const;
    const said = async (more: object) => {
      const { policy } = noPicture();
      const check = async (): Promise<Decision> => ({
        ...{ verdict: 'match', reason: 'matched-remote', matches: [], policy },
        remoteMatches: [{ ...remoteMatch, ...more }],
      });
      return await answer({ check, lists: ['far'] }, 'zINSTREAM\0', chunksOf(OTHER));
    };
    expect(await said({})).toBe(`${FOUND}\0`);
    expect(await said({ allowed: 'a reason' })).toBe('stream: OK\0');
    expect(await said({ list: 'farther' })).toBe('stream: OK\0');
  });

  test('a full queue is an error, and nothing is read for it', async () => {
    expect(await answer({ check: busy }, 'zINSTREAM\0', chunksOf(LISTED))).toBe(
      'stream: busy ERROR\0',
    );
  });

  test('an error of a check is ERROR to the caller, and goes to onError alone', async () => {
    const errors: unknown[] = [];
    const error = new Error('a secret');
    const onError = (given: unknown) => errors.push(given);
    const failing = { check: () => Promise.reject(error), onError };
    expect(await answer(failing, 'zINSTREAM\0', chunksOf(OTHER))).toBe('stream: failed ERROR\0');
    const onDecision = () => Promise.reject(error);
    expect(await answer({ onDecision, onError }, 'zINSTREAM\0', chunksOf(OTHER))).toBe(
      'stream: failed ERROR\0',
    );
    expect(errors).toEqual([error, error]);
  });

  test('a check that reads only a part gives a verdict only if the whole is valid', async () => {
    const { policy } = noPicture();
    const decisions: Decision[] = [];
    const onDecision = (decision: Decision) => void decisions.push(decision);
    const some = async (source: unknown): Promise<Decision> => {
      for await (const _ of source as AsyncIterable<Uint8Array>) break;
      return { verdict: 'none', reason: 'nothing-near', matches: [], policy };
    };
    const session = ['zIDSESSION\0', 'zINSTREAM\0', chunksOf(OTHER, 99), 'zPING\0', 'zEND\0'];
    expect(await answer({ check: some }, ...session)).toBe('1: stream: OK\x002: PONG\0');
    const nothing = async (): Promise<Decision> => {
      return { verdict: 'none', reason: 'nothing-near', matches: [], policy };
    };
    expect(await answer({ check: nothing, onDecision }, 'zINSTREAM\0', lengthOf(2 ** 31))).toBe(
      'INSTREAM size limit exceeded. ERROR\0',
    );
    expect(decisions.map(({ reason }) => reason)).toEqual(['nothing-near', 'too-many-bytes']);
  });
});

describe('sessions', () => {
  test('have numbers, and go on after a picture that is broken', async () => {
    const sent = [
      'zIDSESSION\0zPING\0zINSTREAM\0',
      chunksOf(LISTED),
      'nINSTREAM\n',
      chunksOf(HALF),
      'zINSTREAM\0',
      chunksOf(OTHER),
      'zEND\0',
    ];
    expect(await answer({}, ...sent)).toBe(
      `1: PONG\x002: ${FOUND}\x003: stream: corrupt ERROR\n4: stream: OK\0`,
    );
  });

  test.each(['zIDSESSION\0', 'zSCAN /\0', 'PING'])('end at %j inside them', async (sent) => {
    const reply = await answer({}, 'nIDSESSION\n', sent, 'zPING\0');
    if (sent === 'PING') expect(reply).toBe('1: UNKNOWN COMMAND. ERROR\n');
    else expect(reply).toBe('1: UNKNOWN COMMAND. ERROR\0');
  });

  test('end where a stream was not read to its end', async () => {
    const sent = ['zIDSESSION\0', 'zINSTREAM\0', chunksOf(OTHER), 'zPING\0'];
    expect(await answer({ check: busy }, ...sent)).toBe('1: stream: busy ERROR\0');
  });
});

test('when the signal aborts, waiting sessions are ended, and running checks are answered', async () => {
  const end = new AbortController();
  const begun = withResolvers();
  const check = async (source: unknown): Promise<Decision> => {
    await readAll(source);
    begun.resolve();
    await once(end.signal, 'abort');
    return noPicture();
  };
  await listening({ check, signal: end.signal }, async (address) => {
    const idle = new Client(address);
    idle.socket.write('zIDSESSION\0zPING\0');
    // Only a connection that was accepted before the end is let go of without a word.
    await once(idle.socket, 'data');
    const scanned = answered(
      address,
      'zIDSESSION\0zPING\0zINSTREAM\0',
      chunksOf(Buffer.from('no picture')),
    );
    await begun.promise;
    end.abort();
    expect(await idle.reply).toBe('1: PONG\0');
    expect(await answered(address, 'PING')).toBe('busy ERROR\n');
    expect(await scanned).toBe('1: PONG\x002: stream: OK\0');
  });
});

test('the listener is off until it is enabled, and mistakes are reported', () => {
  const made = (options: object) => () => createClamdListener(options as ClamdOptions);
  expect(made({ blocklist, enabled: false })).toThrow(TypeError);
  expect(made({ enabled: true })).toThrow('expected a blocklist or a check');
  expect(made({ enabled: true, blocklist, lists: [] })).toThrow(RangeError);
  expect(made({ enabled: true, blocklist, idleSeconds: 0 })).toThrow(RangeError);
});
