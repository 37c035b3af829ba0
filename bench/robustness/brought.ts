import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Edited, Transform } from './edit.js';
import type { Raster } from './raster.js';

/*
 * The hash and the edits that an outsider brings, each in a module of its own. Their paths are data
 * of the process and its workers, and must be set before anything else of the benchmark is loaded.
 */

/** Another hash that is taken of the same edited pixels, without variants. */
export interface Peer {
  readonly name: string;
  /** distances up to which it is taken to match: its own first */
  readonly thresholds: readonly [number, ...number[]];
  /** `undefined` if its package is not installed */
  hash(raster: Raster): Promise<Uint8Array | undefined>;
}

/** Paths of modules. */
export interface Brought {
  /** exports `hash`, and may export `name` and `thresholds` */
  readonly hash?: string | undefined;
  /** exports `edits`, which take the place of our own */
  readonly edits?: string | undefined;
}

const KEY = 'onlyhashes bench robustness';

/** Of the distances of a histogram. */
const MOST_BITS = 256;

export const bring = ({ hash, edits }: Brought): void => setEnvironmentData(KEY, { hash, edits });

const brought = () => (getEnvironmentData(KEY) ?? {}) as Brought;

async function load(path: string): Promise<Record<string, unknown>> {
  const { default: standard, ...named } = await import(pathToFileURL(path).href);
  return { ...(typeof standard === 'object' && standard), ...named };
}

const isList = (value: unknown, is: (one: unknown) => boolean): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0 && value.every(is);

/**
 * The hash that was brought, beside those of others.
 * @throws {TypeError} if its module does not export what is expected
 */
export async function broughtHash(): Promise<readonly Peer[]> {
  const { hash: path } = brought();
  if (path === undefined) return [];
  const { hash, name = basename(path, extname(path)), thresholds = [10] } = await load(path);
  if (typeof hash !== 'function') throw new TypeError(`${path}: expected to export hash(picture)`);
  if (typeof name !== 'string') throw new TypeError(`${path}: expected name to be text`);
  const isBits = (bits: unknown) =>
    Number.isInteger(bits) && Number(bits) >= 0 && Number(bits) <= MOST_BITS;
  if (!isList(thresholds, isBits)) {
    throw new TypeError(`${path}: expected thresholds to be a list of distances in bits`);
  }
  let length: number | undefined;
  return [
    {
      name,
      thresholds: thresholds as unknown as Peer['thresholds'],
      async hash(raster: Raster) {
        const bytes = bytesOf(await hash(raster), path);
        length ??= bytes.length;
        if (bytes.length === length) return bytes;
        throw new TypeError(`${path}: expected ${length} bytes again, got ${bytes.length}`);
      },
    },
  ];
}

/** A hash in bytes or hex: whole words, as distances are counted by them. */
function bytesOf(hash: unknown, path: string): Uint8Array {
  const bytes =
    typeof hash === 'string' && /^([\da-f]{2})+$/i.test(hash) ? Buffer.from(hash, 'hex') : hash;
  const isWhole = bytes instanceof Uint8Array && bytes.length > 0 && bytes.length % 4 === 0;
  if (isWhole && 8 * bytes.length <= MOST_BITS) return Uint8Array.from(bytes);
  throw new TypeError(
    `${path}: expected hash() to give 32, 64, … 256 bits, as a Uint8Array or hex digits`,
  );
}

/**
 * The edits that were brought, in place of our own.
 * @returns undefined without
 * @throws {TypeError} if their module does not export what is expected
 */
export async function broughtEdits(): Promise<readonly Transform[] | undefined> {
  const { edits: path } = brought();
  if (path === undefined) return undefined;
  const { edits } = await load(path);
  const isEdit = (edit: unknown) => {
    const { name, apply } = { ...(edit as Transform) };
    return typeof name === 'string' && typeof apply === 'function';
  };
  if (!isList(edits, isEdit)) {
    throw new TypeError(
      `${path}: expected to export edits, a list of { name, apply(photo, { random, filler }) }`,
    );
  }
  return (edits as readonly Transform[]).map(({ name, family = 'brought', apply, applies }) => ({
    ...{ name, family },
    ...(applies && { applies }),
    async apply(photo, materials) {
      const made = (await apply(photo, materials)) as Edited | Raster;
      const edited = 'pixels' in made ? made : { pixels: made };
      if (isRaster(edited.pixels)) return edited;
      throw new TypeError(
        `${path}: expected ${name} to give { data, width, height, channels: 3 }, RGB in a Uint8Array`,
      );
    },
  }));
}

function isRaster({ data, width, height, channels }: Raster): boolean {
  if (!(data instanceof Uint8Array) || channels !== 3) return false;
  return Number.isInteger(width) && width > 0 && data.length === 3 * width * height;
}
