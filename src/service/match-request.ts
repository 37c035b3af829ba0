import {
  ALGORITHMS,
  type Hash,
  type HashJSON,
  hashFromHex,
  hashFromJSON,
  newHash,
} from '../hash.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { Refusal, type Schema } from './route.js';

/** More than the most that one picture gives, at its most thorough. */
const MOST_VARIANTS = 600;

const ALGORITHM = { enum: ALGORITHMS } as const;
const HEX = { type: 'string', pattern: '^([0-9a-fA-F]{16}|[0-9a-fA-F]{64})$' } as const;
const DECODING = { enum: ['full', 'draft'] } as const;
const HASH = {
  description: 'hex, with the algorithm beside it; or both',
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

/** A hashed picture: as `JSON.stringify` writes one of `hashFile`, or `hash --json` prints it. */
export const IMAGE_SCHEMA: Schema = {
  title: 'A hash, with the hashes of variants if there are any',
  type: 'object',
  required: ['hash'],
  properties: {
    ...HASHED,
    variants: {
      type: 'array',
      maxItems: MOST_VARIANTS,
      description: 'in the order in which they are searched',
      items: {
        type: 'object',
        required: ['name', 'hash'],
        properties: { ...HASHED, name: { type: 'string', pattern: '^[A-Za-z0-9]{1,40}$' } },
      },
    },
  },
};

/** What `IMAGE_SCHEMA` lets through. */
interface HashedJSON {
  readonly hash: string | HashJSON;
  readonly algorithm?: Hash['algorithm'];
  readonly quality?: number;
  readonly resample?: 512 | 'none';
  readonly decoding?: 'full' | 'draft';
}
interface ImageJSON extends HashedJSON {
  readonly variants?: readonly (HashedJSON & { readonly name: HashedVariant['name'] })[];
}

/**
 * The hashed picture of a body that `IMAGE_SCHEMA` describes. Of its variants, neither geometry nor
 * ranks are read.
 * @throws {Refusal} 400 if an algorithm has no such hash, or none is named
 */
export function imageFrom(body: unknown): HashedImage {
  const { variants = [], ...main } = body as ImageJSON;
  const image = hashedFrom(main, undefined);
  return {
    ...image,
    variants: variants.map((variant) => ({
      name: variant.name,
      ...hashedFrom(variant, image.hash.algorithm),
    })),
  };
}

/** How many different hashes are asked about. */
export const hashesOf = ({ hash, variants }: HashedImage): number =>
  new Set([hash, ...variants.map((variant) => variant.hash)].map((one) => JSON.stringify(one)))
    .size;

function hashedFrom(
  { hash, algorithm, quality, resample, decoding }: HashedJSON,
  usual: Hash['algorithm'] | undefined,
): Omit<HashedImage, 'variants'> {
  const read = hashFrom(hash, algorithm ?? usual);
  const mark = read.decoding ?? decoding;
  return {
    hash: newHash(read.algorithm, read.bytes, mark),
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(mark === 'draft' && { decoding: mark }),
  };
}

function hashFrom(hash: string | HashJSON, algorithm: Hash['algorithm'] | undefined): Hash {
  if (typeof hash === 'string' && algorithm === undefined) {
    throw new Refusal('bad-request', 'expected body.algorithm');
  }
  try {
    return typeof hash === 'string' ? hashFromHex(algorithm!, hash) : hashFromJSON(hash);
  } catch {
    throw new Refusal('bad-request', 'expected a hash of as many digits as its algorithm has');
  }
}
