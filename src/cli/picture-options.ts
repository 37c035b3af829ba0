import { ALGORITHMS } from '../index.js';
import type { HashFileOptions } from '../node/index.js';
import { VARIANT_PROFILES } from '../variants/index.js';
import type { Call, Option } from './command.js';

/** The options of every command that takes pictures: how they are read and hashed. */
export const PICTURE_OPTIONS = {
  algorithm: { about: 'which hash', choices: ALGORITHMS, default: 'pdq' },
  bits: { about: 'bits of the hash, for all but pdq', choices: ['64', '256'] },
  resample: {
    about: "PDQ's size convention",
    choices: ['512', 'none'],
    default: '512',
    needs: { algorithm: ['pdq'] },
  },
  exact: {
    about: "PDQ by the reference's own order of roundings throughout",
    needs: { algorithm: ['pdq'] },
  },
  orientation: {
    about: 'hash the picture as shown, or as its file stores it',
    choices: ['display', 'stored'],
    default: 'display',
  },
  variants: {
    about: 'what else is hashed of each picture',
    choices: VARIANT_PROFILES,
    default: 'orientation',
    needs: { orientation: ['display'] },
  },
  lenient: { about: 'take what can be read of a damaged picture' },
  'max-megapixels': {
    about: 'largest picture that is decoded, in units of 2^20 pixels',
    value: 'N',
    range: [1, 1000],
    default: '64',
  },
} as const satisfies Record<string, Option>;

/** The command line's `PICTURE_OPTIONS` as `hashFile` takes them. */
export function hashOptions(call: Call): HashFileOptions {
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
  };
}
