import { DecodeError } from '../errors.js';
import type { Reply, Request, Stage } from './message.js';
import { bytesIn, errorIn, noAnswer, stageIn } from './reply.js';

/** One thing that a Worker is to do. */
export interface Job<T> {
  /** what is sent; made only when a Worker is free for it, so that no file lies read in a queue */
  request(): Promise<Request>;
  /** what the Worker's last answer means; the job rejects with what it throws, and the Worker is ended */
  result(reply: Reply): T;
  /** the page's part, where the Worker cannot decode a file */
  bitmapOf?(bytes: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | undefined>;
  onStage?(stage: Stage): void;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutSeconds: number;
}

/** A Worker that does one job at a time. Ended, which is the only way to stop a decoder, it does no more. */
export class HashWorker {
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  #fail: (reason: unknown) => void = () => {};
  /** whether it can take another job */
  alive = true;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#ready = new Promise((resolve) => {
      worker.onmessage = () => resolve();
    });
    // Its script is not there, is refused by a policy, or threw.
    worker.onerror = (event) => {
      event.preventDefault();
      this.end(didNotRun());
    };
  }

  /**
   * Only while it is alive, and one at a time.
   * @returns rejects, and the Worker is ended, with `signal.reason` on abort and when time is up
   */
  perform<T>(job: Job<T>): Promise<T> {
    const { signal, timeoutSeconds } = job;
    return new Promise((resolve, reject) => {
      let over = false;
      const settle = (how: () => void) => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#fail = () => {};
        // What it may still say belongs to no other job.
        this.#worker.onmessage = null;
        how();
      };
      const fail = (reason: unknown) => settle(() => reject(reason));
      this.#fail = fail;
      const onAbort = () => this.end(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const timer = setTimeout(() => {
        const message = `the file took longer than ${timeoutSeconds} seconds`;
        this.end(new DecodeError('timeout', message));
      }, 1000 * timeoutSeconds);
      const receive = (reply: Reply) => {
        if (typeof reply !== 'object' || reply === null) throw noAnswer();
        if ('stage' in reply) {
          job.onStage?.(stageIn(reply));
        } else if ('bitmapOf' in reply) {
          void this.#sendBitmap(job.bitmapOf?.(bytesIn(reply)));
        } else if ('error' in reply) {
          const error = errorIn(reply);
          settle(() => reject(error));
        } else {
          const result = job.result(reply);
          settle(() => resolve(result));
        }
      };
      const begin = async () => {
        await this.#ready;
        if (over) return;
        const request = await job.request();
        if (over) return;
        this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
          // The caller's own function may throw.
          try {
            receive(data);
          } catch (error) {
            this.end(error);
          }
        };
        this.#worker.postMessage(request, transferred(request));
      };
      begin().catch(fail);
    });
  }

  async #sendBitmap(decoding: Promise<ImageBitmap | undefined> | undefined): Promise<void> {
    try {
      const bitmap = await decoding;
      if (this.alive) this.#worker.postMessage({ bitmap }, bitmap ? [bitmap] : []);
      else bitmap?.close();
    } catch (error) {
      this.end(error);
    }
  }

  /** Stops it at once; what it was doing rejects with `reason`. */
  end(reason: unknown): void {
    this.alive = false;
    this.#worker.terminate();
    this.#fail(reason);
  }
}

/** What is said of a Worker that cannot be started, or died. */
export const didNotRun = (cause?: unknown): DecodeError =>
  new DecodeError(
    'decoder-missing',
    'the hashing Worker did not run: give the address of browser-worker.js as workerUrl',
    cause === undefined ? undefined : { cause },
  );

const transferred = (request: Request) => ('bytes' in request ? [request.bytes.buffer] : []);
