import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { Pool, type PooledThread } from '../../src/picture/pool.js';
import { within } from '../../src/picture/waiting.js';
import { runs } from '../seed.js';
import { FakeThread } from './fake-thread.js';
import { IDLE_SECONDS, PoolModel } from './pool-model.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets every promise that can go on do so. */
const settled = () => vi.advanceTimersByTimeAsync(0);

const death = (listened: boolean) => new Error(listened ? 'late' : 'early');

/** A pool of fake threads, and all that were started. */
function poolOf(size: number) {
  const threads: FakeThread[] = [];
  const pool = new Pool({
    start: (events) => {
      const thread = new FakeThread(events);
      threads.push(thread);
      return thread;
    },
    death,
    size,
  });
  return { pool, threads };
}

/** Work that asks for one thing. */
const asking = (question: unknown) => (thread: PooledThread) => thread.ask(question);

/** A thread that has been asked, and what comes of it. */
async function asked(work: (thread: PooledThread) => Promise<unknown>) {
  const { pool, threads } = poolOf(1);
  const outcome = pool.use(work).then(
    (answer) => answer,
    (error: Error) => error.message,
  );
  threads[0]!.say('ready');
  await settled();
  return { pool, thread: threads[0]!, threads, outcome };
}

test('data moved to a thread is not copied', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const { thread, outcome } = await asked((worker) => worker.ask({ bytes }, [bytes.buffer]));
  expect(thread.received).toEqual([{ bytes: Uint8Array.of(1, 2, 3) }]);
  expect(bytes.length).toBe(0);
  thread.say('done');
  expect(await outcome).toBe('done');
});

test('work begins only when its thread listens, and may ask repeatedly', async () => {
  const { pool, threads } = poolOf(1);
  let begun = false;
  const outcome = pool.use(async (thread) => {
    begun = true;
    return [await thread.ask(1), await thread.ask(2)];
  });
  await settled();
  expect(begun).toBe(false);
  threads[0]!.say('ready');
  await settled();
  threads[0]!.say('one');
  await settled();
  threads[0]!.say('two');
  expect(await outcome).toEqual(['one', 'two']);
  expect(threads[0]!.received).toEqual([1, 2]);
});

test('a spent thread is ended after its work, and another begins', async () => {
  const { pool, threads } = poolOf(1);
  const first = pool.use(async (thread) => {
    thread.isSpent = true;
    return await thread.ask(1);
  });
  threads[0]!.say('ready');
  await settled();
  threads[0]!.say('one');
  expect(await first).toBe('one');
  expect(threads[0]!.ended).toBe(true);
  const second = pool.use(asking(2));
  threads[1]!.say('ready');
  await settled();
  threads[1]!.say('two');
  expect(await second).toBe('two');
  expect(threads[1]!.ended).toBe(false);
});

test('work that ends while an answer is owed ends its thread', async () => {
  const { thread, outcome, pool, threads } = await asked(async (worker) => {
    worker.ask(1).catch(() => {});
    throw new Error('of the caller');
  });
  expect(await outcome).toBe('of the caller');
  expect(thread.ended).toBe(true);
  const next = pool.use(asking(2)).catch(() => {});
  expect(threads).toHaveLength(2);
  pool.end(undefined);
  await next;
});

test('work that fails between two answers leaves its thread to the next', async () => {
  const { thread, outcome, pool, threads } = await asked(async () => {
    throw new Error('no file');
  });
  expect(await outcome).toBe('no file');
  expect(thread.ended).toBe(false);
  const next = pool.use(asking(2));
  await settled();
  thread.say('two');
  expect(await next).toBe('two');
  expect(threads).toHaveLength(1);
});

test('a message that cannot be sent rejects, and the thread keeps running', async () => {
  const { thread, outcome, pool } = await asked(asking(() => {}));
  expect(await outcome).toMatch(/could not be cloned/);
  expect(thread.ended).toBe(false);
  const next = pool.use(asking(2));
  await settled();
  thread.say('two');
  expect(await next).toBe('two');
});

test('callers of a thread that was ended get the reason', async () => {
  let kept: PooledThread | undefined;
  const { pool, outcome } = await asked(async (thread) => {
    kept = thread;
    await new Promise(() => {});
  });
  pool.end(new Error('gone'));
  expect(await outcome).toBe('gone');
  await expect(kept!.ask(1)).rejects.toThrow('gone');
});

test('a signal that aborts when the work is done ends nothing', async () => {
  const { pool, threads } = poolOf(1);
  const controller = new AbortController();
  const first = pool.use(asking(1), controller.signal);
  threads[0]!.say('ready');
  await settled();
  threads[0]!.say('one');
  expect(await first).toBe('one');
  controller.abort('late');
  expect(threads[0]!.ended).toBe(false);
});

test('only a thread at work keeps the process alive', async () => {
  const { thread, outcome } = await asked(asking(1));
  expect(thread.holds).toBe(true);
  thread.say('one');
  await outcome;
  expect(thread.holds).toBe(false);
});

test('a thread that died while idle is not given the next work', async () => {
  const { thread, threads, outcome, pool } = await asked(asking(1));
  thread.say('one');
  expect(await outcome).toBe('one');
  await settled();
  thread.die();
  const second = pool.use(asking(2));
  threads[1]!.say('ready');
  await settled();
  expect(threads[1]!.received).toEqual([2]);
  threads[1]!.say('two');
  expect(await second).toBe('two');
});

test('where no thread can be started, each job gets the reason, and a later one may succeed', async () => {
  let refuses = true;
  let thread: FakeThread | undefined;
  const pool = new Pool({
    start: (events) => {
      if (refuses) throw new Error('refused');
      thread = new FakeThread(events);
      return thread;
    },
    death,
    size: 1,
  });
  const outcomes = await Promise.allSettled([pool.use(asking(1)), pool.use(asking(2))]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  refuses = false;
  const third = pool.use(asking(3));
  await settled();
  thread!.say('ready');
  await settled();
  thread!.say('three');
  expect(await third).toBe('three');
});

test('ten thousand pieces of work for which no thread can be started all end', async () => {
  const never = new Pool({
    start: () => {
      throw new Error('refused');
    },
    death,
    size: 1,
  });
  let thread: FakeThread | undefined;
  const once = new Pool({
    start: (events) => {
      if (thread) throw new Error('refused');
      thread = new FakeThread(events);
      return thread;
    },
    death,
    size: 1,
  });
  const many = Array.from({ length: 10_000 }, (_, i) => i);
  const outcomes = [
    ...many.map((i) => never.use(asking(i))),
    // The first one's thread dies when all the others wait.
    ...many.map((i) => once.use(asking(i))),
  ].map((outcome) =>
    outcome.then(
      () => 'done',
      () => 'refused',
    ),
  );
  await settled();
  thread!.die();
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['refused']));
});

test('added threads begin waiting work at once', async () => {
  const { pool, threads } = poolOf(1);
  for (let i = 0; i < 8; i++) pool.use(asking(i)).catch(() => {});
  expect(threads).toHaveLength(1);
  pool.size = 4;
  expect(threads).toHaveLength(4);
  pool.size = 2;
  pool.end(undefined);
  await settled();
  expect(threads).toHaveLength(4);
});

test('the reason for which the pool ends reaches all jobs, and nothing begins after it', async () => {
  const { pool, threads } = poolOf(1);
  const outcomes = Promise.allSettled([1, 2, 3].map((i) => pool.use(asking(i))));
  threads[0]!.say('ready');
  await settled();
  // The first one has its answer, and its place is not yet free, when all is ended.
  threads[0]!.say('one');
  pool.end('gone');
  expect(await outcomes).toEqual(Array(3).fill({ status: 'rejected', reason: 'gone' }));
  await settled();
  expect(threads).toHaveLength(1);
  expect(threads[0]!.ended).toBe(true);
});

/** What happens to a pool, one thing at a time. Numbers choose among the jobs or threads there are. */
type Happening =
  | { what: 'job'; timeoutSeconds: number; aborted: boolean }
  | { what: 'size'; size: number }
  | { what: 'refuse'; refuses: boolean }
  | { what: 'ready' | 'die' | 'stray'; thread: number }
  | { what: 'answer'; thread: number; how: 'image' | 'error' | 'unreadable' }
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
      thread: which,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('answer' as const),
      thread: which,
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
  const threads: FakeThread[] = [];
  const jobs: RealJob[] = [];
  const pool = new Pool({
    start: (events) => {
      if (model.refuses) throw new Error('refused');
      const thread = new FakeThread(events);
      threads.push(thread);
      return thread;
    },
    death,
    size,
  });

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
    const work = async (thread: PooledThread) => {
      await new Promise<void>((resolve, reject) => {
        added.read = (fails) => (fails ? reject(new Error('no file')) : resolve());
      });
      const answer = await thread.ask(number);
      if (typeof answer === 'number') return answer;
      const error = new Error(String(answer));
      if (answer === 'unreadable') thread.end(error);
      throw error;
    };
    within(timeoutSeconds, added.end.signal, (signal) => pool.use(work, signal)).then(
      (image) => settle(`fulfilled: ${image}`),
      (error: Error) =>
        settle(`rejected: ${error instanceof DecodeError ? error.code : error.message}`),
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
      if (threads.length === 0) return;
      const number = now.thread % threads.length;
      const thread = threads[number]!;
      if (now.what === 'ready') {
        if (model.threads[number]!.state === 'starting') thread.say('ready');
        model.ready(number);
      } else if (now.what === 'die') {
        thread.die();
        model.die(number);
      } else if (now.what === 'stray') {
        // Said by a thread that was not asked: no job may take it for its own.
        const { state, job: current } = model.threads[number]!;
        if (state === 'listening' && current?.stage !== 'working') {
          thread.say(99);
          thread.say('ready');
        }
      } else if (now.what === 'answer' && model.threads[number]!.job?.stage === 'working') {
        if (now.how === 'image') thread.say(thread.received.at(-1));
        else thread.say(now.how === 'error' ? 'corrupt' : 'unreadable');
        model.answer(number, now.how);
      }
    }
    await settled();
  };

  const compare = () => {
    expect(jobs.map(({ outcome }) => outcome)).toEqual(model.jobs.map(({ outcome }) => outcome));
    expect(jobs.every(({ settlements }) => settlements <= 1)).toBe(true);
    expect(threads.every(({ misused }) => !misused)).toBe(true);
    expect(threads.map(({ ended, dead }) => ended || dead)).toEqual(
      model.threads.map(({ state }) => state === 'gone'),
    );
    for (const [number, { state, job }] of model.threads.entries()) {
      if (state !== 'gone') expect(threads[number]!.holds).toBe(job !== undefined);
      if (job?.stage === 'working') expect(threads[number]!.received.at(-1)).toBe(job.number);
    }
  };

  for (const now of happenings) {
    await happen(now);
    compare();
  }
  // In the end all jobs end, by their time, and every thread after it.
  model.refuses = false;
  for (let second = 0; second < 600 && model.jobs.some(({ stage }) => stage !== 'over'); second++) {
    await happen({ what: 'pass', seconds: 1 });
  }
  await happen({ what: 'pass', seconds: IDLE_SECONDS + 1 });
  compare();
  expect(jobs.map(({ settlements }) => settlements)).toEqual(jobs.map(() => 1));
  expect(threads.every(({ ended, dead }) => ended || dead)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
}

test('whatever happens, and whenever: every job ends once and correctly, and no thread is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(happening, { maxLength: 100, size: 'max' }),
      playedOut,
    ),
    { numRuns: runs(300) },
  );
});
