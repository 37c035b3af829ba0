import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type {
  FeedbackItem,
  FeedbackSender,
  NewFeedback,
  Sent,
  Settled,
} from '../../../src/review/feedback-item.js';
import type {
  FeedbackQueue,
  FeedbackQueueOptions,
} from '../../../src/store/reviews/feedback-queue.js';
import { testFolder } from '../../folder.js';
import { runs } from '../../seed.js';
import { describeEngines } from '../engines.js';
import { databaseOf } from '../opened.js';
import { failingAt, sharedStore } from '../shared-store.js';
import { fileService, postTo } from './feedback-service.js';

const base = testFolder();

/** A clock that is put forward by hand. */
const clock = { time: 1_000_000, now: () => clock.time };
const seconds = (count: number) => {
  clock.time += 1000 * count;
};

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

/** Whether a service takes a request, and whether its answer arrives. */
const anyTurn = fc.constantFrom('done', 'lost before', 'lost after', 'retry', 'throws after');
type Turn = 'done' | 'lost before' | 'lost after' | 'retry' | 'throws after';

describeEngines((running) => {
  const { store } = sharedStore(running);
  const open: FeedbackQueue[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.close()));
  });

  async function queueOf(
    senders: Record<string, FeedbackSender>,
    options: Partial<FeedbackQueueOptions> = {},
  ): Promise<FeedbackQueue> {
    const queue = await store().feedbackQueue({ senders, now: clock.now, ...options });
    open.push(queue);
    return queue;
  }
  const forget = () => databaseOf(store()).query('truncate feedback');

  test('feedback is sent in the order of its entry, and forgotten', async () => {
    const { sent, sender } = scripted([]);
    const queue = await queueOf({ service: sender });
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

  test('an id is accepted once, also when it is done, and after a restart', async () => {
    const { sent, sender } = scripted([]);
    const queue = await queueOf({ service: sender });
    const added = await Promise.all([1, 2, 3].map(() => queue.add(feedback('a'))));
    // On several connections, any of them may be the first.
    expect(added.filter((isNew) => isNew)).toHaveLength(1);
    await queue.send();
    expect(await queue.add(feedback('a'))).toBe(false);
    await queue.close();
    const again = await queueOf({ service: sender });
    expect(await again.add(feedback('a'))).toBe(false);
    await again.send();
    expect(sent).toEqual(['a']);
  });

  test('waiting feedback survives a restart unchanged', async () => {
    const queue = await queueOf({ service: scripted(['retry', 'unknown']).sender });
    for (const id of ['a', 'b']) await queue.add(feedback(id));
    await queue.send();
    const items = await queue.items();
    expect(items).toMatchObject([
      { id: 'a', state: 'waiting', attempts: 1, due: clock.time + 5000 },
      { id: 'b', state: 'unknown', attempts: 1, due: clock.time + 5000 },
    ]);
    await queue.close();
    const again = await queueOf({ service: scripted([]).sender });
    expect(await again.items()).toEqual(items);
    await again.close();
    await expect(queueOf({ other: scripted([]).sender })).rejects.toThrow(RangeError);
  });

  test('pauses grow, up to a limit, and then the feedback is stuck', async () => {
    const { sent, sender } = scripted(Array.from({ length: 9 }, () => 'retry' as const));
    const options = { backoffSeconds: 2, maxBackoffSeconds: 7, maxAttempts: 5 };
    const queue = await queueOf({ service: sender }, options);
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

  describe('an answer that did not arrive', () => {
    test.each([['unknown' as const], [new Error('cut')], ['garbage' as const]])(
      '(%s) is settled by reading back',
      async (answer) => {
        const { sent, asked, sender } = scripted([answer], ['unknown', 'done']);
        const queue = await queueOf({ service: sender });
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
      const queue = await queueOf({ service: sender });
      await queue.add(feedback('a'));
      await queue.send();
      seconds(5);
      expect(await queue.send()).toMatchObject({ done: 1 });
      expect([sent, asked]).toEqual([['a', 'a'], ['a']]);
    });

    test('is sent again at once if that is as good', async () => {
      const { sent, asked, sender } = scripted([new Error('cut')]);
      const queue = await queueOf({ service: { ...sender, idempotent: true } });
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
      const queue = await queueOf(senders, { timeoutSeconds: 0.02 });
      await queue.add(feedback('a', { to: 'stalls' }));
      await queue.add(feedback('b'));
      expect(await queue.send()).toMatchObject({ done: 1, open: 1 });
      expect([aborted, sent]).toEqual([true, ['b']]);
    });
  });

  describe('feedback that cannot be sent', () => {
    test('holds up nothing else', async () => {
      const { sent, sender } = scripted(['refused', 'retry']);
      const queue = await queueOf({ service: sender });
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

    test('is retried or dropped by hand', async () => {
      const { sent, sender } = scripted(['refused', 'refused'], ['absent']);
      const queue = await queueOf({ service: sender });
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

    test('is not retried if its entry has later feedback', async () => {
      const { sender } = scripted(['refused']);
      const queue = await queueOf({ service: sender });
      await queue.add(feedback('old', { entry: 'one' }));
      await queue.send();
      await queue.add(feedback('new', { entry: 'one' }));
      expect(await queue.retry('old')).toBe(false);
    });
  });

  test('dropped and retried at the same time: the first counts', async () => {
    for (const order of [
      ['drop', 'retry'],
      ['retry', 'drop'],
    ] as const) {
      await forget();
      const { sender } = scripted(['refused']);
      const queue = await queueOf({ service: sender });
      await queue.add(feedback('a'));
      await queue.send();
      expect(await Promise.all(order.map((what) => queue[what]('a')))).toEqual([true, false]);
      const items = await queue.items();
      expect(items).toHaveLength(order[0] === 'drop' ? 0 : 1);
      await queue.close();
      expect(await (await queueOf({ service: sender })).items()).toEqual(items);
    }
  });

  test('a long outage leaves a queue that can be sent', async () => {
    await databaseOf(store()).query(
      `insert into feedback (id, recipient, entry, body, state, due)
    select n::text, 'service', n::text, '1', 'waiting', $1::float8 + n
    from generate_series(1, 130000) n`,
      [clock.time],
    );
    const queue = await queueOf({ service: scripted([]).sender });
    expect(await queue.send()).toEqual({
      done: 0,
      open: 130_000,
      stuck: 0,
      nextDue: clock.time + 1,
    });
  });

  test('a caller who aborts loses nothing, and no try is counted', async () => {
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
    const queue = await queueOf({ service: sender });
    await queue.add(feedback('a'));
    await queue.add(feedback('b'));
    await queue.send({ signal: controller.signal });
    expect(sent).toEqual(['a']);
    expect(await queue.items()).toMatchObject([
      { id: 'a', state: 'unknown', attempts: 0 },
      { id: 'b', state: 'waiting', attempts: 0 },
    ]);
  });

  test('a closed queue is refused, and closing aborts the current sending', async () => {
    const sender: FeedbackSender = {
      send: () => new Promise(() => {}),
      settle: async () => 'done',
    };
    const queue = await queueOf({ service: sender });
    await queue.add(feedback('a'));
    const sending = queue.send();
    await Promise.all([queue.close(), queue.close()]);
    expect(await sending).toMatchObject({ done: 0, open: 1 });
    await expect(queue.add(feedback('b'))).rejects.toThrow(TypeError);
    expect(() => queue.send()).toThrow(TypeError);
  });

  test('whatever is lost, each feedback arrives: once if it can be read back, and in order', async () => {
    const plan = fc.record({
      entries: fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }),
      turns: fc.array(anyTurn, { maxLength: 12 }),
      isIdempotent: fc.boolean(),
      restarts: fc.array(fc.boolean(), { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ entries, turns, isIdempotent, restarts }) => {
        await forget();
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
        let queue = await queueOf({ service: sender }, { maxAttempts: 20 });
        for (const [at, entry] of entries.entries()) {
          await queue.add(feedback(`${at}`, { entry: `${entry}` }));
        }
        for (;;) {
          const { nextDue } = await queue.send();
          if (nextDue === undefined) break;
          clock.time = Math.max(clock.time, nextDue);
          if (restarts.shift()) {
            await queue.close();
            queue = await queueOf({ service: sender }, { maxAttempts: 20 });
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
      { numRuns: runs(60) },
    );
  });

  test('finished feedback leaves its id, and nothing that was sent', async () => {
    const queue = await queueOf({ service: scripted(['done', 'refused']).sender });
    for (const id of ['a', 'b', 'c']) await queue.add(feedback(id, { body: 'secret' }));
    await queue.send();
    await queue.drop('b');
    const rows = await databaseOf(store()).query('select * from feedback');
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toContain('secret');
    expect(await queue.add(feedback('b'))).toBe(false);
  });

  describe.each(['before', 'after'] as const)(
    'a statement that fails, reported %s it is done',
    (told) => {
      test('loses nothing that was accepted, and nothing is sent twice', async () => {
        for (let skip = 0; ; skip++) {
          await forget();
          const path = join(base, 'post.txt');
          rmSync(path, { force: true });
          const service = fileService(path);
          const queue = await queueOf({ service: postTo(service) });
          const isOver = failingAt(store(), skip, told);
          const taken: string[] = [];
          let failures = 0;
          for (const id of ['a', 'b']) {
            await queue.add(feedback(id, { entry: 'one' })).then(
              () => taken.push(id),
              () => failures++,
            );
            await queue.send().catch(() => failures++);
          }
          const hasFailed = isOver();
          await queue.close();
          const again = await queueOf({ service: postTo(service) });
          await again.send();
          const received = service.received();
          // What was told to have failed may have been taken.
          expect(received, `statement ${skip}`).toEqual(received.length === 2 ? ['a', 'b'] : taken);
          if (told === 'before') expect(received, `statement ${skip}`).toEqual(taken);
          expect(await again.items()).toEqual([]);
          expect(failures, `statement ${skip}`).toBe(hasFailed ? 1 : 0);
          if (hasFailed) continue;
          expect(skip).toBeGreaterThan(12);
          return;
        }
      });
    },
  );
});
