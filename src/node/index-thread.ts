import type { Worker } from 'node:worker_threads';
import type { IndexMessage, IndexStart, SearchTask, SearchTaskAnswer } from './index-worker.js';
import { scriptOf, startThread } from './start-thread.js';

interface Waiting {
  resolve(answer: SearchTaskAnswer): void;
  reject(error: unknown): void;
}

/** A thread that searches segments in shared memory. */
export class IndexThread {
  readonly #worker: Worker;
  /** in the order of sending, which is the order of the answers */
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  /**
   * @param onEnd told once, when the thread ends by itself
   * @throws {Error} if none can be started
   */
  constructor(start: IndexStart, onEnd: (error: Error) => void) {
    this.#worker = startedThread(start);
    this.#worker.on('message', (answer: SearchTaskAnswer) => {
      this.#waiting.shift()?.resolve(answer);
    });
    const end = (error: Error) => {
      if (this.#ended) return;
      this.end(error);
      onEnd(error);
    };
    this.#worker.on('error', (cause) => end(new Error(failureOf(cause), { cause })));
    this.#worker.on('exit', () => end(new Error('an index worker ended')));
    // An idle thread does not keep the process alive.
    this.#worker.unref();
  }

  /** Questions that it has not answered. */
  get load(): number {
    return this.#waiting.length;
  }

  /** Sends what has no answer. */
  tell(message: IndexMessage): void {
    this.#worker.postMessage(message);
  }

  /** @returns of each query the pairs of entry and distance; rejects if the thread ends first */
  async ask(task: SearchTask): Promise<Uint32Array[]> {
    if (this.#ended) throw this.#ended;
    this.#worker.ref();
    try {
      const { totals, hits } = await new Promise<SearchTaskAnswer>((resolve, reject) => {
        // Sent first: a message that cannot be sent gets no answer, and answers are matched by
        // order.
        this.#worker.postMessage(task, [task.bytes.buffer as ArrayBuffer]);
        this.#waiting.push({ resolve, reject });
      });
      return hitsOf(totals, hits);
    } finally {
      if (this.#waiting.length === 0) this.#worker.unref();
    }
  }

  /** What is waited for rejects with `error`. The thread goes on until `terminate`. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A bundle may lack the script. */
const failureOf = (cause: unknown): string =>
  /MODULE_NOT_FOUND$/.test(String((cause as { code?: unknown } | null)?.code))
    ? 'the index worker did not run: name the folder of index-worker.js by setWorkerScripts'
    : 'an index worker failed';

function startedThread(start: IndexStart): Worker {
  const url = scriptOf('index-worker');
  let cause: unknown;
  try {
    if (url) return startThread(url, start);
  } catch (error) {
    cause = error;
  }
  const message =
    'no thread could be started: allow threads, or name the folder of index-worker.js by setWorkerScripts';
  throw new Error(message, { cause });
}

function hitsOf(totals: Uint32Array, hits: Uint32Array): Uint32Array[] {
  let at = 0;
  return Array.from(totals, (total) => {
    const from = at;
    at += 2 * total;
    return hits.subarray(from, at);
  });
}
