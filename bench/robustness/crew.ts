import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Answer, Job, WorkerSetup } from './worker.js';

/** Workers on all cores that do the benchmark's jobs. */
export class Crew {
  readonly size = availableParallelism();
  readonly #workers: Worker[];

  /** @param url the built worker, `bench-worker.js` beside the program */
  constructor(url: URL, setup: WorkerSetup) {
    this.#workers = Array.from({ length: this.size }, () => new Worker(url, { workerData: setup }));
  }

  /** The answers to `jobs`, in their order; each job goes to the next free worker. */
  async each(jobs: readonly Job[], onProgress?: (done: number) => void): Promise<Answer[]> {
    const answers: Answer[] = new Array(jobs.length);
    let next = 0;
    let done = 0;
    await Promise.all(
      this.#workers.map(async (worker) => {
        while (next < jobs.length) {
          const at = next++;
          answers[at] = await ask(worker, jobs[at]!);
          onProgress?.(++done);
        }
      }),
    );
    return answers;
  }

  /** Gives one job to every worker. */
  async all(job: Job): Promise<Answer[]> {
    return Promise.all(this.#workers.map((worker) => ask(worker, job)));
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** The worker's answer. It ends with the error that a job throws, which rejects. */
async function ask(worker: Worker, job: Job): Promise<Answer> {
  const answered = once(worker, 'message');
  worker.postMessage(job);
  const [answer] = (await answered) as [Answer];
  return answer;
}
