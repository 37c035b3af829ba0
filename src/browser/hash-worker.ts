import { DecodeError } from '../errors.js';
import type { Reply, Request, Stage, WorkerError } from './message.js';

/** One thing that a Worker is to do. */
export interface Job<T> {
  /** what is sent; made only when a Worker is free for it, so that no file lies read in a queue */
  request(): Promise<Request>;
  /** what the Worker's last answer means */
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
    this.#ready = new Promise((resolve, reject) => {
      worker.onmessage = () => resolve();
      // Its script is not there, is refused by a policy, or threw.
      worker.onerror = (event) => {
        event.preventDefault();
        const failed = new DecodeError(
          'decoder-missing',
          'the hashing Worker did not run: give the address of browser-worker.js as workerUrl',
        );
        reject(failed);
        this.end(failed);
      };
    });
    this.#ready.catch(() => {});
  }

  /** @returns rejects, and the Worker is ended, with `signal.reason` on abort and when time is up */
  perform<T>(job: Job<T>): Promise<T> {
    const { signal, timeoutSeconds } = job;
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#fail = () => {};
        how();
      };
      const onAbort = () => this.end(signal?.reason);
      const timer = setTimeout(() => {
        const message = `hashing took longer than ${timeoutSeconds} seconds`;
        this.end(new DecodeError('timeout', message));
      }, 1000 * timeoutSeconds);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#fail = (reason) => settle(() => reject(reason));
      const receive = (reply: Reply) => {
        if ('stage' in reply) {
          job.onStage?.(reply.stage);
        } else if ('bitmapOf' in reply) {
          this.#sendBitmap(job.bitmapOf?.(reply.bitmapOf));
        } else if ('error' in reply) {
          settle(() => reject(errorOf(reply.error)));
        } else {
          settle(() => resolve(job.result(reply)));
        }
      };
      this.#ready
        .then(() => {
          this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
            // The caller's own function may throw.
            try {
              receive(data);
            } catch (error) {
              this.end(error);
            }
          };
          return job.request();
        })
        .then(
          (request) => {
            if (this.alive) this.#worker.postMessage(request, transferred(request));
          },
          (error) => this.#fail(error),
        );
    });
  }

  async #sendBitmap(decoding: Promise<ImageBitmap | undefined> | undefined): Promise<void> {
    const bitmap = await decoding;
    if (this.alive) this.#worker.postMessage({ bitmap }, bitmap ? [bitmap] : []);
    else bitmap?.close();
  }

  /** Stops it at once; what it was doing rejects with `reason`. */
  end(reason: unknown): void {
    this.alive = false;
    this.#worker.terminate();
    this.#fail(reason);
  }
}

const transferred = (request: Request) => ('bytes' in request ? [request.bytes.buffer] : []);

/** An error of the Worker as the caller knows it. */
function errorOf({ name, message, code }: WorkerError): Error {
  if (code !== undefined) return new DecodeError(code, message);
  if (name === 'TypeError') return new TypeError(message);
  if (name === 'RangeError') return new RangeError(message);
  return new Error(message);
}
