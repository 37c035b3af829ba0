import { distance, newHash } from '../hash.js';
import type { Hashed } from '../hashing/hash-options.js';
import { isResampled } from '../hashing/pdq.js';
import { pdqRegion } from '../hashing/pdq-region.js';
import { invert } from '../kernels/plane.js';
import type { CheckedPixels } from '../pixels.js';
import {
  DIHEDRAL_NAMES,
  DIHEDRAL_ORIENTATIONS,
  type DihedralName,
  type HashedVariant,
  type NearAt,
  type VariantsThenCloser,
} from '../variant.js';
import type { Placement } from './detect/detector.js';
import { wholeWithMargins } from './detect/margins.js';
import { dihedralHasher } from './dihedral-forms.js';
import type { Hasher } from './forms.js';
import { isOfLoneEdge, LEAST_QUALITY, windowsOf } from './list-crops.js';
import { type NearPlace, refined } from './refine.js';
import { QUICK, THOROUGH, thoroughVariants } from './thorough.js';
import { looksCloser, MOST_HASHES, type VariantOptions } from './variant-profile.js';
import { contiguousPixels, partOf, pixelsFor, turned, type View } from './view.js';
import { planeOf, planeOfPart, planePixels } from './working-plane.js';

/**
 * The variants that follow those that the file itself may be taken for: windows, mirrored and
 * turned forms, and what undoes edits. In a browser they come from a script of their own.
 * @param view the whole picture as displayed
 * @param options checked by the caller
 * @param hash of the algorithm that `options` name: who needs PDQ alone need not load the others
 * @param already variants that it has, `original` first: there are `MOST_HASHES` in all, beside
 *   those that `refined` tries where a picture came near an entry
 * @returns what looks closer, if the algorithm has that
 */
export function* furtherVariants(
  view: View,
  options: Pick<VariantOptions, 'variants' | 'algorithm' | 'resample' | 'exact' | 'crops'>,
  hash: Hasher,
  already: readonly HashedVariant[],
): VariantsThenCloser {
  const { variants = 'orientation', algorithm = 'pdq', resample = 512 } = options;
  const isPdq = algorithm === 'pdq';
  let room = MOST_HASHES - already.length;
  if (options.crops) {
    for (const { name, rectangle } of windowsOf(view)) {
      const found = hash(pixelsFor(partOf(view, rectangle), algorithm, resample));
      if ((found.quality ?? 100) < LEAST_QUALITY || isOfLoneEdge(found.hash)) continue;
      room--;
      yield { name, ...found, geometry: { rectangle } };
    }
  }
  const { width, height } = view;
  const frame = { left: 0, top: 0, width, height };
  if (variants === 'dihedral') {
    const moved = (name: DihedralName) =>
      hash(contiguousPixels(turned(view, DIHEDRAL_ORIENTATIONS[name])));
    const { exact = false } = options;
    const formHash = isPdq ? dihedralHasher(view, { resample, exact }) : moved;
    for (const name of DIHEDRAL_NAMES) {
      if (name === 'original') continue;
      yield { name, ...formHash(name), geometry: { rectangle: frame, dihedral: name } };
    }
  }
  const rows = variants === 'thorough' ? THOROUGH : variants === 'quick' ? QUICK : undefined;
  if (rows === undefined) return undefined;
  const plane = planeOf(view);
  const placed = (placement: Placement, convention = resample): HashedVariant => {
    room--;
    const { name, geometry } = placement;
    if (name === 'inverted') {
      // No copy of a large picture: PDQ reads a sample of it.
      const upright = () =>
        isPdq ? pixelsFor(view, algorithm, resample) : planePixels(plane, geometry);
      return { ...invertedOf(already[0]!, upright, hash), name, geometry };
    }
    const placedHash = isPdq
      ? pdqRegion(placement.plane ?? planeOfPart(plane, geometry), geometry, convention)
      : hash(planePixels(plane, geometry));
    return { name, ...placedHash, geometry };
  };
  if (variants === 'thorough' && isPdq && isResampled(width, height, 512)) {
    const other = { name: 'otherResample', geometry: { rectangle: frame } } as const;
    yield placed(other, resample === 512 ? 'none' : 512);
  }
  /** by the number of variants before each */
  const places = new Map<number, Placement>();
  places.set(0, { name: 'uncrop', geometry: { rectangle: frame } });
  for (const placement of thoroughVariants(plane, rows)) {
    if (room === 0) break;
    places.set(MOST_HASHES - room, placement);
    yield placed(placement);
  }
  if (!looksCloser(options)) return undefined;
  const nearPlace = (near: NearAt): NearPlace[] => {
    const placement = places.get(near.at);
    if (placement === undefined || placement.name === 'inverted') return [];
    // Of a form of the whole picture, what lies around it comes into sight.
    const { width: across, height: down } = placement.geometry.rectangle;
    const isWhole = across === width && down === height && !placement.geometry.corners;
    const moved = isWhole ? { name: 'uncrop' as const, plane: wholeWithMargins(plane) } : {};
    return [{ placement: { ...placement, ...moved }, ...near }];
  };
  const distanceAt = (placement: Placement, { hashes, leastQuality }: NearPlace) => {
    const { hash, quality } = placed(placement);
    if ((quality ?? 100) < leastQuality) return 256;
    return Math.min(...hashes.map((other) => distance(hash, other)));
  };
  return function* (nears) {
    for (const placement of refined(nears.flatMap(nearPlace), distanceAt)) yield placed(placement);
  };
}

/**
 * The hash of the picture with its brightness inverted. For PDQ it is the original's with every bit
 * changed, if that has as many ones as zeros: as luma is inverted, so is every coefficient.
 */
function invertedOf(original: HashedVariant, upright: () => CheckedPixels, hash: Hasher): Hashed {
  const { name: _, ...hashed } = original;
  const { algorithm, bytes } = hashed.hash;
  if (algorithm === 'pdq' && onesOf(bytes) === 128) {
    return {
      ...hashed,
      hash: newHash(
        algorithm,
        bytes.map((byte) => ~byte),
      ),
    };
  }
  const pixels = upright();
  const data = new Uint8Array(pixels.data.length);
  invert(pixels.data, pixels.channels, data);
  return hash({ ...pixels, data });
}

function onesOf(bytes: Uint8Array): number {
  let ones = 0;
  for (const byte of bytes) for (let bit = byte; bit > 0; bit &= bit - 1) ones++;
  return ones;
}
