import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { reviewSummary } from '../../../src/review/review-answers.js';
import { hexOf } from '../../node/files/fed-services.js';
import { describeEngines } from '../engines.js';
import { feedbackIn } from '../opened.js';
import { failing, sharedStore } from '../shared-store.js';

const HASH = hashFromHex('pdq', hexOf(1));
const blocklist = createBlocklist([{ hash: HASH, labels: [], list: 'a', id: 'e1', source: 'S' }]);
const decision = match([{ name: 'original', hash: HASH, quality: 100 }], blocklist);
const RULES = { retentionDays: 30, now: () => Date.parse('2026-11-20T12:00:00Z') };
const ROLE = 'moderator';
const ALLOW = { outcome: 'rejected', role: ROLE, allow: { reason: 'our logo' } } as const;

describeEngines((running) => {
  const { store } = sharedStore(running);

  test('a decision replaces one that was seen', async () => {
    const queue = store().reviewQueue({
      ...RULES,
      feedbackOf: ({ outcome }) => [{ to: 'S', entry: 'e1', body: { outcome: outcome! } }],
    });
    await queue.put({ id: 'u', decision });
    await queue.decide('u', ALLOW);
    expect(await queue.get('u')).toMatchObject({ decided: { times: 1, allowed: 'our logo' } });
    expect(await store().exceptions()).toHaveLength(1);
    const wrong = await queue.decide('u', { outcome: 'undecided', role: ROLE, insteadOf: 2 });
    expect(wrong.came).toBe('decided-before');
    const before = await store().revision();
    const again = await queue.decide('u', { outcome: 'confirmed', role: ROLE, insteadOf: 1 });
    expect(again).toMatchObject({ came: 'decided', records: 1, disallowed: 1, feedback: 1 });
    expect(again.revision).toBe(before + 1);
    expect(await store().exceptions()).toEqual([]);
    const { decided } = (await queue.get('u'))!;
    expect(decided).toMatchObject({ outcome: 'confirmed', times: 2 });
    expect(decided).not.toHaveProperty('allowed');
    // The second of two who looked at the same decision.
    const late = await queue.decide('u', { outcome: 'undecided', role: ROLE, insteadOf: 1 });
    expect(late.came).toBe('decided-before');
    // All are in the log, and the last one counts.
    const outcomes: unknown[] = [];
    for await (const record of store().reviewLog(RULES).read()) outcomes.push(record.outcome);
    expect(outcomes).toEqual(['rejected', 'confirmed']);
    expect((await reviewSummary(store().reviewLog(RULES).read())).lists).toEqual([
      { list: 'a', decided: 1, rejected: 0 },
    ]);
    expect(await feedbackIn(store())).toHaveLength(2);
  });

  test('a new reason replaces the one before', async () => {
    const queue = store().reviewQueue(RULES);
    await queue.put({ id: 'u', decision });
    await queue.decide('u', ALLOW);
    const more = { ...ALLOW, allow: { reason: 'our own logo' }, insteadOf: 1 };
    expect(await queue.decide('u', more)).toMatchObject({ allowed: 1, disallowed: 0 });
    expect(await store().exceptions()).toMatchObject([{ reason: 'our own logo' }]);
  });

  test('whatever statement fails, a new decision is complete or absent', async () => {
    const queue = store().reviewQueue(RULES);
    await queue.put({ id: 'u', decision });
    await queue.decide('u', ALLOW);
    let isDone = false;
    for (let skip = 0; !isDone; skip++) {
      const end = failing(store(), skip);
      const decided = queue.decide('u', { outcome: 'confirmed', role: ROLE, insteadOf: 1 });
      isDone = await decided.then(
        () => true,
        () => false,
      );
      end();
      const outcome = isDone ? 'confirmed' : 'rejected';
      expect(await queue.get('u')).toMatchObject({ decided: { outcome } });
      expect(await store().exceptions()).toHaveLength(isDone ? 0 : 1);
      expect(skip).toBeLessThan(20);
    }
  });
});
