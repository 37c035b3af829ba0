import { createHash } from 'node:crypto';
import type { Blocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { DIGESTS, type Digest, type Hash, hashToHex } from '../../src/hash.js';
import { FileDigests } from '../../src/node/file-digests.js';
import { createHashPool } from '../../src/node/pool/create-hash-pool.js';
import { MATCHING_VARIANTS } from '../../src/variants/variant-profile.js';
import type { BenchContext } from '../harness.js';
import { feed, median, medianInterval, race, type Timing, timingOf, turns } from '../race.js';
import { uploadFiles } from '../uploads/pictures.js';
import { PROFILES } from '../uploads/run.js';
import { type DigestScale, freeMemory, listOf, tableOf } from './digest-lists.js';

const MIB = 2 ** 20;
/** In one process, so that its CPU time is that of all. */
const POOL = { isolation: 'thread', timeoutSeconds: 600 } as const;
const MOST_MEGABYTES = { atMost: 20 };
const MOST_CPU = { atMost: 1.03 };

const entryOf = (hash: Hash): BlocklistEntry => ({ hash, labels: ['listed'] });

function digestsOf(chunks: Iterable<Uint8Array>): Hash[] {
  const digests = new FileDigests(DIGESTS, { maxBytes: Number.POSITIVE_INFINITY });
  for (const chunk of chunks) digests.update(chunk);
  digests.end();
  return digests.variants.map(({ hash }) => hash);
}

/** The content of a chunk: text, which is no picture. */
const letterOf = (at: number) => 97 + (at % 26);

/** A new chunk each time, as sockets give them. */
async function* streamOf(chunks: number, look: Look): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < chunks; at++) {
    await look(at);
    yield new Uint8Array(MIB).fill(letterOf(at));
  }
}

/** The same, all in the memory of one. */
function* chunksInPlace(chunks: number): Generator<Uint8Array> {
  const chunk = new Uint8Array(MIB);
  for (let at = 0; at < chunks; at++) yield chunk.fill(letterOf(at));
}

/** Called before each chunk. */
type Look = (at: number) => void | Promise<void>;

/** A check of a stream that is not a picture, beside digesting alone: its memory and its pace. */
export async function streamPart(context: BenchContext, scale: DigestScale): Promise<void> {
  const { chunks, rounds, judged } = scale;
  const hashes = digestsOf(chunksInPlace(chunks));
  const expected = hashes.map(hashToHex).join();
  const list = await listOf(hashes.map(entryOf));
  const pool = createHashPool(POOL);
  const check = (limits: { maxBytes?: number }) => async (look: Look) => {
    const options = { ...limits, all: true };
    const { matches } = await pool.check(streamOf(chunks, look), list, options);
    return matches.map(({ entry }) => hashToHex(entry.hash)).join();
  };
  const ways: Record<string, (look: Look) => Promise<string>> = {
    check: check({}),
    'check, maxBytes 8 MiB': check({ maxBytes: 8 * MIB }),
    'digesting alone': async (look) => {
      const alone = DIGESTS.map((algorithm) => createHash(algorithm));
      for await (const chunk of streamOf(chunks, look)) for (const one of alone) one.update(chunk);
      return alone.map((one) => one.digest('hex')).join();
    },
  };
  for (const [name, way] of Object.entries(ways)) {
    const { held, resident } = await memoryOf(way, expected);
    const bound = judged && name === 'check' && MOST_MEGABYTES;
    context.figure(`a stream, ${name}: MB held in array buffers`, held, bound);
    context.figure(`a stream, ${name}: MB resident`, resident, bound);
  }
  const times = Object.keys(ways).map((): number[] => []);
  for (const { at } of turns(Math.ceil(rounds / 8), times.length)) {
    const start = performance.now();
    feed((await Object.values(ways)[at]!(() => {})).length);
    times[at]!.push((1000 * (performance.now() - start)) / chunks);
  }
  await pool.close();
  const timings = Object.keys(ways).map(
    (name, at): Timing => timingOf(name, times[at]!, times[0]!),
  );
  context.report({ title: 'a MiB of a stream', timings, notes: [] });
  context.figure('a stream: MB a second', MIB / timings[0]!.microseconds);
  const [chunk] = chunksInPlace(1);
  const digest = (algorithm: Digest) => createHash(algorithm).update(chunk!).digest().length;
  const contenders = DIGESTS.map((name) => ({ name, run: () => digest(name) }));
  context.report(await race('a MiB, digested', contenders, { rounds }));
}

/** Chunks from one collection to the next: those that nobody holds are no memory of the check. */
const UNCOLLECTED = 4;

/** The most memory beyond that at the start, in MB. */
async function memoryOf(way: (look: Look) => Promise<string>, expected: string) {
  await freeMemory();
  const before = process.memoryUsage();
  const most = { held: 0, resident: 0 };
  const answer = await way(async (at) => {
    if (at % UNCOLLECTED > 0) return;
    // With what has been collected since.
    most.resident = Math.max(most.resident, (process.memoryUsage.rss() - before.rss) / 1e6);
    await freeMemory();
    const { arrayBuffers } = process.memoryUsage();
    most.held = Math.max(most.held, (arrayBuffers - before.arrayBuffers) / 1e6);
  });
  if (answer !== expected) throw new Error(`a stream is ${answer}`);
  return most;
}

/** Entries of the list of pictures, and digests of each kind beside them. */
const UPLOAD_ENTRIES = 100_000;

/** Checks of JPEGs with digests on the list, beside those without: CPU of all threads. */
export async function uploadsPart(context: BenchContext, scale: DigestScale): Promise<void> {
  const files = await uploadFiles(scale.sizes, (text) => context.note(text));
  if (files === undefined) return context.note('uploads: sharp is not installed');
  const entries = Math.min(UPLOAD_ENTRIES, scale.entries);
  const pictures = tableOf('pdq', entries);
  const digests = DIGESTS.map((algorithm) => tableOf(algorithm, entries));
  const lists = [await listOf([pictures]), await listOf([pictures, ...digests])];
  const pool = createHashPool(POOL);
  const sizes = { '1 MP': files.kinds.photo, '12 MP': files.kinds.baseline };
  for (const [size, uploads] of Object.entries(sizes)) {
    const bodies = uploads.map(({ body }) => body);
    for (const variants of PROFILES) {
      const name = `a JPEG of ${size}, ${variants}`;
      const check = async (body: Uint8Array, list: Blocklist, verdict = 'none') => {
        const decision = await pool.check(body, list, { variants });
        if (decision.verdict !== verdict) throw new Error(`${name}: ${decision.verdict}`);
      };
      await check(bodies[0]!, await listOf(digestsOf([bodies[0]!]).map(entryOf)), 'match');
      const ways = [
        ...lists.map((list) => (body: Uint8Array) => check(body, list)),
        async (body: Uint8Array) => feed(digestsOf([body]).length),
      ];
      const [plain, digested, alone] = await cpuOf(ways, bodies, scale.rounds);
      const ofPlain = (times: readonly number[]) => times.map((time, at) => time / plain![at]!);
      const ratios = ofPlain(digested!);
      const bound = scale.judged && variants === MATCHING_VARIANTS && MOST_CPU;
      context.figure(`${name}: ms of CPU`, median(plain!));
      context.figure(`${name}: CPU with digests, of that without`, median(ratios), bound);
      context.figure(`${name}: the 95 % interval of this`, medianInterval(ratios));
      context.figure(`${name}: CPU of digesting alone, of that without`, median(ofPlain(alone!)));
    }
  }
  await pool.close();
}

/** CPU of each way in each round, in ms an upload. The ways take turns at each upload. */
async function cpuOf(
  ways: readonly ((body: Uint8Array) => Promise<void>)[],
  bodies: readonly Uint8Array[],
  rounds: number,
): Promise<number[][]> {
  for (const body of bodies) for (const way of ways) await way(body);
  const times = ways.map((): number[] => new Array(rounds).fill(0));
  for (let round = 0; round < rounds; round++) {
    for (const [turn, body] of bodies.entries()) {
      for (let i = 0; i < ways.length; i++) {
        const at = (round + turn + i) % ways.length;
        const before = process.cpuUsage();
        await ways[at]!(body);
        const { user, system } = process.cpuUsage(before);
        times[at]![round]! += (user + system) / 1000 / bodies.length;
      }
    }
  }
  return times;
}
