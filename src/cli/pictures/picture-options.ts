import { ALGORITHMS, DIGESTS, type Digest, type VariantProfile } from '../../index.js';
import type { HashFileOptions } from '../../node/index.js';
import type { Call, Option } from '../command.js';

/** The profiles in their order; a missing one is a type error. */
const PROFILES = Object.keys({
  none: 1,
  orientation: 1,
  dihedral: 1,
  quick: 1,
  thorough: 1,
} satisfies Record<VariantProfile, 1>);

export const isDigest = (algorithm: string | undefined): algorithm is Digest =>
  DIGESTS.includes(algorithm as Digest);

/** The algorithms of pictures. */
export const OF_PICTURES = ALGORITHMS.filter((algorithm) => !isDigest(algorithm));

/** The options for reading and hashing, of every command that takes pictures. */
export const PICTURE_OPTIONS = {
  algorithm: {
    about: 'hash algorithm; the last three are of whole files, whatever they are',
    choices: ALGORITHMS,
    default: 'pdq',
  },
  bits: { about: 'length of the hash in bits; pdq always has 256', choices: ['64', '256'] },
  resample: {
    about: 'for pdq: scale pictures over 512 pixels to 512 x 512 first, or not at all',
    choices: ['512', 'none'],
    default: '512',
    needs: { algorithm: ['pdq'] },
  },
  exact: {
    about: 'for pdq: round in the order of the reference throughout',
    needs: { algorithm: ['pdq'] },
  },
  orientation: {
    about: 'hash the picture as displayed, or as its file stores it',
    choices: ['display', 'stored'],
    default: 'display',
  },
  variants: {
    about: 'variants of each picture to hash as well',
    choices: PROFILES,
    default: 'orientation',
    needs: { orientation: ['display'] },
  },
  lenient: { about: 'hash the readable part of a damaged picture' },
  'max-megapixels': {
    about: 'largest picture to decode, in units of 2^20 pixels',
    value: 'N',
    range: [1, 1000],
    default: '64',
  },
} as const satisfies Record<string, Option>;

/** The `PICTURE_OPTIONS` of the command line, in the form for `hash`. */
export function hashOptions(call: Call) {
  const bits = call.text('bits');
  return {
    algorithm: call.text('algorithm') as 'pdq',
    ...(bits === undefined ? {} : { bits: Number(bits) as 64 | 256 }),
    resample: call.text('resample') === 'none' ? ('none' as const) : (512 as const),
    exact: call.on('exact'),
    orientation: call.text('orientation') as 'display' | 'stored',
    variants: call.text('variants') as 'orientation',
    lenient: call.on('lenient'),
    maxPixels: call.number('max-megapixels') * 2 ** 20,
  } satisfies HashFileOptions;
}
