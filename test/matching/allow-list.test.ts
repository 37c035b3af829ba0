import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance, type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import {
  type AllowList,
  createAllowList,
  type ListException,
  PictureExceptions,
} from '../../src/matching/allow-list.js';
import { flipBits } from '../arbitraries.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

const off = (bits: number): Hash => flipBits(BASE, ORDER, bits);
const reasonOf = (list: AllowList, hash: Hash, entry?: Hash) => {
  const picture = new PictureExceptions(list);
  picture.turnTo(hash);
  return picture.reasonFor(entry, true);
};

test('an exception allows exactly its hash, and not its neighbours', () => {
  const list = createAllowList();
  list.allow(off(3), { reason: 'a flag' });
  expect(reasonOf(list, off(3), BASE)).toBe('a flag');
  expect(reasonOf(list, off(3))).toBe('a flag');
  expect(reasonOf(list, off(4), BASE)).toBeUndefined();
  const phash = { algorithm: 'dhash' as const, bytes: off(3).bytes };
  expect(reasonOf(list, phash, BASE)).toBeUndefined();
  expect(list.disallow(off(3))).toBe(true);
  expect(list.disallow(off(3))).toBe(false);
  expect(reasonOf(list, off(3), BASE)).toBeUndefined();
  expect(list.generation).toBe(2);
});

test('an exception may be for one entry only, and is revoked in the same form', () => {
  const list = createAllowList();
  list.allow(off(3), { reason: 'one', entry: off(0) });
  expect(reasonOf(list, off(3), off(0))).toBe('one');
  expect(reasonOf(list, off(3), off(1))).toBeUndefined();
  expect(reasonOf(list, off(3))).toBeUndefined();
  list.allow(off(3), { reason: 'any' });
  expect(reasonOf(list, off(3), off(1))).toBe('any');
  expect(list.covering(off(3))).toEqual(list.exceptions);
  expect(list.covering(off(4))).toEqual([]);
  expect(list.disallow(off(3))).toBe(true);
  expect(reasonOf(list, off(3), off(0))).toBe('one');
  expect(list.disallow(off(3), { entry: off(1) })).toBe(false);
  expect(list.disallow(off(3), { entry: off(0) })).toBe(true);
  expect(list.exceptions).toEqual([]);
});

test('once the main hash is allowed, other variants of the picture are allowed near it', () => {
  const list = createAllowList();
  list.allow(off(3), { reason: 'all of it' });
  const of = (main: number, isWithin: boolean) => {
    const picture = new PictureExceptions(list);
    picture.turnTo(off(main));
    picture.reasonFor(off(0), isWithin);
    picture.turnTo(off(9));
    return [picture.reasonFor(off(0), true), picture.reasonFor(off(1), true)];
  };
  expect(of(3, true)).toEqual(['all of it', undefined]);
  expect(of(3, false)).toEqual([undefined, undefined]);
  expect(of(4, true)).toEqual([undefined, undefined]);
  // A variant is not the main hash.
  const picture = new PictureExceptions(list);
  picture.turnTo(off(9));
  picture.turnTo(off(3));
  expect(picture.reasonFor(off(0), true)).toBe('all of it');
  picture.turnTo(off(8));
  expect(picture.reasonFor(off(0), true)).toBeUndefined();
});

test('the list allows the same as a plain list of pairs, at any radius, also after a restart', () => {
  const pair = fc.record({ hash: fc.nat(40), entry: fc.option(fc.nat(3), { nil: undefined }) });
  const step = fc.record({ kind: fc.constantFrom('allow', 'disallow', 'restart'), pair });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 20 }),
      fc.constantFrom(0, 0, 1, 8, 31),
      fc.nat(45),
      fc.nat(4),
      (steps, radius, asked, entry) => {
        let list = createAllowList({ radius });
        let pairs: { hash: number; entry: number | undefined }[] = [];
        for (const { kind, pair } of steps) {
          const narrowed = pair.entry === undefined ? {} : { entry: off(pair.entry) };
          const others = pairs.filter((p) => p.hash !== pair.hash || p.entry !== pair.entry);
          if (kind === 'allow') {
            list.allow(off(pair.hash), { reason: 'wrong', ...narrowed });
            pairs = [...others, pair];
          } else if (kind === 'disallow') {
            const isGone = list.disallow(off(pair.hash), narrowed);
            expect(isGone).toBe(others.length < pairs.length);
            pairs = others;
          } else list = createAllowList(JSON.parse(JSON.stringify(list)));
        }
        const isAllowed = pairs.some(
          (p) => Math.abs(p.hash - asked) <= radius && (p.entry ?? entry) === entry,
        );
        expect(reasonOf(list, off(asked), off(entry)) !== undefined).toBe(isAllowed);
        expect(list.exceptions).toHaveLength(pairs.length);
      },
    ),
    { numRuns: runs(500) },
  );
});

test('a radius is inclusive, and hashes of other widths are not compared', () => {
  const list = createAllowList({ radius: 4 });
  list.allow(off(3), { reason: 'a' });
  list.allow(hashFromHex('phash', '0123456789abcdef'), { reason: 'b' });
  expect(reasonOf(list, off(7))).toBe('a');
  expect(distance(off(7), off(3))).toBe(4);
  expect(reasonOf(list, off(8))).toBeUndefined();
  expect(reasonOf(list, hashFromHex('phash', '0123456789abcde0'))).toBe('b');
  expect(reasonOf(list, { algorithm: 'phash', bytes: off(3).bytes })).toBeUndefined();
});

test('inputs and outputs are copies', () => {
  const hash = off(3);
  const list = createAllowList({ exceptions: [{ hash, reason: 'a', entry: hash }] });
  hash.bytes.fill(0);
  const [given] = list.exceptions as [ListException];
  given.hash.bytes.fill(0);
  given.entry!.bytes.fill(0);
  expect(list.exceptions.map((each) => hashToHex(each.hash))).toEqual([hashToHex(off(3))]);
  expect(reasonOf(list, off(3), off(3))).toBe('a');
  expect(createAllowList({ exceptions: list.exceptions }).toJSON()).toEqual(list.toJSON());
});

test('an invalid exception changes nothing', () => {
  const list = createAllowList();
  const phash = hashFromHex('phash', '0123456789abcdef');
  expect(() => list.allow(BASE, { reason: 'a', entry: phash })).toThrow(TypeError);
  expect(() => list.allow(BASE, {} as never)).toThrow(TypeError);
  expect(() => list.allow(BASE, null as never)).toThrow(TypeError);
  expect([list.exceptions, list.generation]).toEqual([[], 0]);
});

test.each<[string, unknown, ErrorConstructor]>([
  ['null', null, TypeError],
  ['exceptions that are no list', { exceptions: '' }, TypeError],
  ['a radius too large', { radius: 32, exceptions: [] }, RangeError],
  ['null in it', { radius: 0, exceptions: [null] }, TypeError],
  [
    'no reason',
    { radius: 0, exceptions: [{ algorithm: 'pdq', hash: '00'.repeat(32) }] },
    TypeError,
  ],
  [
    'a bad hash',
    { radius: 0, exceptions: [{ algorithm: 'pdq', hash: '', reason: '' }] },
    RangeError,
  ],
  [
    'a hash of no algorithm',
    { radius: 0, exceptions: [{ hash: '00'.repeat(32), reason: '' }] },
    TypeError,
  ],
  [
    'a bad hash in one alone',
    { radius: 0, exceptions: [{ hash: { algorithm: 'pdq', hash: '00' }, reason: '' }] },
    RangeError,
  ],
])('refuses as JSON: %s', (_, json, kind) => {
  expect(() => createAllowList(json as never)).toThrow(kind);
});

test('accepts exceptions that JSON.stringify wrote, of the list or alone', () => {
  const list = createAllowList({ radius: 2 });
  list.allow(off(0), { reason: 'a flag' });
  list.allow(off(3), { reason: 'a logo', entry: off(4) });
  const written = JSON.parse(JSON.stringify({ list, alone: list.exceptions }));
  expect(written.list.exceptions).not.toEqual(written.alone);
  expect(createAllowList(written.list).exceptions).toEqual(list.exceptions);
  expect(createAllowList({ exceptions: written.alone }).exceptions).toEqual(list.exceptions);
});
