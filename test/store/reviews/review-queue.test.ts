import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { decisionOf } from '../../../src/matching/decision.js';
import { match } from '../../../src/matching/match.js';
import { reviewFactsOf } from '../../../src/review/review-record.js';
import type { ReviewQueueOptions } from '../../../src/store/reviews/review-queue.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { hexOf } from '../../node/files/fed-services.js';
import { describeBothEngines } from '../engines.js';
import { feedbackIn } from '../opened.js';
import { failing, sharedStore } from '../shared-store.js';

const START = Date.parse('2026-11-20T12:00:00Z');
const DAY = 86_400_000;
const hashOf = (n: number) => hashFromHex('pdq', hexOf(n));

const blocklist = createBlocklist([
  { hash: hashOf(1), labels: ['x'], id: 'e1', source: 'S', list: 'a' },
  { hash: hashOf(1), labels: [], id: 'e2', source: 'T', list: 'b' },
  { hash: hashOf(2), labels: [], id: 'e3', source: 'S', list: 'shield' },
]);
const decisionOn = (n: number) =>
  match([{ name: 'original', hash: hashOf(n), quality: 100 }], blocklist);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describeBothEngines((running) => {
  const { store, place } = sharedStore(running);
  const clock = { time: START };
  const rules = { retentionDays: 30, now: () => clock.time };
  const queueOf = (options: Partial<ReviewQueueOptions> = {}) =>
    store().reviewQueue({ ...rules, ...options });

  test('waiting items are listed with their explanation, and decided once', async () => {
    const queue = queueOf();
    const link = 'https://example.org/item/1';
    expect(await queue.put({ id: 'u1', decision: decisionOn(1), link })).toBe(true);
    expect(await queue.put({ id: 'u1', decision: decisionOn(2) })).toBe(false);
    expect(await queue.put({ id: 'u2', decision: decisionOn(1) })).toBe(true);
    const [item, other] = await queue.items();
    expect(item).toMatchObject({ id: 'u1', link, time: new Date(START).toISOString() });
    expect(item!.facts).toEqual(reviewFactsOf(decisionOn(1)));
    expect(item!.decision.matches[0]).toMatchObject({ hash: hexOf(1), distance: 0 });
    expect(await queue.items({ after: item!.number })).toEqual([other]);
    const decided = await queue.decide('u1', { outcome: 'confirmed', role: 'moderator' });
    expect(decided).toMatchObject({ came: 'decided', records: 2, allowed: 0 });
    const again = await queue.decide('u1', { outcome: 'rejected', role: 'moderator' });
    expect(again).toMatchObject({ came: 'decided-before', records: 0 });
    const none = await queue.decide('u9', { outcome: 'rejected', role: 'moderator' });
    expect(none).toMatchObject({ came: 'unknown', records: 0 });
    expect(await queue.items()).toEqual([other]);
    expect(await queue.items({ state: 'decided' })).toMatchObject([{ id: 'u1' }]);
    expect((await queue.get('u1'))!.decided).toMatchObject({ outcome: 'confirmed' });
    expect(await queue.counts()).toEqual({ waiting: 1, confirmed: 1, rejected: 0, undecided: 0 });
    const records = await all(store().reviewLog(rules).read());
    expect(records.map(({ list, outcome }) => [list, outcome])).toEqual([
      ['a', 'confirmed'],
      ['b', 'confirmed'],
    ]);
  });

  test('a rejection makes an exception in every process, if requested', async () => {
    const queue = queueOf();
    await queue.put({ id: 'u1', decision: JSON.parse(JSON.stringify(decisionOn(1))) });
    const allow = { reason: 'a logo' };
    const wrong = queue.decide('u1', { outcome: 'confirmed', role: 'moderator', allow });
    await expect(wrong).rejects.toThrow(RangeError);
    const before = await store().revision();
    const change = { idempotencyKey: 'k1' };
    const choice = { outcome: 'rejected', role: 'moderator', allow } as const;
    const done = await queue.decide('u1', choice, change);
    // Both entries have the same hash: one exception is for both.
    expect(done).toMatchObject({ came: 'decided', allowed: 1, revision: before + 1 });
    expect(await queue.decide('u1', choice, change)).toEqual(done);
    const follower = await store().follow();
    const variant = { name: 'original', hash: hashOf(1), quality: 100 } as const;
    expect(await store().exceptions()).toMatchObject([{ reason: 'a logo' }]);
    await store().apply({ add: [{ hash: hashOf(1), labels: [], list: 'a' }] });
    await follower.reached(await store().revision());
    expect(match([variant], follower.blocklist, { allowList: follower.allowList })).toMatchObject({
      verdict: 'none',
    });
    await follower.close();
  });

  test('the resulting feedback waits in the store, for decisions of people alone', async () => {
    const feedbackOf: ReviewQueueOptions['feedbackOf'] = ({ entry, outcome }) => [
      { to: 's', entry: entry!.id!, body: outcome! },
    ];
    const queue = queueOf({ feedbackOf });
    await queue.put({ id: 'u1', decision: decisionOn(1) });
    await queue.put({ id: 'u2', decision: decisionOn(1) });
    await queue.decide('u2', { outcome: 'confirmed', role: 'automation' });
    expect(await feedbackIn(store())).toEqual([]);
    const { feedback } = await queue.decide('u1', { outcome: 'confirmed', role: 'moderator' });
    expect(feedback).toBe(2);
    const items = await feedbackIn(store());
    expect(items).toMatchObject([
      { entry: 'e1', body: 'confirmed', due: START },
      { entry: 'e2', body: 'confirmed' },
    ]);
  });

  describe('a decision at whose end a statement fails', () => {
    test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
      'after %i others is complete or absent',
      async (skip) => {
        const queue = queueOf({ feedbackOf: () => [{ to: 's', entry: 'e', body: 1 }] });
        const log = store().reviewLog(rules);
        await queue.put({ id: 'u', decision: decisionOn(1) });
        const heal = failing(store(), skip);
        const choice = {
          outcome: 'rejected',
          role: 'moderator',
          allow: { reason: 'x' },
        } as const;
        const ended = await queue.decide('u', choice).catch((error: unknown) => error);
        heal();
        const isDone = !(ended instanceof Error);
        expect((await queue.get('u'))!.decided !== undefined).toBe(isDone);
        expect(await all(log.read())).toHaveLength(isDone ? 2 : 0);
        expect(await store().exceptions()).toHaveLength(isDone ? 1 : 0);
        expect(await feedbackIn(store())).toHaveLength(isDone ? 2 : 0);
        expect(isDone).toBe(skip === 11);
      },
    );
  });

  test('of many deciding at the same time, one succeeds', async () => {
    await queueOf().put({ id: 'u', decision: decisionOn(1) });
    const other = running.engine === 'postgresql' ? await openStore(place()) : store();
    const queues = [queueOf(), other.reviewQueue(rules)];
    const outcomes = ['confirmed', 'rejected', 'undecided'] as const;
    const all = await Promise.all(
      outcomes.flatMap((outcome) =>
        queues.map((queue) => queue.decide('u', { outcome, role: 'moderator' })),
      ),
    );
    expect(all.map(({ came }) => came).sort()).toEqual([
      'decided',
      ...Array(5).fill('decided-before'),
    ]);
    if (other !== store()) await other.close();
  });

  test('data that must not be kept is not kept, and file names neither', async () => {
    const queue = queueOf();
    const [match] = decisionOn(2).matches;
    const upload = { hash: hashOf(7), width: 8, height: 8 };
    const timings = { reading: 1, waiting: 1, decoding: 1, hashing: 1, search: 1 };
    const told = { list: 'shield', trust: 'shared', tier: 'match', labels: ['l'] } as const;
    const decision = decisionOf({
      ...decisionOn(2),
      upload,
      timings,
      allowed: [match!],
      remoteMatches: [{ ...told, id: 'secret', hash: hashOf(2), distance: 3 }],
    });
    const json = { ...JSON.parse(JSON.stringify(decision)), file: 'name.jpg' };
    await queue.put({ id: 'u', decision: json });
    const text = JSON.stringify(await queue.get('u'));
    for (const part of [hexOf(2), hexOf(7), 'secret', 'name.jpg', 'reading']) {
      expect(text).not.toContain(part);
    }
    expect((await queue.get('u'))!.facts).toHaveLength(2);
    await queueOf({ keepShieldData: true }).put({ id: 'v', decision: json });
    expect((await queue.get('v'))!.decision.matches).toHaveLength(1);
  });

  test('an item is erased by its id, entry, list or date, and its time ends', async () => {
    const queue = queueOf();
    clock.time = START;
    const ids = async () => (await queue.items()).map(({ id }) => id);
    const fill = async () => {
      clock.time = START;
      await queue.put({ id: 'one', decision: decisionOn(1) });
      clock.time += DAY;
      await queue.put({ id: 'far', decision: decisionOn(3) });
    };
    for (const [query, left] of [
      [{ id: 'one' }, ['far']],
      [{ entry: hashOf(1) }, ['far']],
      [{ entry: { id: 'e2', source: 'T' } }, ['far']],
      [{ entry: { id: 'e2', source: 'S' } }, ['one', 'far']],
      [{ list: 'b' }, ['far']],
      [{ from: '2026-11-21' }, ['one']],
      [{ before: '2026-12-01' }, []],
    ] as const) {
      await fill();
      const { erased } = await queue.erase(query);
      expect(await ids()).toEqual(left);
      expect(erased).toBe(2 - left.length);
      await queue.erase({ from: '2000-01-01' });
    }
    await fill();
    clock.time = START + 30 * DAY + 1;
    expect(await ids()).toEqual(['far']);
    expect(await queue.get('one')).toBe(undefined);
    const late = await queue.decide('one', { outcome: 'rejected', role: 'moderator' });
    expect(late.came).toBe('unknown');
    expect(await queue.prune()).toEqual({ erased: 1 });
    clock.time = START;
    await expect(queue.erase({})).rejects.toThrow('expected a query');
  });

  test('a link that is no plain address is refused', async () => {
    const queue = queueOf();
    for (const link of ['javascript:alert(1)', '/item', 'https://a:b@c.org/', 'data:,x', '']) {
      await expect(queue.put({ id: 'u', decision: decisionOn(1), link })).rejects.toThrow('link');
    }
    expect(await queue.items()).toEqual([]);
    expect(hashToHex(hashOf(1))).toBe(hexOf(1));
  });
});
