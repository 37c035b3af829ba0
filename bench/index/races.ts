import { digits, race } from '../race.js';
import { fieldsOf, type IndexPart, type IndexRun, QUERIES } from './data.js';
import { Faiss } from './faiss.js';
import {
  affordable,
  checkAnswers,
  contenderOf,
  type EngineOptions,
  type Field,
  naivePeer,
  ownPeer,
  type Peer,
} from './peers.js';
import { type Measured, ratiosAtUsual } from './plot.js';

const DISTANCES = [0, 8, 15, 31, 40, 63];
/** Queries per race: as many as every engine answers within MILLISECONDS, between these bounds. */
const FEWEST_QUERIES = 16;
const MILLISECONDS = 500;

/** Ours, the one that all are compared with first. */
const OURS: readonly EngineOptions[] = [
  {},
  { simd: 'never' },
  { kind: 'flat' },
  { kind: 'flat', simd: 'never' },
];

/** Every engine on the same hashes and queries, half of which are planted: mean times. */
export const racesPart: IndexPart = async (run) => {
  const measured: Measured[] = [];
  for (const { data, field, isLarge } of fieldsOf(run)) {
    measured.push(...(await raceField(run, data, field, isLarge)));
  }
  const ratios = ratiosAtUsual(measured);
  for (const { engine, count, ...of } of ratios) {
    const name = `${engine}, of ${count.toLocaleString('en')} hashes at distance 31, x as long`;
    const rounded = Object.entries(of).map(([data, ratio]) => [data, Number(digits(ratio))]);
    run.context.figure(name, Object.fromEntries(rounded));
  }
  return { faiss: run.faiss ?? null, ratios, measured };
};

async function raceField(
  { context, faiss: build, distance }: IndexRun,
  data: string,
  field: Field,
  isLarge: boolean,
): Promise<Measured[]> {
  const { bytes, count, queries } = field;
  const own = OURS.map((options) => ownPeer(field, options));
  const always: Peer[] = [...own];
  const naive = naivePeer(field);
  const distances = distance === undefined ? DISTANCES : [distance];
  const faiss =
    build && new Faiss(build, bytes, Buffer.concat(queries.map((query) => query.bytes)));
  const measured: Measured[] = [];
  try {
    if (faiss) always.push(await faiss.peer('flat'));
    if (faiss && !isLarge) always.push(await faiss.peer('hash'));
    for (const max of distances) {
      const peers = [...always];
      if (max === 31 || count < 1e6) peers.push(naive);
      const asked = await affordable([naive, ...peers], max, MILLISECONDS, [
        FEWEST_QUERIES,
        QUERIES,
      ]);
      const expected = await naive.answers(max, asked);
      for (const peer of peers) await checkAnswers(peer, max, expected);
      const contenders = peers.map((peer) => contenderOf(peer, max, asked));
      const notes = [
        `${asked} queries each`,
        ...own.map(({ name, how }) => `${name}: ${how(max)}`),
      ];
      const title = `${data}, ${count.toLocaleString('en')} hashes, distance ${max}`;
      const result = await race(title, contenders, {
        rounds: 7,
        // A short list is in the caches, as it would be in use. On a long list, a sample goes
        // through the queries once, so that no query finds its own data in the caches.
        sampleMilliseconds: count <= 1e4 ? 20 : 1,
        evictBytes: 32 * 2 ** 20,
        notes,
      });
      context.report(result);
      for (const { name, microseconds, ratio } of result.timings) {
        measured.push({ data, count, maxDistance: max, engine: name, microseconds, ratio });
      }
    }
  } finally {
    faiss?.close();
  }
  return measured;
}
