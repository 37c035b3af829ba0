import { ALGORITHMS, type Algorithm, hashFromHex, newHash } from '../../hash.js';
import { HEX } from '../../matching/decision-schema.js';
import type { HashedImage, HashedVariant } from '../../variant.js';
import type { FromSchema, Schema } from '../http/json-schema.js';
import { Refusal } from '../http/route.js';

/** More than the variants of any picture, at its most thorough. */
const MOST_VARIANTS = 600;

const ALGORITHM = { enum: ALGORITHMS } as const;
const DECODING = { enum: ['full', 'draft'] } as const;
const HASH = {
  description:
    'hex, with `algorithm` beside it, or an object with both; 64 digits without one are PDQ',
  anyOf: [
    HEX,
    {
      type: 'object',
      required: ['algorithm', 'hash'],
      properties: { algorithm: ALGORITHM, hash: HEX, decoding: DECODING },
    },
  ],
} as const;
const HASHED = {
  hash: HASH,
  algorithm: ALGORITHM,
  quality: { type: 'number', minimum: 0, maximum: 100 },
  resample: { enum: [512, 'none'] },
  decoding: DECODING,
} as const;

/** A hashed picture, as `JSON.stringify` writes one of `hash`, or as `hash --json` prints it. */
export const IMAGE_SCHEMA = {
  title: 'A hash, with the hashes of variants if there are any',
  type: 'object',
  required: ['hash'],
  properties: {
    ...HASHED,
    variants: {
      type: 'array',
      maxItems: MOST_VARIANTS,
      description: 'in search order',
      items: {
        type: 'object',
        required: ['name', 'hash'],
        properties: { ...HASHED, name: { type: 'string', pattern: '^[A-Za-z0-9]{1,40}$' } },
      },
    },
  },
} as const satisfies Schema;

/** A picture hashed by the caller. */
export type ImageJSON = FromSchema<typeof IMAGE_SCHEMA>;
type HashedJSON = Omit<ImageJSON, 'variants'>;

/**
 * The hashed picture of a body. Geometry and ranks of its variants are ignored.
 * @throws {Refusal} 400 if a hash does not fit its algorithm, or none is given
 */
export function imageFrom({ variants = [], ...main }: ImageJSON): HashedImage {
  const image = hashedFrom(main, undefined);
  return {
    ...image,
    variants: variants.map((variant) => ({
      name: variant.name as HashedVariant['name'],
      ...hashedFrom(variant, image.hash.algorithm),
    })),
  };
}

/** Number of distinct hashes in the query. */
export const hashesOf = ({ hash, variants }: HashedImage): number =>
  new Set([hash, ...variants.map((variant) => variant.hash)].map((one) => JSON.stringify(one)))
    .size;

function hashedFrom(
  { hash, algorithm, quality, resample, decoding }: HashedJSON,
  usual: Algorithm | undefined,
): Omit<HashedImage, 'variants'> {
  const named =
    typeof hash === 'string'
      ? orPdq({ hash, algorithm: algorithm ?? usual, decoding } as const)
      : hash;
  if (named.algorithm === undefined) throw new Refusal('bad-request', 'expected body.algorithm');
  const isDraft = decoding === 'draft' || named.decoding === 'draft';
  return {
    hash: newHash(
      named.algorithm,
      bytesOf(named.algorithm, named.hash),
      isDraft ? 'draft' : 'full',
    ),
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(isDraft && { decoding: 'draft' }),
  };
}

/** A hash in JSON. As in lists, 64 hex digits that name no algorithm are PDQ. */
export function orPdq<Key extends object>(key: Key): Key {
  const { algorithm, hash } = key as { algorithm?: unknown; hash?: unknown };
  const isBare = algorithm === undefined && typeof hash === 'string' && hash.length === 64;
  return isBare ? { ...key, algorithm: 'pdq' } : key;
}

function bytesOf(algorithm: Algorithm, hex: string): Uint8Array {
  try {
    return hashFromHex(algorithm, hex).bytes;
  } catch {
    throw new Refusal('bad-request', 'expected a hash with the number of digits of its algorithm');
  }
}
