import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { random } from '../../bench/workloads.js';
import type {
  FeedbackItem,
  FeedbackSender,
  NewFeedback,
  Sent,
  Settled,
} from '../../src/exchange/feedback-item.js';
import {
  type FeedbackQueue,
  type FeedbackQueueOptions,
  openFeedbackQueue,
} from '../../src/node/feedback-queue.js';
import { fileHandles } from '../disk/file-handles.js';
import { testFolder } from '../folder.js';
import { fileService, postTo } from './feedback-service.js';
import { workerScripts } from './hash-process.js';

const base = testFolder();
const open: FeedbackQueue[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((queue) => queue.close()));
});

let folders = 0;
const freshFolder = () => join(base, `${folders++}`);

/** A clock that is put forward by hand. */
const clock = { time: 1_000_000, now: () => clock.time };
const seconds = (count: number) => {
  clock.time += 1000 * count;
};

async function queueIn(
  folder: string,
  senders: Record<string, FeedbackSender>,
  options: Partial<FeedbackQueueOptions> = {},
): Promise<FeedbackQueue> {
  const queue = await openFeedbackQueue(folder, { senders, now: clock.now, ...options });
  open.push(queue);
  return queue;
}

const feedback = (id: string, more: Partial<NewFeedback> = {}): NewFeedback => ({
  id,
  to: 'service',
  entry: `entry of ${id}`,
  body: { feedbackValue: 'Blocked', tags: [] },
  ...more,
});

/** A sender that answers as it is told, in turn, and then `done`. */
function scripted(answers: (Sent | Error | 'garbage')[], settled: (Settled | Error)[] = []) {
  const sent: string[] = [];
  const asked: string[] = [];
  const answer = async (next: unknown) => {
    if (next instanceof Error) throw next;
    return next as never;
  };
  const sender: FeedbackSender = {
    send: ({ id }) => {
      sent.push(id);
      return answer(answers.shift() ?? 'done');
    },
    settle: ({ id }) => {
      asked.push(id);
      return answer(settled.shift() ?? 'done');
    },
  };
  return { sent, asked, sender };
}

test('feedback is sent in the order of its entry, and forgotten', async () => {
  const { sent, sender } = scripted([]);
  const queue = await queueIn(freshFolder(), { service: sender });
  for (const id of ['a', 'b', 'c']) {
    expect(await queue.add(feedback(id, { entry: 'one' }))).toBe(true);
  }
  expect((await queue.items()).map(({ id, state }) => [id, state])).toEqual([
    ['a', 'waiting'],
    ['b', 'waiting'],
    ['c', 'waiting'],
  ]);
  expect(await queue.send()).toEqual({ done: 3, open: 0, stuck: 0 });
  expect(sent).toEqual(['a', 'b', 'c']);
  expect(await queue.items()).toEqual([]);
  expect(await queue.send()).toEqual({ done: 0, open: 0, stuck: 0 });
});

test('an id is taken once, also when it is done, and after a restart', async () => {
  const folder = freshFolder();
  const { sent, sender } = scripted([]);
  const queue = await queueIn(folder, { service: sender });
  const added = await Promise.all([1, 2, 3].map(() => queue.add(feedback('a'))));
  expect(added).toEqual([true, false, false]);
  await queue.send();
  expect(await queue.add(feedback('a'))).toBe(false);
  await queue.close();
  const again = await queueIn(folder, { service: sender });
  expect(await again.add(feedback('a'))).toBe(false);
  await again.send();
  expect(sent).toEqual(['a']);
});

test('what waits is there after a restart, as it was', async () => {
  const folder = freshFolder();
  const queue = await queueIn(folder, { service: scripted(['retry', 'unknown']).sender });
  for (const id of ['a', 'b']) await queue.add(feedback(id));
  await queue.send();
  const items = await queue.items();
  expect(items).toMatchObject([
    { id: 'a', state: 'waiting', attempts: 1, due: clock.time + 5000 },
    { id: 'b', state: 'unknown', attempts: 1, due: clock.time + 5000 },
  ]);
  await queue.close();
  const again = await queueIn(folder, { service: scripted([]).sender });
  expect(await again.items()).toEqual(items);
  await again.close();
  await expect(queueIn(folder, { other: scripted([]).sender })).rejects.toThrow(RangeError);
  expect(statSync(join(folder, 'feedback.jsonl')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['feedback.jsonl']);
});

test('pauses grow, up to a limit, and then it is stuck', async () => {
  const { sent, sender } = scripted(Array.from({ length: 9 }, () => 'retry' as const));
  const options = { backoffSeconds: 2, maxBackoffSeconds: 7, maxAttempts: 5 };
  const queue = await queueIn(freshFolder(), { service: sender }, options);
  await queue.add(feedback('a'));
  const pauses: number[] = [];
  for (;;) {
    const { nextDue } = await queue.send();
    if (nextDue === undefined) break;
    pauses.push((nextDue - clock.time) / 1000);
    await queue.send();
    clock.time = nextDue;
  }
  expect(pauses).toEqual([2, 4, 7, 7]);
  expect(sent).toHaveLength(5);
  expect(await queue.stuck()).toMatchObject([{ id: 'a', attempts: 5 }]);
});

describe('an answer that did not come', () => {
  test.each([['unknown' as const], [new Error('cut')], ['garbage' as const]])(
    '(%s) is settled by reading back',
    async (answer) => {
      const { sent, asked, sender } = scripted([answer], ['unknown', 'done']);
      const queue = await queueIn(freshFolder(), { service: sender });
      await queue.add(feedback('a'));
      await queue.send();
      expect(await queue.items()).toMatchObject([{ state: 'unknown' }]);
      seconds(5);
      await queue.send();
      seconds(10);
      expect(await queue.send()).toMatchObject({ done: 1, open: 0 });
      expect([sent, asked]).toEqual([['a'], ['a', 'a']]);
    },
  );

  test('is sent again if the service does not have it', async () => {
    const { sent, asked, sender } = scripted(['unknown'], ['absent']);
    const queue = await queueIn(freshFolder(), { service: sender });
    await queue.add(feedback('a'));
    await queue.send();
    seconds(5);
    expect(await queue.send()).toMatchObject({ done: 1 });
    expect([sent, asked]).toEqual([['a', 'a'], ['a']]);
  });

  test('is sent again at once if that is as good', async () => {
    const { sent, asked, sender } = scripted([new Error('cut')]);
    const queue = await queueIn(freshFolder(), { service: { ...sender, idempotent: true } });
    await queue.add(feedback('a'));
    await queue.send();
    seconds(5);
    await queue.send();
    expect([sent, asked]).toEqual([['a', 'a'], []]);
  });

  test('is not waited for longer than the time-out', async () => {
    let aborted = false;
    const stalls: FeedbackSender = {
      send: (_, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise(() => {});
      },
      settle: async () => 'done',
    };
    const { sent, sender } = scripted([]);
    const senders = { stalls, service: sender };
    const queue = await queueIn(freshFolder(), senders, { timeoutSeconds: 0.02 });
    await queue.add(feedback('a', { to: 'stalls' }));
    await queue.add(feedback('b'));
    expect(await queue.send()).toMatchObject({ done: 1, open: 1 });
    expect([aborted, sent]).toEqual([true, ['b']]);
  });
});

describe('what cannot be sent', () => {
  test('holds up nothing else', async () => {
    const { sent, sender } = scripted(['refused', 'retry']);
    const queue = await queueIn(freshFolder(), { service: sender });
    await queue.add(feedback('poisoned', { entry: 'one' }));
    await queue.add(feedback('later', { entry: 'two' }));
    await queue.add(feedback('after it', { entry: 'one' }));
    await queue.add(feedback('after later', { entry: 'two' }));
    await queue.add(feedback('other', { entry: 'three' }));
    expect(await queue.send()).toMatchObject({ done: 2, open: 2, stuck: 1 });
    // In its order for the entry: what follows a retry waits for it.
    expect(sent).toEqual(['poisoned', 'later', 'other', 'after it']);
    expect((await queue.stuck()).map(({ id }) => id)).toEqual(['poisoned']);
    seconds(5);
    await queue.send();
    expect(sent.slice(4)).toEqual(['later', 'after later']);
  });

  test('is tried again or dropped by hand', async () => {
    const { sent, sender } = scripted(['refused', 'refused'], ['absent']);
    const queue = await queueIn(freshFolder(), { service: sender });
    await queue.add(feedback('a'));
    await queue.add(feedback('b'));
    await queue.send();
    expect(await queue.retry('a')).toBe(true);
    expect(await queue.retry('a')).toBe(false);
    expect(await queue.drop('a')).toBe(false);
    expect(await queue.drop('b')).toBe(true);
    expect(await queue.send()).toEqual({ done: 1, open: 0, stuck: 0 });
    expect(sent).toEqual(['a', 'b', 'a']);
  });

  test('is not tried again if later feedback on its entry has come', async () => {
    const { sender } = scripted(['refused']);
    const queue = await queueIn(freshFolder(), { service: sender });
    await queue.add(feedback('old', { entry: 'one' }));
    await queue.send();
    await queue.add(feedback('new', { entry: 'one' }));
    expect(await queue.retry('old')).toBe(false);
  });
});

test('dropped and tried again at the same time: the first counts, and the file is read', async () => {
  for (const order of [
    ['drop', 'retry'],
    ['retry', 'drop'],
  ] as const) {
    const folder = freshFolder();
    const { sender } = scripted(['refused']);
    const queue = await queueIn(folder, { service: sender });
    await queue.add(feedback('a'));
    await queue.send();
    expect(await Promise.all(order.map((what) => queue[what]('a')))).toEqual([true, false]);
    const items = await queue.items();
    expect(items).toHaveLength(order[0] === 'drop' ? 0 : 1);
    await queue.close();
    expect(await (await queueIn(folder, { service: sender })).items()).toEqual(items);
  }
});

test('a long outage leaves a queue that can be sent', { timeout: 120_000 }, async () => {
  const folder = freshFolder();
  mkdirSync(folder);
  const lines = Array.from({ length: 130_000 }, (_, at) =>
    JSON.stringify({ put: feedback(`${at}`), due: clock.time + at + 1 }),
  );
  appendFileSync(join(folder, 'feedback.jsonl'), `${lines.join('\n')}\n`);
  const queue = await queueIn(folder, { service: scripted([]).sender });
  expect(await queue.send()).toEqual({
    done: 0,
    open: 130_000,
    stuck: 0,
    nextDue: clock.time + 1,
  });
});

test('what was sent leaves the file within a day, and when the queue is opened', async () => {
  const folder = freshFolder();
  const text = () => readFileSync(join(folder, 'feedback.jsonl'), 'utf8');
  const queue = await queueIn(folder, { service: scripted([]).sender });
  await queue.add(feedback('a', { body: { hashValue: 'of a' } }));
  await queue.send();
  seconds(86_400);
  await queue.send();
  expect(text()).not.toContain('of a');
  await queue.add(feedback('b', { body: { hashValue: 'of b' } }));
  await queue.send();
  await queue.close();
  expect(text()).toContain('of b');
  const again = await queueIn(folder, { service: scripted([]).sender });
  expect(text()).not.toContain('of b');
  expect(await again.add(feedback('b'))).toBe(false);
});

test('a caller who breaks off loses nothing, and no try is counted', async () => {
  const controller = new AbortController();
  const sent: string[] = [];
  const sender: FeedbackSender = {
    send: ({ id }) => {
      sent.push(id);
      controller.abort();
      return new Promise(() => {});
    },
    settle: async () => 'done',
  };
  const queue = await queueIn(freshFolder(), { service: sender });
  await queue.add(feedback('a'));
  await queue.add(feedback('b'));
  await queue.send({ signal: controller.signal });
  expect(sent).toEqual(['a']);
  expect(await queue.items()).toMatchObject([
    { id: 'a', state: 'unknown', attempts: 0 },
    { id: 'b', state: 'waiting', attempts: 0 },
  ]);
});

test('a closed queue is refused, and closing ends what is being sent', async () => {
  const sender: FeedbackSender = {
    send: () => new Promise(() => {}),
    settle: async () => 'done',
  };
  const queue = await queueIn(freshFolder(), { service: sender });
  await queue.add(feedback('a'));
  const sending = queue.send();
  await Promise.all([queue.close(), queue.close()]);
  expect(await sending).toMatchObject({ done: 0, open: 1 });
  await expect(queue.add(feedback('b'))).rejects.toThrow(TypeError);
  expect(() => queue.send()).toThrow(TypeError);
});

test('the file is written anew when most of it is spent', async () => {
  const folder = freshFolder();
  const linesIn = () => readFileSync(join(folder, 'feedback.jsonl'), 'utf8').split('\n').length - 1;
  const { sender } = scripted(['retry']);
  const queue = await queueIn(folder, { service: { ...sender, idempotent: true } });
  const addAll = (name: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, at) => queue.add(feedback(`${name}${at}`))));
  await addAll('a', 998);
  await queue.send();
  // One waits, with a line of its own and one of its state.
  expect(linesIn()).toBe(2 * 998);
  await addAll('b', 10);
  await queue.send();
  expect(linesIn()).toBe(997 + 10 + 2);
  expect(await queue.add(feedback('a5'))).toBe(false);
  const items = await queue.items();
  expect(items).toMatchObject([{ id: 'a0', state: 'waiting', attempts: 1 }]);
  // A week later, nothing of it is remembered.
  seconds(8 * 86_400);
  await queue.send();
  expect(linesIn()).toBe(1);
  expect(await queue.add(feedback('a5'))).toBe(true);
  await queue.close();
  const again = await queueIn(folder, { service: sender });
  expect(await again.items()).toMatchObject([{ id: 'a5' }]);
});

test('a file that no queue wrote is refused', async () => {
  for (const line of ['no json', '{"due":1}', '{"id":"a","state":"stuck","attempts":0,"due":1}']) {
    const folder = freshFolder();
    mkdirSync(folder);
    appendFileSync(join(folder, 'feedback.jsonl'), `${line}\n`);
    await expect(queueIn(folder, { service: scripted([]).sender })).rejects.toMatchObject({
      code: 'bad-line',
      line: 1,
    });
    expect(readdirSync(folder)).toEqual(['feedback.jsonl']);
  }
});

/** Whether a service takes a request, and whether its answer arrives. */
const anyTurn = fc.constantFrom('done', 'lost before', 'lost after', 'retry', 'throws after');
type Turn = 'done' | 'lost before' | 'lost after' | 'retry' | 'throws after';

test('whatever is lost, each feedback arrives: once if it can be read back, and in its order', async () => {
  const plan = fc.record({
    entries: fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }),
    turns: fc.array(anyTurn, { maxLength: 12 }),
    isIdempotent: fc.boolean(),
    restarts: fc.array(fc.boolean(), { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ entries, turns, isIdempotent, restarts }) => {
      const folder = freshFolder();
      const received: FeedbackItem[] = [];
      const left = [...turns] as Turn[];
      const sender: FeedbackSender = {
        idempotent: isIdempotent,
        async send(item) {
          const turn = left.shift() ?? 'done';
          if (turn !== 'lost before' && turn !== 'retry') received.push(item);
          if (turn === 'throws after') throw new Error('cut');
          return turn === 'done' || turn === 'retry' ? turn : 'unknown';
        },
        settle: async ({ id }) => (received.some((one) => one.id === id) ? 'done' : 'absent'),
      };
      let queue = await queueIn(folder, { service: sender }, { maxAttempts: 20 });
      for (const [at, entry] of entries.entries()) {
        await queue.add(feedback(`${at}`, { entry: `${entry}` }));
      }
      for (;;) {
        const { nextDue } = await queue.send();
        if (nextDue === undefined) break;
        clock.time = Math.max(clock.time, nextDue);
        if (restarts.shift()) {
          await queue.close();
          queue = await queueIn(folder, { service: sender }, { maxAttempts: 20 });
        }
      }
      await queue.close();
      const ids = received.map(({ id }) => id);
      if (!isIdempotent) expect(new Set(ids).size).toBe(ids.length);
      for (const entry of [0, 1, 2]) {
        const those = received.filter((item) => item.entry === `${entry}`).map(({ id }) => id);
        const expected = entries.flatMap((one, at) => (one === entry ? [`${at}`] : []));
        expect(those.filter((id, at) => those.indexOf(id) === at)).toEqual(expected);
        expect(those.at(-1)).toBe(expected.at(-1));
      }
    }),
    { numRuns: 60 },
  );
});

/** What writes, flushes and changes files. */
const STEPS = ['write', 'datasync'] as const;

test('whichever step of the disk fails, nothing that was taken is lost or sent twice', async () => {
  const handles = await fileHandles();
  const real = Object.fromEntries(STEPS.map((step) => [step, handles[step]]));
  for (let failing = 0; ; failing++) {
    const folder = freshFolder();
    mkdirSync(folder);
    const service = fileService(join(folder, 'post.txt'));
    const queue = await queueIn(join(folder, 'q'), { service: postTo(service) });
    let steps = 0;
    for (const step of STEPS) {
      vi.spyOn(handles, step).mockImplementation(function (this: FileHandle, ...args: never[]) {
        if (steps++ === failing) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        return Reflect.apply(real[step] as never, this, args) as never;
      });
    }
    const taken: string[] = [];
    let failures = 0;
    for (const id of ['a', 'b']) {
      await queue.add(feedback(id, { entry: 'one' })).then(
        () => taken.push(id),
        () => failures++,
      );
      await queue.send().catch(() => failures++);
    }
    vi.restoreAllMocks();
    await queue.close();
    const again = await queueIn(join(folder, 'q'), { service: postTo(service) });
    await again.send();
    expect(service.received(), `step ${failing}`).toEqual(taken);
    expect(await again.items()).toEqual([]);
    if (steps <= failing) {
      expect(failing).toBeGreaterThan(8);
      expect(failures).toBe(0);
      return;
    }
    expect(failures, `step ${failing}`).toBe(1);
  }
});

describe('kill -9', () => {
  /** Kills of the sending process; the release runs 500. */
  const KILLS = Number(process.env.FEEDBACK_KILLS ?? 6);
  let scripts: ReturnType<typeof workerScripts>;
  let script: string;
  beforeAll(() => {
    scripts = workerScripts();
    script = fileURLToPath(scripts.build('test/node/feedback-queue-sender.ts'));
  });
  afterAll(() => scripts.remove());

  test(`${KILLS} kills while sending: all that was taken arrives, and a POST once`, {
    timeout: 30_000 + 2000 * KILLS,
  }, async () => {
    const next = random(KILLS);
    const folder = freshFolder();
    mkdirSync(folder);
    const queueFolder = join(folder, 'q');
    const post = fileService(join(folder, 'post.txt'));
    const put = fileService(join(folder, 'put.txt'));
    const taken = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [script, queueFolder, `${kill}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      const limit = 1 + (next() % 30);
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.startsWith('+')) taken.add(line.slice(1));
        if (++lines === limit) child.kill('SIGKILL');
      }
      await ended;
    }
    const queue = await openFeedbackQueue(queueFolder, {
      senders: { post: postTo(post), put: { ...postTo(put), idempotent: true } },
      now: () => 9e15,
    });
    await queue.send();
    expect(await queue.items()).toEqual([]);
    await queue.close();
    const posted = post.received();
    const arrived = new Set([...posted, ...put.received()]);
    expect([...taken].filter((id) => !arrived.has(id))).toEqual([]);
    expect(posted.filter((id, at) => posted.indexOf(id) !== at)).toEqual([]);
  });
});
