import { deflateSync } from 'node:zlib';
import type { Step } from './grammar.js';
import { uint16, uint32 } from './numbers.js';
import {
  byTable,
  decoyFor,
  eachPixel,
  lumaOf,
  type Raster,
  type Scene,
  shuffled,
} from './raster.js';

/** How colours are hidden: a profile, and what is stored so that an engine shows the picture. */
export interface Profile {
  readonly icc: Uint8Array;
  readonly store: (shown: Raster, scene: Scene) => Raster;
}

type Tag = readonly [signature: string, data: Buffer];
type Xyz = readonly [number, number, number];

const fixed = (value: number) => Math.round(value * 65536);

const xyz = (values: Xyz) =>
  Buffer.concat([Buffer.from('XYZ \0\0\0\0'), uint32(...values.map(fixed))]);
/** Samples of 16 bits. */
const limited = (samples: readonly number[]) =>
  uint16(...samples.map((sample) => Math.max(0, Math.min(65535, Math.round(sample)))));
/** A curve of samples from 0 to 65535; of one, a gamma in 256ths; of none, the identity. */
const curve = (samples: readonly number[]) =>
  Buffer.concat([Buffer.from('curv\0\0\0\0'), uint32(samples.length), limited(samples)]);
const parametric = (kind: number, values: readonly number[]) =>
  Buffer.concat([Buffer.from('para\0\0\0\0'), uint16(kind, 0), uint32(...values.map(fixed))]);
const text = (words: string) =>
  Buffer.concat([Buffer.from('text\0\0\0\0'), Buffer.from(`${words}\0`)]);
function description(words: string): Buffer {
  const data = Buffer.alloc(12 + words.length + 1 + 78);
  data.write('desc');
  data.writeUInt32BE(words.length + 1, 8);
  data.write(words, 12, 'latin1');
  return data;
}

/** `mft2`: input tables, a grid of two points a side, output tables, of 16 bits. */
const lut16 = (input: readonly (readonly number[])[], grid: readonly Xyz[]) =>
  Buffer.concat([
    Buffer.from('mft2\0\0\0\0'),
    Buffer.of(input.length, 3, 2, 0),
    uint32(...[1, 0, 0, 0, 1, 0, 0, 0, 1].map(fixed)),
    uint16(input[0]!.length, 2),
    limited([...input.flat(), ...grid.flat(), ...[0, 65535, 0, 65535, 0, 65535]]),
  ]);

const D50: Xyz = [0.9642, 1, 0.8249];
const SRGB: readonly Xyz[] = [
  [0.43607, 0.22249, 0.01392],
  [0.38515, 0.71687, 0.09708],
  [0.14307, 0.06061, 0.7141],
];
const P3: readonly Xyz[] = [
  [0.5151, 0.2412, -0.00105],
  [0.29197, 0.69225, 0.04189],
  [0.15715, 0.06657, 0.78407],
];
const NONE: Xyz = [0, 0, 0];

/** The light of a level of sRGB, 0 to 1. */
const linear = (level: number) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};
const SRGB_CURVE = parametric(3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]);
/** A curve by which a stored level looks as another one. */
const curveOf = (shown: readonly number[]) => curve(shown.map((level) => 65535 * linear(level)));
const levels = Array.from({ length: 256 }, (_, level) => level);

interface ProfileParts {
  space?: string;
  kind?: string;
  pcs?: string;
  version?: number;
  tags: readonly Tag[];
}

/** A profile of the given tags. */
export function profileOf({
  space = 'RGB ',
  kind = 'mntr',
  pcs = 'XYZ ',
  version = 2,
  tags,
}: ProfileParts): Buffer {
  const all: Tag[] = [
    ['desc', description('a')],
    ['cprt', text('none')],
    ['wtpt', xyz(D50)],
    ...tags,
  ];
  const head = Buffer.alloc(132 + 12 * all.length);
  const parts = [head];
  let at = head.length;
  all.forEach(([signature, data], i) => {
    head.write(signature, 132 + 12 * i, 'latin1');
    head.writeUInt32BE(at, 136 + 12 * i);
    head.writeUInt32BE(data.length, 140 + 12 * i);
    const padded = Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
    parts.push(padded);
    at += padded.length;
  });
  head.writeUInt32BE(at, 0);
  head.writeUInt8(version, 8);
  if (version === 4) head.writeUInt8(0x30, 9);
  else head.writeUInt8(0x10, 9);
  head.write(kind, 12, 'latin1');
  head.write(space, 16, 'latin1');
  head.write(pcs, 20, 'latin1');
  [2026, 1, 1, 0, 0, 0].forEach((value, i) => {
    head.writeUInt16BE(value, 24 + 2 * i);
  });
  head.write('acsp', 36);
  D50.forEach((value, i) => {
    head.writeInt32BE(fixed(value), 68 + 4 * i);
  });
  head.writeUInt32BE(all.length, 128);
  return Buffer.concat(parts);
}

const colours = (matrix: readonly Xyz[]): Tag[] =>
  ['rXYZ', 'gXYZ', 'bXYZ'].map((name, i) => [name, xyz(matrix[i]!)]);
const curves = (...three: readonly Buffer[]): Tag[] =>
  ['rTRC', 'gTRC', 'bTRC'].map((name, i) => [name, three[i] ?? three[0]!]);
const rgb = (matrix: readonly Xyz[], ...three: readonly Buffer[]) =>
  profileOf({ tags: [...colours(matrix), ...curves(...three)] });

const asIs = (shown: Raster) => shown;
const plain = (icc: Uint8Array): Profile => ({ icc, store: asIs });

/** A profile whose curve shows each stored level as another, and stores what is shown. */
function byLevels(shown: readonly number[], make = (one: Buffer) => rgb(SRGB, one)): Profile {
  const inverse = new Uint8Array(256);
  shown.forEach((level, stored) => {
    inverse[level] = stored;
  });
  return { icc: make(curveOf(shown)), store: (raster) => byTable(raster, inverse) };
}

/** The listed picture in one channel, the decoy in the two others. */
const inChannel = (channel: number) => (shown: Raster, scene: Scene) =>
  eachPixel(
    shown,
    (pixel, other) => {
      const grey = lumaOf(other);
      const stored = [grey, grey, grey, pixel[3]];
      stored[channel] = lumaOf(pixel);
      return stored;
    },
    decoyFor(shown, scene),
  );

/** A matrix by which one channel is grey, and the others a share of it. */
const alone = (channel: number, rest = 0) =>
  [0, 1, 2].map(
    (i) => D50.map((value) => value * (i === channel ? 1 - 2 * rest : rest)) as unknown as Xyz,
  );

/** A table by which stored levels look as others and then mix. */
const tableOf = (shown: readonly number[], mix: (r: number, g: number, b: number) => Xyz) =>
  lut16(
    [0, 1, 2].map(() => shown.map((level) => 65535 * linear(level))),
    levels.slice(0, 8).map((i) => mix((i >> 2) & 1, (i >> 1) & 1, i & 1)),
  );
/** PCS XYZ of 16 bits has 1 + 32767/32768 at 65535. */
const pcs = (value: number) => value * 32768;
const sum = (r: number, g: number, b: number, matrix = SRGB): Xyz =>
  [0, 1, 2].map((i) =>
    pcs(r * matrix[0]![i]! + g * matrix[1]![i]! + b * matrix[2]![i]!),
  ) as unknown as Xyz;

const halves = levels.map((level) => (level + 128) & 255);
const inverted = levels.map((level) => 255 - level);

/** Profiles by name. */
export const PROFILES: Record<string, (scene: Scene) => Profile> = {
  srgb: () => plain(rgb(SRGB, curveOf(levels))),
  'srgb-v4': () =>
    plain(profileOf({ version: 4, tags: [...colours(SRGB), ...curves(SRGB_CURVE)] })),
  p3: () => plain(profileOf({ version: 4, tags: [...colours(P3), ...curves(SRGB_CURVE)] })),
  adobe: () => plain(rgb(SRGB, curve([563]))),
  linear: () => plain(rgb(SRGB, curve([]))),
  'gamma-tenth': () => plain(rgb(SRGB, curve([26]))),
  'gamma-8': () => plain(rgb(SRGB, curve([8 * 256]))),
  permuted: ({ next }) => byLevels(shuffled(levels, next)),
  'permuted-per-channel': ({ next }) => {
    const tables = [0, 1, 2].map(() => shuffled(levels, next));
    return {
      icc: rgb(SRGB, ...tables.map(curveOf)),
      store: (shown) =>
        eachPixel(shown, (pixel) => [
          ...[0, 1, 2].map((c) => tables[c]!.indexOf(pixel[c]!)),
          pixel[3],
        ]),
    };
  },
  halves: () => byLevels(halves),
  inverted: () => byLevels(inverted),
  'inverted-para': () => ({
    // (1 - x) ^ 2.2
    icc: profileOf({
      version: 4,
      tags: [...colours(SRGB), ...curves(parametric(1, [2.2, -1, 1]))],
    }),
    store: (shown) => byTable(shown, inverted),
  }),
  // The upper bit shows the decoy, the other ones the picture.
  folded: () => ({
    icc: rgb(SRGB, curveOf(levels.map((v) => (v < 128 ? 2 * v : 2 * (255 - v))))),
    store: (shown, scene) =>
      eachPixel(
        shown,
        (pixel, other) => [
          ...pixel.slice(0, 3).map((v) => (lumaOf(other) < 110 ? v >> 1 : 255 - (v >> 1))),
          pixel[3],
        ],
        decoyFor(shown, scene),
      ),
  }),
  // The upper four bits are the decoy's, the lower four the picture's.
  nibbles: () => ({
    icc: rgb(SRGB, curveOf(levels.map((v) => 17 * (v & 15)))),
    store: (shown, scene) =>
      eachPixel(
        shown,
        (pixel, other) => [
          ...[0, 1, 2].map((c) => (other[c]! & 0xf0) | (pixel[c]! >> 4)),
          pixel[3],
        ],
        decoyFor(shown, scene),
      ),
  }),
  'red-alone': () => ({ icc: rgb(alone(0), curveOf(levels)), store: inChannel(0) }),
  'green-alone': () => ({ icc: rgb(alone(1), curveOf(levels)), store: inChannel(1) }),
  'blue-alone': () => ({ icc: rgb(alone(2), curveOf(levels)), store: inChannel(2) }),
  'blue-alone-para': () => ({
    icc: profileOf({ version: 4, tags: [...colours(alone(2)), ...curves(SRGB_CURVE)] }),
    store: inChannel(2),
  }),
  'blue-mostly': () => ({ icc: rgb(alone(2, 0.02), curveOf(levels)), store: inChannel(2) }),
  'blue-by-flat-curves': () => ({
    icc: rgb([NONE, NONE, D50], curve([0, 0]), curve([0, 0]), curveOf(levels)),
    store: inChannel(2),
  }),
  'blue-by-black-curves': () => ({
    icc: rgb(alone(2, 0.2), curve([0, 0, 0, 1]), curve([0, 0, 0, 1]), curveOf(levels)),
    store: inChannel(2),
  }),
  'blue-less-red': () => ({
    icc: rgb([D50.map((v) => -0.6 * v) as unknown as Xyz, NONE, D50], curveOf(levels)),
    store: inChannel(2),
  }),
  'channels-turned': () => ({
    icc: rgb([SRGB[1]!, SRGB[2]!, SRGB[0]!], curveOf(levels)),
    store: (shown) => eachPixel(shown, ([r, g, b, a]) => [g, b, r, a]),
  }),
  'white-odd': () => plain(rgb([D50, D50, D50], curveOf(levels))),
  'steep-in-the-dark': () => ({
    // Levels over 32 are white; a monotone curve all the same.
    icc: rgb(SRGB, curveOf(levels.map((v) => Math.min(255, 8 * v)))),
    store: (shown) =>
      byTable(
        shown,
        levels.map((v) => v >> 3),
      ),
  }),
  'band-in-the-bright': () => ({
    // Black to 223: the decoy's shadows; a monotone curve all the same.
    icc: rgb(SRGB, curveOf(levels.map((v) => Math.max(0, Math.min(255, 8 * (v - 223)))))),
    store: (shown, scene) =>
      eachPixel(
        shown,
        (pixel, other) => [
          ...[0, 1, 2].map((c) => (pixel[c]! < 24 ? other[c]! * 0.85 : 223 + (pixel[c]! >> 3))),
          pixel[3],
        ],
        decoyFor(shown, scene),
      ),
  }),
  lut: () => ({
    icc: profileOf({
      kind: 'scnr',
      tags: [['A2B0', tableOf(inverted, (r, g, b) => sum(r, g, b))]],
    }),
    store: (shown) => byTable(shown, inverted),
  }),
  'lut-blue': () => ({
    icc: profileOf({
      tags: [['A2B0', tableOf(levels, (_r, _g, b) => sum(b, b, b))]],
    }),
    store: inChannel(2),
  }),
  'lut-beside-matrix': () => ({
    icc: profileOf({
      tags: [
        ...colours(SRGB),
        ...curves(curveOf(levels)),
        ['A2B0', tableOf(levels, (_r, _g, b) => sum(b, b, b))],
      ],
    }),
    store: inChannel(2),
  }),
  'lut-perceptual-alone': () => ({
    icc: profileOf({
      tags: [
        ...colours(SRGB),
        ...curves(curveOf(levels)),
        ['A2B1', tableOf(levels, (_r, _g, b) => sum(b, b, b))],
      ],
    }),
    store: inChannel(2),
  }),
  'grey-permuted': ({ next }) =>
    byLevels(shuffled(levels, next), (one) => profileOf({ space: 'GRAY', tags: [['kTRC', one]] })),
  'grey-inverted': () =>
    byLevels(inverted, (one) => profileOf({ space: 'GRAY', tags: [['kTRC', one]] })),
  'of-inks': () =>
    plain(
      profileOf({
        space: 'CMYK',
        kind: 'prtr',
        tags: [...colours(SRGB), ...curves(curveOf(levels))],
      }),
    ),
  'of-lab': () => ({
    icc: profileOf({ pcs: 'Lab ', tags: [...colours(alone(2)), ...curves(curveOf(levels))] }),
    store: inChannel(2),
  }),
  'of-printers': () => ({
    icc: profileOf({ kind: 'prtr', tags: [...colours(alone(2)), ...curves(curveOf(levels))] }),
    store: inChannel(2),
  }),
  'of-links': () => ({
    icc: profileOf({ kind: 'link', tags: [...colours(alone(2)), ...curves(curveOf(levels))] }),
    store: inChannel(2),
  }),
  'cut-short': () => ({
    icc: rgb(alone(2), curveOf(levels)).subarray(0, 400),
    store: inChannel(2),
  }),
  'tags-twice': () => ({
    icc: profileOf({
      tags: [...colours(SRGB), ...colours(alone(2)), ...curves(curveOf(levels))],
    }),
    store: inChannel(2),
  }),
};

/** Stores the picture so that it is seen by a profile, which `put` puts into the file. */
export const storedBy =
  <Plan extends { picture: Raster }>(
    name: string,
    put: (plan: Plan, icc: Uint8Array, scene: Scene) => unknown,
  ): Step<Plan> =>
  (plan, scene) => {
    const { icc, store } = PROFILES[name]!(scene);
    plan.picture = store(plan.picture, scene);
    return put(plan, icc, scene);
  };

/** Data of an iCCP chunk. */
export const iccpOf = (icc: Uint8Array) => Buffer.concat([Buffer.from('a\0\0'), deflateSync(icc)]);
