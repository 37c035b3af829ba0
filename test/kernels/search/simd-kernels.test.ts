import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { gatherSpans, readPositions } from '../../../src/kernels/search/bands.js';
import { simdRoom } from '../../../src/kernels/search/simd.js';
import { runs } from '../../seed.js';

const { memory, kernels } = simdRoom(2 ** 20)!;
const RINGS = 0x1000;
const SPANS = 0x10000;
const OFFSETS = 0x40000;
const PLACES = 0x60000;
const POSITIONS = 0x70000;
const WORDS = 0x90000;

const words = (address: number, length: number) => new Int32Array(memory.buffer, address, length);

test('gather writes the spans that the loop in JavaScript writes', () => {
  const ring = fc.record({
    base: fc.nat(200),
    masks: fc.array(fc.nat(63), { maxLength: 20 }).map((masks) => Uint16Array.from(masks)),
    key: fc.nat(63),
    sketch: fc.integer(),
    limit: fc.integer({ min: -2, max: 33 }),
  });
  // Those of a file that was not verified may hold anything.
  const offsets = fc.oneof(
    fc.array(fc.nat(40), { minLength: 300, maxLength: 300 }).map((sizes) => {
      let place = 0;
      return sizes.map((size) => (place += size % 5 === 0 ? 0 : size));
    }),
    fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 300, maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(ring, { maxLength: 12 }), offsets, fc.nat(8000), (rings, starts, last) => {
      const total = rings.reduce((sum, { masks }) => sum + masks.length, 0);
      const into = { spans: new Int32Array(4 * total), length: 0, places: 0 };
      const known = Uint32Array.from(starts);
      for (const { key, sketch, ...rest } of rings) {
        const one = { ...rest, start: 0, width: 6 };
        gatherSpans(known, one, key, sketch, last, into);
      }
      words(OFFSETS, 300).set(known);
      const records = rings.flatMap((one) => [
        ...[one.masks.length, one.base, one.key, one.sketch, one.limit],
      ]);
      words(RINGS, records.length).set(records);
      // As in the scratch memory, where the spans end.
      const masks = new Uint16Array(memory.buffer, SPANS + 14 * total, total);
      masks.set(rings.flatMap((one) => [...one.masks]));
      const end = RINGS + 4 * records.length;
      const length = kernels.gather(RINGS, end, masks.byteOffset, SPANS, OFFSETS, last);
      expect(length).toBe(into.length);
      expect([...words(SPANS, length)]).toEqual([...into.spans.subarray(0, length)]);
      expect(words(RINGS, 1)[0]).toBe(into.places | 0);
    }),
    { numRuns: runs(300) },
  );
});

test.each([3, 4])('positions of %i bytes are those that the loop in JavaScript reads', (size) => {
  const next = random(size);
  const count = 500;
  const positions = new Uint8Array(memory.buffer, POSITIONS, 1000 * size);
  // Nearly all are beyond the hashes, as in a file that was not verified.
  for (let i = 0; i < positions.length; i++) positions[i] = next();
  const placed = { positions, positionBytes: size, sketches: new Int32Array(0) };
  for (let length = 0; length < 300; length++) {
    const places = Uint32Array.from({ length }, () => next() % 1000);
    words(PLACES, length).set(places);
    words(PLACES + 4 * length, 1)[0] = 77;
    kernels.positions(PLACES, PLACES + 4 * length, POSITIONS, size, count, WORDS);
    readPositions(placed, places, length);
    expect(new Uint32Array(memory.buffer, PLACES, length + 1)).toEqual(
      Uint32Array.from([...places, 77]),
    );
  }
});
