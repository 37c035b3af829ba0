import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBudget, type Reservation } from '../../../src/node/pool/byte-budget.js';

const KIB = 1024;
const MOST = 1024 * KIB;
const { signal } = new AbortController();
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a request for more than is free waits, in order of arrival', async () => {
  const budget = new ByteBudget(MOST);
  const order: string[] = [];
  const take = async (name: string, bytes: number) => {
    const reservation = await budget.reserve(bytes, signal);
    order.push(name);
    return reservation;
  };
  const first = await take('first', MOST - 100 * KIB);
  const large = take('large', 200 * KIB);
  const small = take('small', 100 * KIB);
  await settled();
  expect(order).toEqual(['first']);
  expect(budget.waiting).toBe(2);
  first.shrinkTo(100 * KIB);
  await Promise.all([large, small]);
  expect(order).toEqual(['first', 'large', 'small']);
  expect(budget.reserved).toBe(400 * KIB);
});

test('a body reserves at least 64 KiB, and at most the whole budget', async () => {
  const budget = new ByteBudget(MOST);
  const none = await budget.reserve(0, signal);
  expect(budget.reserved).toBe(64 * KIB);
  none.shrinkTo(0);
  expect(budget.reserved).toBe(64 * KIB);
  none.release();
  none.release();
  await budget.reserve(Number.POSITIVE_INFINITY, signal);
  expect(budget.reserved).toBe(MOST);
});

test('a caller who gives up lets those behind go on', async () => {
  const budget = new ByteBudget(MOST);
  await budget.reserve(MOST / 2, signal);
  const controller = new AbortController();
  const large = budget.reserve(MOST, controller.signal);
  const small = budget.reserve(MOST / 2, signal);
  controller.abort(new Error('enough'));
  await expect(large).rejects.toThrow('enough');
  await small;
  expect(budget.reserved).toBe(MOST);
  await expect(budget.reserve(1, controller.signal)).rejects.toThrow('enough');
});

test('reservations never exceed the budget, and all are released', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), bytes: fc.nat(2 * MOST) }),
    fc.record({ kind: fc.constant('shrink' as const), at: fc.nat(), bytes: fc.nat(MOST) }),
    fc.record({ kind: fc.constant('release' as const), at: fc.nat() }),
    fc.record({ kind: fc.constant('abort' as const), at: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const budget = new ByteBudget(MOST);
      const held: Reservation[] = [];
      const controllers: AbortController[] = [];
      let arrived = 0;
      const order: number[] = [];
      for (const each of steps) {
        if (each.kind === 'reserve') {
          const controller = new AbortController();
          controllers.push(controller);
          const number = arrived++;
          budget.reserve(each.bytes, controller.signal).then(
            (reservation) => {
              held.push(reservation);
              order.push(number);
            },
            () => {},
          );
        } else if (each.kind === 'abort') {
          controllers[each.at % controllers.length]?.abort();
        } else if (each.kind === 'release') {
          held[each.at % held.length]?.release();
        } else {
          held[each.at % held.length]?.shrinkTo(each.bytes);
        }
        expect(budget.reserved).toBeLessThanOrEqual(MOST);
        await settled();
      }
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      for (let i = 0; i < held.length || budget.waiting > 0; i++) {
        held[i]!.release();
        await settled();
      }
      expect(budget.reserved).toBe(0);
    }),
  );
});

test('growing bodies never exceed the budget together, and never deadlock', async () => {
  const body = fc.record({
    first: fc.nat(MOST / 4),
    most: fc.integer({ min: MOST / 4, max: MOST }),
    step: fc.integer({ min: 16 * KIB, max: MOST / 8 }),
    /** where it ends, as a share of its most */
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    squeeze: fc.boolean(),
    givesUp: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(body, { minLength: 2, maxLength: 24, size: 'max' }),
      async (bodies) => {
        const budget = new ByteBudget(MOST);
        let over = false;
        const look = () => {
          over ||= budget.reserved > MOST;
        };
        const course = async (each: (typeof bodies)[number]) => {
          const controller = new AbortController();
          const most = Math.max(each.first, each.most);
          const end = Math.floor(each.share * most);
          const reservation = await budget.reserve(each.first, signal, most);
          look();
          try {
            for (let at = 0; at < end; ) {
              await null;
              if (each.squeeze) reservation.squeezeTo(at);
              const grown = reservation.growTo(at + each.step, controller.signal);
              if (each.givesUp) setImmediate(() => controller.abort());
              await grown;
              expect(reservation.held).toBeGreaterThanOrEqual(Math.min(most, at + each.step));
              at += each.step;
              look();
            }
            reservation.shrinkTo(end);
            await settled();
          } finally {
            reservation.release();
          }
        };
        const ends = await Promise.allSettled(bodies.map(course));
        for (const [i, end] of ends.entries()) {
          if (!bodies[i]!.givesUp) expect(end.status).toBe('fulfilled');
        }
        expect([over, budget.reserved, budget.waiting]).toEqual([false, 0, 0]);
      },
    ),
  );
});

test('nothing new begins while a body waits to grow', async () => {
  const budget = new ByteBudget(MOST);
  const growing = await budget.reserve(MOST / 2, signal, MOST);
  const other = await budget.reserve(MOST / 4, signal);
  const grown = growing.growTo(MOST, signal);
  let begun = false;
  const late = budget.reserve(MOST / 8, signal).then(() => {
    begun = true;
  });
  await settled();
  expect([begun, growing.held, budget.waiting]).toEqual([false, MOST / 2, 2]);
  other.release();
  await grown;
  await settled();
  expect([begun, growing.held]).toEqual([false, MOST]);
  growing.release();
  await late;
});
