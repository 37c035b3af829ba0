/** A thread with nothing to do is kept so long. */
export const IDLE_SECONDS = 30;

/** A job as the model sees it. */
interface ModelJob {
  readonly number: number;
  readonly due: number;
  readonly sequence: number;
  thread: number | undefined;
  stage: 'waiting' | 'starting' | 'reading' | 'working' | 'over';
  outcome: unknown;
}

/** A thread as the model sees it. */
interface ModelThread {
  state: 'starting' | 'listening' | 'gone';
  job: ModelJob | undefined;
  idle: { readonly due: number; readonly sequence: number } | undefined;
}

/** The pool as plain lists: what must come of every job, and which threads must live. */
export class PoolModel {
  readonly jobs: ModelJob[] = [];
  readonly threads: ModelThread[] = [];
  #waiting: ModelJob[] = [];
  /** those with nothing to do; the last one is taken first */
  #idle: number[] = [];
  #now = 0;
  #sequence = 0;
  refuses = false;
  size: number;

  constructor(size: number) {
    this.size = size;
  }

  get #running(): number {
    return this.jobs.filter(({ stage, thread }) => stage !== 'over' && thread !== undefined).length;
  }

  add(timeoutSeconds: number, aborted: boolean): void {
    const added: ModelJob = {
      number: this.jobs.length,
      due: this.#now + timeoutSeconds,
      sequence: this.#sequence++,
      thread: undefined,
      stage: aborted ? 'over' : 'waiting',
      outcome: aborted ? 'rejected: aborted' : undefined,
    };
    this.jobs.push(added);
    if (!aborted) this.#waiting.push(added);
    this.beginWaiting();
  }

  beginWaiting(): void {
    while (this.#running < this.size && this.#waiting.length > 0) {
      const next = this.#waiting.shift()!;
      let number = this.#idle.pop();
      if (number === undefined) {
        if (this.refuses) {
          this.#settle(next, 'rejected: refused');
          continue;
        }
        number = this.threads.push({ state: 'starting', job: undefined, idle: undefined }) - 1;
      }
      const thread = this.threads[number]!;
      next.thread = number;
      next.stage = thread.state === 'starting' ? 'starting' : 'reading';
      thread.job = next;
      thread.idle = undefined;
    }
  }

  #settle(job: ModelJob, outcome: string): void {
    job.stage = 'over';
    job.outcome = outcome;
    if (job.thread === undefined) return;
    const thread = this.threads[job.thread]!;
    thread.job = undefined;
    if (thread.state !== 'listening') return;
    thread.idle = { due: this.#now + IDLE_SECONDS, sequence: this.#sequence++ };
    this.#idle.push(job.thread);
  }

  #lose(number: number, outcome: string): void {
    const thread = this.threads[number]!;
    thread.state = 'gone';
    thread.idle = undefined;
    this.#idle = this.#idle.filter((other) => other !== number);
    if (thread.job) this.#settle(thread.job, outcome);
  }

  /** Takes a job from wherever it is. */
  #giveUp(job: ModelJob, outcome: string): void {
    this.#waiting = this.#waiting.filter((other) => other !== job);
    if (job.thread === undefined) this.#settle(job, outcome);
    else this.#lose(job.thread, outcome);
    this.beginWaiting();
  }

  ready(number: number): void {
    const thread = this.threads[number]!;
    if (thread.state !== 'starting') return;
    thread.state = 'listening';
    if (thread.job) thread.job.stage = 'reading';
  }

  die(number: number): void {
    if (this.threads[number]!.state === 'gone') return;
    this.#lose(
      number,
      this.threads[number]!.state === 'starting' ? 'rejected: early' : 'rejected: late',
    );
    this.beginWaiting();
  }

  answer(number: number, how: 'image' | 'error' | 'unreadable'): void {
    const { job } = this.threads[number]!;
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
    if (job.stage !== 'over') this.#giveUp(job, 'rejected: aborted');
  }

  /** Whatever is due, in the order in which its time began. */
  passSecond(): void {
    this.#now++;
    const jobs = this.jobs.map((job) => ({
      ...job,
      happen: () => {
        if (job.stage !== 'over') this.#giveUp(job, 'rejected: timeout');
      },
    }));
    const idle = this.threads.flatMap(({ idle }, number) =>
      idle
        ? {
            ...idle,
            happen: () => {
              if (this.threads[number]!.idle === idle) this.#lose(number, '');
            },
          }
        : [],
    );
    const due = [...jobs, ...idle].filter(({ due }) => due === this.#now);
    for (const { happen } of due.sort((a, b) => a.sequence - b.sequence)) happen();
  }

  end(): void {
    for (const job of this.#waiting.splice(0)) this.#settle(job, 'rejected: ended');
    for (const [number, { state }] of this.threads.entries()) {
      if (state !== 'gone') this.#lose(number, 'rejected: ended');
    }
  }
}
