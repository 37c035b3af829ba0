/** An idle pool keeps its Workers so long. */
export const IDLE_SECONDS = 30;

/** A job as the model sees it. */
interface ModelJob {
  readonly number: number;
  readonly timeoutSeconds: number;
  worker: number | undefined;
  stage: 'waiting' | 'starting' | 'reading' | 'working' | 'over';
  begun: number;
  outcome: unknown;
}

/** A Worker as the model sees it. */
interface ModelWorker {
  state: 'starting' | 'listening' | 'gone';
  job: ModelJob | undefined;
}

/** The pool as plain lists: what must come of every job, and which Workers must live. */
export class PoolModel {
  readonly jobs: ModelJob[] = [];
  readonly workers: ModelWorker[] = [];
  #waiting: ModelJob[] = [];
  #idle: number[] = [];
  #now = 0;
  #idleSince: number | undefined;
  refuses = false;
  size: number;

  constructor(size: number) {
    this.size = size;
  }

  get #running(): ModelJob[] {
    return this.jobs.filter(({ stage, worker }) => stage !== 'over' && worker !== undefined);
  }

  add(timeoutSeconds: number, aborted: boolean): void {
    const added: ModelJob = {
      number: this.jobs.length,
      timeoutSeconds,
      worker: undefined,
      stage: aborted ? 'over' : 'waiting',
      begun: 0,
      outcome: aborted ? 'rejected: aborted' : undefined,
    };
    this.jobs.push(added);
    if (!aborted) this.#waiting.push(added);
    this.beginWaiting();
  }

  beginWaiting(): void {
    while (this.#running.length < this.size && this.#waiting.length > 0) {
      const next = this.#waiting.shift()!;
      let worker = this.#idle.pop();
      if (worker === undefined) {
        if (this.refuses) {
          this.#settle(next, 'rejected: refused');
          continue;
        }
        worker = this.workers.push({ state: 'starting', job: undefined }) - 1;
      }
      this.#idleSince = undefined;
      next.worker = worker;
      next.begun = this.#now;
      next.stage = this.workers[worker]!.state === 'starting' ? 'starting' : 'reading';
      this.workers[worker]!.job = next;
    }
  }

  #settle(job: ModelJob, outcome: string): void {
    job.stage = 'over';
    job.outcome = outcome;
    if (job.worker === undefined) return;
    const worker = this.workers[job.worker]!;
    worker.job = undefined;
    if (worker.state === 'listening') this.#idle.push(job.worker);
    if (this.#running.length === 0 && this.#waiting.length === 0 && this.#idle.length > 0) {
      this.#idleSince = this.#now;
    }
  }

  #lose(number: number, outcome: string): void {
    const worker = this.workers[number]!;
    worker.state = 'gone';
    this.#idle = this.#idle.filter((other) => other !== number);
    if (worker.job) this.#settle(worker.job, outcome);
  }

  ready(number: number): void {
    const worker = this.workers[number]!;
    if (worker.state !== 'starting') return;
    worker.state = 'listening';
    if (worker.job) worker.job.stage = 'reading';
  }

  die(number: number): void {
    if (this.workers[number]!.state === 'gone') return;
    this.#lose(number, 'rejected: decoder-missing');
    this.beginWaiting();
  }

  answer(number: number, how: 'image' | 'error' | 'unreadable'): void {
    const { job } = this.workers[number]!;
    if (job?.stage !== 'working') return;
    if (how === 'image') this.#settle(job, `fulfilled: ${job.number}`);
    else if (how === 'error') this.#settle(job, 'rejected: corrupt');
    else this.#lose(number, 'rejected: unreadable');
    this.beginWaiting();
  }

  read(number: number, fails: boolean): void {
    const job = this.jobs[number]!;
    if (job.stage !== 'reading') return;
    if (!fails) job.stage = 'working';
    else this.#settle(job, 'rejected: no file');
    this.beginWaiting();
  }

  abort(number: number): void {
    const job = this.jobs[number]!;
    if (job.stage === 'over') return;
    this.#waiting = this.#waiting.filter((other) => other !== job);
    if (job.worker === undefined) this.#settle(job, 'rejected: aborted');
    else this.#lose(job.worker, 'rejected: aborted');
    this.beginWaiting();
  }

  passSecond(): void {
    this.#now++;
    const inOrder = this.#running.sort((a, b) => a.begun - b.begun);
    for (const job of inOrder) {
      if (job.begun + job.timeoutSeconds > this.#now) continue;
      this.#lose(job.worker!, 'rejected: timeout');
      this.beginWaiting();
    }
    if (this.#idleSince === undefined || this.#idleSince + IDLE_SECONDS > this.#now) return;
    for (const number of [...this.#idle]) this.#lose(number, '');
    this.#idleSince = undefined;
  }

  end(): void {
    for (const job of this.#waiting.splice(0)) this.#settle(job, 'rejected: ended');
    for (const { worker } of this.#running) this.#lose(worker!, 'rejected: ended');
    for (const number of [...this.#idle]) this.#lose(number, '');
    this.#idleSince = undefined;
  }
}
