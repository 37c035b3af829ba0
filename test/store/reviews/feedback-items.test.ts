import { expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import type { FeedbackItem, FeedbackSender } from '../../../src/review/feedback-item.js';
import { FeedbackItems } from '../../../src/store/reviews/feedback-items.js';
import type { FeedbackQueue } from '../../../src/store/reviews/feedback-queue.js';
import { takeLease } from '../../../src/store/sql/lease.js';
import { describeEngines } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';
import { sharedStore } from '../shared-store.js';

const START = 1_767_225_600_000;
const DAY = 86_400_000;

/** A service that takes each feedback, unless it is told to fail. */
class Service implements FeedbackSender {
  readonly taken: string[] = [];
  answers = 'done' as 'done' | 'unknown' | 'refused';
  onSend: (item: FeedbackItem) => Promise<void> = async () => {};

  async send(item: FeedbackItem): Promise<'done' | 'unknown' | 'refused'> {
    await this.onSend(item);
    if (this.answers !== 'refused') this.taken.push(item.id);
    return this.answers;
  }

  async settle({ id }: FeedbackItem): Promise<'done' | 'absent'> {
    return this.taken.includes(id) ? 'done' : 'absent';
  }
}

describeEngines((running) => {
  const { store, place } = sharedStore(running);
  const clock = { time: START };
  const now = () => clock.time;
  const queueOf = (service: Service, of = store()): Promise<FeedbackQueue> =>
    of.feedbackQueue({ senders: { s: service }, backoffSeconds: 5, maxAttempts: 3, now });
  const feedback = (id: string, entry = id) => ({ id, to: 's', entry, body: { of: id } });

  test('feedback added in one process is sent by another, in its order, once', async () => {
    const service = new Service();
    const [first, second] = [await queueOf(service), await queueOf(service)];
    expect(await first.add(feedback('a1', 'a'))).toBe(true);
    expect(await second.add(feedback('a2', 'a'))).toBe(true);
    expect(await second.add(feedback('a1', 'a'))).toBe(false);
    expect(await second.send()).toEqual({ done: 2, open: 0, stuck: 0 });
    expect(service.taken).toEqual(['a1', 'a2']);
    expect(await first.add(feedback('a1', 'a'))).toBe(false);
    clock.time += 8 * DAY;
    await first.send();
    expect(await first.add(feedback('a1', 'a'))).toBe(true);
  });

  test('unanswered feedback is settled; refused feedback is stuck until people decide', async () => {
    const service = new Service();
    const queue = await queueOf(service);
    service.answers = 'unknown';
    await queue.add(feedback('a'));
    expect(await queue.send()).toMatchObject({ done: 0, open: 1, nextDue: clock.time + 5000 });
    service.answers = 'refused';
    await queue.add(feedback('b1', 'b'));
    await queue.add(feedback('c'));
    clock.time += 5000;
    expect(await queue.send()).toEqual({ done: 1, open: 0, stuck: 2 });
    expect((await queue.stuck()).map(({ id }) => id)).toEqual(['b1', 'c']);
    expect(await queue.drop('c')).toBe(true);
    expect(await queue.drop('c')).toBe(false);
    service.answers = 'done';
    expect(await queue.retry('b1')).toBe(true);
    await queue.send();
    expect(service.taken).toEqual(['a', 'b1']);
    expect(await queue.items()).toEqual([]);
  });

  test('stuck feedback is not retried if its entry has later feedback', async () => {
    const service = new Service();
    const queue = await queueOf(service);
    service.answers = 'refused';
    await queue.add(feedback('a1', 'a'));
    await queue.send();
    await queue.add(feedback('a2', 'a'));
    expect(await queue.retry('a1')).toBe(false);
  });

  test('one process sends at a time, and any other reports it', async () => {
    const service = new Service();
    const other = running.engine === 'postgresql' ? await openStore(place()) : store();
    const [first, second] = [await queueOf(service), await queueOf(service, other)];
    await first.add(feedback('a'));
    let during: unknown;
    service.onSend = async () => {
      during = await second.send();
    };
    expect(await first.send()).toEqual({ done: 1, open: 0, stuck: 0 });
    expect(during).toEqual({ done: 0, open: 1, stuck: 0, isBusy: true });
    service.onSend = async () => {};
    expect(await second.send()).toEqual({ done: 0, open: 0, stuck: 0 });
    expect(service.taken).toEqual(['a']);
    if (other !== store()) await other.close();
  });

  test('a process whose lease was taken over writes no more, so that nothing is sent out of order', async () => {
    const service = new Service();
    const queue = await queueOf(service);
    await queue.add(feedback('a'));
    await queue.add(feedback('b'));
    const database = databaseOf(store());
    // As another process does that has the lock.
    service.onSend = async () => {
      await database.query("update lease set epoch = epoch + 1 where name = 'feedback'");
    };
    await expect(queue.send()).rejects.toMatchObject({ code: 'taken-over' });
    expect(service.taken).toEqual(['a']);
    service.onSend = async () => {};
    // What was being sent had no end: it is read back, and not sent twice.
    expect(await queue.send()).toEqual({ done: 2, open: 0, stuck: 0 });
    expect(service.taken).toEqual(['a', 'b']);
  });

  test('names may have the maximum length, which no index can shorten', async () => {
    const next = random(15);
    // Three bytes each: the most that 500 characters of UTF-16 can have, and unlike each other.
    const long = () =>
      Array.from({ length: 500 }, () => String.fromCharCode(0x4e00 + (next() % 0x5000))).join('');
    const items = new FeedbackItems(databaseOf(store()), now);
    const [to, entry, body] = [long(), long(), null];
    const put = [long(), long()];
    for (const id of put) expect(await items.put({ id, to, entry, body })).toBe(true);
    expect(await items.put({ id: long(), to, entry: long(), body })).toBe(true);
    const heads = await items.heads(to);
    expect(heads.map(({ id }) => put.indexOf(id))).toEqual([0, -1]);
    expect(await items.hasLater(heads[0]!)).toBe(true);
    expect(await items.hasLater(heads[1]!)).toBe(false);
  });

  if (running.engine === 'postgresql') {
    test('a lease ends with its connection, and its holder is notified', async () => {
      const database = databaseOf(store());
      const lease = await takeLease(database, 'x');
      expect(await takeLease(database, 'x')).toBe(undefined);
      await database.transaction((sql) => lease!.check(sql));
      const lost = new Promise((resolve) => lease!.signal.addEventListener('abort', resolve));
      await database.query(`select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and pid <> pg_backend_pid()
          and database = (select oid from pg_database where datname = current_database())`);
      await lost;
      const next = await takeLease(database, 'x');
      expect(next).not.toBe(undefined);
      const late = database.transaction((sql) => lease!.check(sql));
      await expect(late).rejects.toMatchObject({ code: 'taken-over' });
      await database.transaction((sql) => next!.check(sql));
      await lease!.release();
      await next!.release();
      const again = await takeLease(database, 'x');
      await again!.release();
    });

    test('stores in other schemas of a database have leases of their own', async () => {
      const other = await openStore(place(), { schema: 'other' });
      const mine = await takeLease(databaseOf(store()), 'x');
      const theirs = await takeLease(databaseOf(other), 'x');
      expect(theirs).not.toBe(undefined);
      await mine!.release();
      await theirs!.release();
      await other.close();
    });
  }
});
