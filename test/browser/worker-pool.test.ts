import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Job } from '../../src/browser/hash-worker.js';
import type { Reply, Request } from '../../src/browser/message.js';
import { WorkerPool } from '../../src/browser/worker-pool.js';
import { asWorker, FakeWorker } from './fake-worker.js';
import { IDLE_SECONDS, PoolModel } from './pool-model.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets every promise that can go on do so. */
const settled = () => vi.advanceTimersByTimeAsync(0);

/** A pool of fake Workers, and all that were started. */
function poolOf(size: number) {
  const workers: FakeWorker[] = [];
  const pool = new WorkerPool(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return asWorker(worker);
  }, size);
  return { pool, workers };
}

const reply = (number: number) => ({ image: number }) as unknown as Reply;

const job = (number: number, more: Partial<Job<number>> = {}): Job<number> => ({
  timeoutSeconds: 60,
  request: async () => ({ bytes: Uint8Array.of(number), options: {} }),
  result: (answer) => (answer as unknown as { image: number }).image,
  ...more,
});

/** The number of the job that a Worker was given last. */
const given = (worker: FakeWorker) =>
  (worker.received.at(-1) as Extract<Request, { bytes: unknown }>).bytes[0];

test('a Worker that died while it was idle is not given the next picture', async () => {
  const { pool, workers } = poolOf(1);
  const first = pool.run(job(1));
  workers[0]!.say({ ready: true });
  await settled();
  workers[0]!.say(reply(1));
  expect(await first).toBe(1);
  workers[0]!.die();
  const second = pool.run(job(2));
  workers[1]!.say({ ready: true });
  await settled();
  expect(given(workers[1]!)).toBe(2);
  workers[1]!.say(reply(2));
  expect(await second).toBe(2);
});

test('where no Worker can be started, each job is told why, and a later one may have more luck', async () => {
  let refuses = true;
  const refused = new Error('refused');
  const worker = new FakeWorker();
  const pool = new WorkerPool(() => {
    if (refuses) throw refused;
    return asWorker(worker);
  }, 1);
  const outcomes = await Promise.allSettled([pool.run(job(1)), pool.run(job(2))]);
  expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
    refused,
    refused,
  ]);
  refuses = false;
  const third = pool.run(job(3));
  worker.say({ ready: true });
  await settled();
  worker.say(reply(3));
  expect(await third).toBe(3);
});

test('ten thousand jobs for which no Worker can be started all end', async () => {
  const pool = new WorkerPool(() => {
    throw new Error('refused');
  }, 1);
  const worker = new FakeWorker();
  const busy = new WorkerPool(() => {
    if (!worker.ended) return asWorker(worker);
    throw new Error('refused');
  }, 1);
  const jobs = Array.from({ length: 10_000 }, (_, i) => i);
  const outcomes = [
    ...jobs.map((i) => pool.run(job(i))),
    // The first one's Worker dies when all the others wait.
    ...jobs.map((i) => busy.run(job(i))),
  ].map((outcome) =>
    outcome.then(
      () => 'done',
      () => 'refused',
    ),
  );
  worker.ended = true;
  worker.onerror?.({ preventDefault() {} });
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['refused']));
});

test('more Workers begin at once with what waits', async () => {
  const { pool, workers } = poolOf(1);
  for (let i = 0; i < 8; i++) pool.run(job(i)).catch(() => {});
  expect(workers).toHaveLength(1);
  pool.size = 4;
  expect(workers).toHaveLength(4);
  pool.size = 2;
  pool.end(undefined);
  await settled();
  expect(workers).toHaveLength(4);
});

test('what the pool is ended for reaches all, and nothing begins after it', async () => {
  const { pool, workers } = poolOf(1);
  const jobs = [pool.run(job(1)), pool.run(job(2)), pool.run(job(3))];
  const outcomes = Promise.allSettled(jobs);
  workers[0]!.say({ ready: true });
  await settled();
  // The first one's place is free, and the second has not begun, when all is ended.
  workers[0]!.say(reply(1));
  pool.end('gone');
  expect(await outcomes).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: 'gone' },
    { status: 'rejected', reason: 'gone' },
  ]);
  await settled();
  expect(workers.filter(({ ended }) => !ended)).toEqual([]);
  expect(workers).toHaveLength(1);
});

/** What happens to a pool, one thing at a time. Numbers choose among the jobs or Workers there are. */
type Happening =
  | { what: 'job'; timeoutSeconds: number; aborted: boolean }
  | { what: 'size'; size: number }
  | { what: 'refuse'; refuses: boolean }
  | { what: 'ready' | 'die' | 'stray'; worker: number }
  | { what: 'answer'; worker: number; how: 'image' | 'error' | 'unreadable' }
  | { what: 'read'; job: number; fails: boolean }
  | { what: 'abort'; job: number }
  | { what: 'pass'; seconds: number }
  | { what: 'end' };

const which = fc.nat({ max: 11 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('job' as const),
      timeoutSeconds: fc.integer({ min: 1, max: 9 }),
      aborted: fc.nat({ max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('size' as const),
      size: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('refuse' as const), refuses: fc.boolean() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom('ready' as const, 'ready' as const, 'die' as const, 'stray' as const),
      worker: which,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('answer' as const),
      worker: which,
      how: fc.constantFrom('image' as const, 'image' as const, 'error', 'unreadable'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('read' as const),
      job: which,
      fails: fc.nat({ max: 4 }).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('abort' as const), job: which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('pass' as const),
      seconds: fc.constantFrom(1, 2, 5, 29, 31),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('end' as const) }) },
);

/** A job of the real pool, with what the test decides about it. */
interface RealJob {
  outcome: string | undefined;
  settlements: number;
  readonly end: AbortController;
  read: ((fails: boolean) => void) | undefined;
}

async function playedOut(size: number, happenings: readonly Happening[]): Promise<void> {
  const model = new PoolModel(size);
  const workers: FakeWorker[] = [];
  const jobs: RealJob[] = [];
  const pool = new WorkerPool(() => {
    if (model.refuses) throw new Error('refused');
    const worker = new FakeWorker();
    workers.push(worker);
    return asWorker(worker);
  }, size);

  const add = (timeoutSeconds: number, aborted: boolean) => {
    const number = jobs.length;
    const added: RealJob = {
      outcome: undefined,
      settlements: 0,
      end: new AbortController(),
      read: undefined,
    };
    jobs.push(added);
    if (aborted) added.end.abort(new Error('aborted'));
    const settle = (outcome: string) => {
      added.outcome = outcome;
      added.settlements++;
    };
    pool
      .run<number>({
        timeoutSeconds,
        signal: added.end.signal,
        request: () =>
          new Promise<Request>((resolve, reject) => {
            added.read = (fails) => {
              if (fails) reject(new Error('no file'));
              else resolve({ bytes: Uint8Array.of(number), options: {} });
            };
          }),
        result: (answer) => {
          if ('ready' in answer) throw new Error('unreadable');
          return (answer as unknown as { image: number }).image;
        },
      })
      .then(
        (image) => settle(`fulfilled: ${image}`),
        (error: Error & { code?: string }) => settle(`rejected: ${error.code ?? error.message}`),
      );
  };

  const happen = async (now: Happening) => {
    if (now.what === 'job') {
      add(now.timeoutSeconds, now.aborted);
      model.add(now.timeoutSeconds, now.aborted);
    } else if (now.what === 'size') {
      pool.size = now.size;
      model.size = now.size;
      model.beginWaiting();
    } else if (now.what === 'refuse') {
      model.refuses = now.refuses;
    } else if (now.what === 'pass') {
      for (let second = 0; second < now.seconds; second++) {
        await vi.advanceTimersByTimeAsync(1000);
        model.passSecond();
      }
    } else if (now.what === 'end') {
      pool.end(new Error('ended'));
      model.end();
    } else if (now.what === 'read' || now.what === 'abort') {
      if (jobs.length === 0) return;
      const number = now.job % jobs.length;
      if (now.what === 'read') {
        jobs[number]!.read?.(now.fails);
        model.read(number, now.fails);
      } else {
        jobs[number]!.end.abort(new Error('aborted'));
        model.abort(number);
      }
    } else {
      if (workers.length === 0) return;
      const number = now.worker % workers.length;
      const worker = workers[number]!;
      if (now.what === 'ready') {
        if (model.workers[number]!.state === 'starting') worker.say({ ready: true });
        model.ready(number);
      } else if (now.what === 'die') {
        worker.die();
        model.die(number);
      } else if (now.what === 'stray') {
        // Said by a Worker that was not asked: no job may take it for its own.
        const { state, job: current } = model.workers[number]!;
        if (state === 'listening' && current?.stage !== 'working') {
          worker.say(reply(99));
          worker.say({ ready: true });
        }
      } else if (now.what === 'answer' && model.workers[number]!.job?.stage === 'working') {
        if (now.how === 'image') worker.say(reply(given(worker)!));
        else if (now.how === 'unreadable') worker.say({ ready: true });
        else {
          worker.say({ error: { name: 'DecodeError', message: 'corrupt', code: 'corrupt' } });
        }
        model.answer(number, now.how);
      }
    }
    await settled();
  };

  const compare = () => {
    expect(jobs.map(({ outcome }) => outcome)).toEqual(model.jobs.map(({ outcome }) => outcome));
    expect(jobs.every(({ settlements }) => settlements <= 1)).toBe(true);
    expect(workers.every(({ misused }) => !misused)).toBe(true);
    expect(workers.map(({ ended, dead }) => ended || dead)).toEqual(
      model.workers.map(({ state }) => state === 'gone'),
    );
    for (const { number, worker, stage } of model.jobs) {
      if (stage === 'working') expect(given(workers[worker!]!)).toBe(number);
    }
  };

  for (const now of happenings) {
    await happen(now);
    compare();
  }
  // In the end all jobs end, by their time, and every Worker after it.
  model.refuses = false;
  for (let second = 0; second < 600 && model.jobs.some(({ stage }) => stage !== 'over'); second++) {
    await happen({ what: 'pass', seconds: 1 });
  }
  await happen({ what: 'pass', seconds: IDLE_SECONDS + 1 });
  compare();
  expect(jobs.map(({ settlements }) => settlements)).toEqual(jobs.map(() => 1));
  expect(workers.every(({ ended, dead }) => ended || dead)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
}

test('whatever happens, and whenever: every job ends once and as it must, and no Worker is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(happening, { maxLength: 100, size: 'max' }),
      playedOut,
    ),
    { seed: 91, numRuns: 300 },
  );
}, 60_000);
