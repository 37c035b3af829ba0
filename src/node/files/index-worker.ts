import { parentPort, workerData } from 'node:worker_threads';
import { joined, PartSearch, type Segment } from '../../indexing/part-search.js';
import { openShared, type SharedSegment } from '../../indexing/snapshot.js';

/** The input of a worker at its start. */
export interface IndexStart {
  /** number of the thread, for the memory that it writes to; unique within a segment */
  readonly number: number;
}

/** A message to the worker: packed queries of near searches, and their distance. */
export interface SearchTask {
  /** number of the segment */
  readonly segment: number;
  readonly bytes: Uint8Array;
  readonly maxDistance: number;
  /** the ranks of each query, if known */
  readonly ranks: readonly (Uint8Array | undefined)[];
}

/** A message without an answer: a segment to attach or one to detach. */
export type IndexMessage =
  | { readonly attach: number; readonly shared: SharedSegment }
  | { readonly detach: number };

/**
 * The worker's answer: the number of hits of each query, and all entries and distances, pair by
 * pair.
 */
export interface SearchTaskAnswer {
  readonly totals: Uint32Array;
  readonly hits: Uint32Array;
}

// The program of one thread of `createSearchThreads`. It searches memory that the latter made.
const { number } = workerData as IndexStart;
const opened = new Map<number, { readonly segment: Segment; readonly search: PartSearch }>();

parentPort?.on('message', (message: SearchTask | IndexMessage) => {
  if ('attach' in message) {
    const segment = openShared(message.shared, number);
    opened.set(message.attach, { segment, search: new PartSearch(segment.shape) });
  } else if ('detach' in message) opened.delete(message.detach);
  else parentPort?.postMessage(...answerTo(message));
});

function answerTo(task: SearchTask): [SearchTaskAnswer, ArrayBuffer[]] {
  const { bytes, maxDistance, ranks } = task;
  const { segment, search } = opened.get(task.segment) ?? {};
  // It may have been detached while the question was on its way: then no query is answered.
  const found = (segment ? ranks : []).map((each, i) => {
    const { algorithm, bits } = segment!.shape;
    const size = bits / 8;
    search!.ask({ algorithm, bytes: bytes.subarray(i * size, (i + 1) * size) });
    const near = search!.near(maxDistance, each);
    return search!.pairs(search!.search(segment!, maxDistance, 0, { near }));
  });
  const totals = Uint32Array.from(found, ({ length }) => length / 2);
  const hits = joined(found);
  return [{ totals, hits }, [totals.buffer, hits.buffer as ArrayBuffer]];
}
