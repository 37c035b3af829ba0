import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coloursOf, iccProfile, rgbReading } from '../../../src/node/decode/colours.js';
import { PROFILES, profileOf } from '../../shown/profiles.js';
import type { Scene } from '../../shown/raster.js';

const SRGB = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];
const plain = (name: string) => new Uint8Array(PROFILES[name]!({} as Scene).icc);
const ramp = Array.from({ length: 256 }, (_, i) => i);
const para = (kind: number, ...numbers: number[]): [string, Buffer][] =>
  ['rTRC', 'gTRC', 'bTRC'].map((name) => {
    const data = Buffer.alloc(12 + 4 * numbers.length);
    data.write('para');
    data.writeUInt16BE(kind, 8);
    numbers.forEach((number, i) => void data.writeInt32BE(Math.round(65_536 * number), 12 + 4 * i));
    return [name, data];
  });
/** The tags of sRGB's primaries. */
const columns = (): [string, Buffer][] => {
  const { profile } = iccProfile(plain('srgb')).readings[0]!;
  return ['rXYZ', 'gXYZ', 'bXYZ'].map((name, i) => {
    return [name, Buffer.from(profile.subarray(204 + 20 * i, 224 + 20 * i))];
  });
};

test('sRGB of either version changes no level, and its primaries are its own', () => {
  for (const name of ['srgb', 'srgb-v4']) {
    const { readings, cicp } = iccProfile(plain(name));
    expect([readings.length, cicp]).toEqual([1, undefined]);
    const { kind, levels, profile, odd } = readings[0]!;
    expect([kind, odd]).toEqual(['RGB ', false]);
    for (const one of levels!) expect([...one]).toEqual(ramp);
    const written = rgbReading(SRGB, (x) => x)!.profile;
    const view = new DataView(written.buffer);
    const read = new DataView(profile.buffer, profile.byteOffset);
    for (const at of [0, 4, 8, 20, 24, 28, 40, 44, 48]) {
      expect(Math.abs(view.getInt32(212 + at) - read.getInt32(212 + at))).toBeLessThan(20);
    }
  }
});

test('each formula of a curve is read', () => {
  const light = (level: number) => {
    const x = level / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  };
  const level = (x: number) => {
    const y = Math.min(1, Math.max(0, x));
    return Math.round(255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * y ** (1 / 2.4) - 0.055));
  };
  const formulas: [number[], (x: number) => number][] = [
    [[2], (x) => x ** 2],
    [[2, 2, -0.5], (x) => (x >= 0.25 ? (2 * x - 0.5) ** 2 : 0)],
    [[2, 1, -0.5, 0.25], (x) => (x >= 0.5 ? (x - 0.5) ** 2 : 0) + 0.25],
    [[2, 1, 0, 0.5, 0.5], (x) => (x >= 0.5 ? x ** 2 : x / 2)],
    [[2, 1, 0, 0.5, 0.5, 0.1, 0.05], (x) => (x >= 0.5 ? x ** 2 + 0.1 : x / 2 + 0.05)],
  ];
  expect(Math.round(255 * light(255))).toBe(255);
  formulas.forEach(([numbers, formula], kind) => {
    const icc = profileOf({ tags: [...columns(), ...para(kind, ...numbers)] });
    const { levels } = iccProfile(new Uint8Array(icc)).readings[0]!;
    for (const i of [0, 30, 100, 127, 128, 200, 255]) {
      expect(Math.abs(levels![0]![i]! - level(formula(i / 255)))).toBeLessThanOrEqual(1);
    }
  });
});

test('tables and curves beside each other are two readings', () => {
  const { readings } = iccProfile(plain('lut-beside-matrix'));
  expect(readings.map(({ levels }) => levels !== undefined)).toEqual([false, true]);
});

test('primaries on one line span no space', () => {
  expect(rgbReading([0.3, 0.3, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3], (x) => x)).toBeUndefined();
});

test('any bytes are read, or hold nothing', () => {
  const valid = ['srgb', 'p3', 'lut-beside-matrix', 'blue-alone-para'].map(plain);
  const damaged = fc
    .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(2000), fc.nat(255))), fc.nat(4000))
    .map(([profile, changes, end]) => {
      const copy = profile.slice(0, end);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      const before = bytes.slice();
      for (const { levels } of iccProfile(bytes).readings) {
        for (const one of levels ?? []) expect(one.length).toBe(256);
      }
      expect(bytes).toEqual(before);
    }),
  );
});

test('a file with more profiles than any writer adds is odd', () => {
  const profile = plain('p3');
  const ends = [0, 1, 2, 3, 4].flatMap((i) => [i * profile.length, (i + 1) * profile.length]);
  const bytes = new Uint8Array(Buffer.concat([0, 1, 2, 3, 4].map(() => profile)));
  const colours = (count: number) =>
    coloursOf(bytes, { format: 'webp', colours: ends.slice(0, 2 * count) }, () => undefined);
  expect(colours(4)).toMatchObject({ odd: false, readings: { length: 4 } });
  expect(colours(5)).toMatchObject({ odd: true, readings: { length: 4 } });
});
