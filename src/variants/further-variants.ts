import { distance, hashToHex, newHash } from '../hash.js';
import type { Hashed } from '../hashing/hash-options.js';
import { isResampled } from '../hashing/pdq.js';
import { invert } from '../kernels/pixels/plane.js';
import { type Arena, leaseArena } from '../kernels/simd/arena.js';
import type { CheckedPixels } from '../pixels.js';
import {
  DIHEDRAL_NAMES,
  DIHEDRAL_ORIENTATIONS,
  type DihedralName,
  type HashedVariant,
  type VariantGeometry,
  type VariantName,
  type VariantsThenCloser,
} from '../variant.js';
import type { Placement } from './detect/detector.js';
import { wholeWithMargins } from './detect/margins.js';
import { dihedralHasher } from './dihedral-forms.js';
import type { Hasher } from './forms.js';
import { innerPictures } from './inner-pictures.js';
import { isOfLoneEdge, LEAST_QUALITY, listCropsOf } from './list-crops.js';
import { distinct, type Look, looksOf, type SeenPicture } from './looks.js';
import { partHashes, regionHash } from './parts.js';
import { FARTHEST, refined } from './refine.js';
import { QUICK, THOROUGH, thoroughVariants } from './thorough.js';
import { looksCloser, MOST_HASHES, type VariantOptions } from './variant-profile.js';
import { contiguousPixels, partOf, pixelsFor, turned, type View } from './view.js';
import { planeOf, planePixels, type WorkingPlane, workingPlane } from './working-plane.js';

export { partsOfPicture } from './parts.js';

type Options = Pick<
  VariantOptions,
  'variants' | 'algorithm' | 'resample' | 'exact' | 'crops' | 'inner' | 'parts'
>;

/**
 * The variants after those in which viewers may show the file: other looks, list crops, mirrored
 * and turned forms, and undone edits. In a browser they come from a script of their own. Parts of
 * looks come in turn; each look has an equal share of the room, and of what those before it left.
 * @param picture its list crops are those of stored pixels, as in lists
 * @param already variants that it has, `original` first: there are `MOST_HASHES` in all, besides
 *   those that `refined` tries if a picture is near an entry
 * @param options checked by the caller
 * @param hash of the algorithm in `options`: callers that need only PDQ need not load the others
 */
export function* furtherVariants(
  picture: SeenPicture,
  already: readonly HashedVariant[],
  options: Options,
  hash: Hasher,
): VariantsThenCloser {
  const lease = leaseArena();
  try {
    yield* variantsIn(lease.arena, picture, already, options, hash);
  } finally {
    lease.giveBack();
  }
}

function* variantsIn(
  arena: Arena,
  picture: SeenPicture,
  already: readonly HashedVariant[],
  options: Options,
  hash: Hasher,
): VariantsThenCloser {
  const { variants = 'orientation', algorithm = 'pdq', resample = 512 } = options;
  let count = already.length;
  const known = new Set(already.map((variant) => hashToHex(variant.hash)));
  const samplers: Sampler[] = [];
  for (const look of distinct([...looksOf(picture, already)])) {
    const { at = count, of, given } = look;
    const whole = already[at] ?? {
      ...{ name: of.look!, ...hash(pixelsFor(look.view(), algorithm, resample)) },
      ...(of.frame !== undefined && { frame: of.frame }),
    };
    samplers.push(samplerOf(arena, { ...look, at }, whole, options, hash));
    if (at < count) continue;
    count++;
    const shown = given(whole);
    // No list accepts a draft.
    if (!shown.decoding) known.add(hashToHex(shown.hash));
    yield shown;
  }
  const others = count;
  if (options.inner) {
    for (const variant of innerVariants(samplers[0]!, options)) {
      count++;
      yield picture.given(variant);
    }
    for (const variant of picture.frames ?? []) {
      const hex = hashToHex(variant.hash);
      if ((variant.quality ?? 100) < LEAST_QUALITY || known.has(hex)) continue;
      known.add(hex);
      count++;
      yield variant;
    }
  }
  if (options.crops) {
    const plane = options.parts && algorithm === 'pdq' ? planeOf(picture.view) : undefined;
    for (const { name, rectangle } of listCropsOf(picture.view, options.crops === 'anywhere')) {
      const found = hash(pixelsFor(partOf(picture.view, rectangle), algorithm, resample));
      if ((found.quality ?? 100) < LEAST_QUALITY || isOfLoneEdge(found.hash)) continue;
      count++;
      const geometry = { rectangle };
      const parts = plane && { parts: partHashes(plane, { geometry }, resample) };
      yield picture.given({ name, ...found, ...parts, geometry });
    }
  }
  // Neither inner pictures, nor frames for a list, nor list crops take a place of the profile's.
  const crops = count - others;
  if (variants === 'none' || variants === 'orientation') return;
  /** by the number of earlier variants */
  const places = new Map<number, SampledPlace>();
  for (const [turn, sampler] of samplers.entries()) {
    const { at, of, given } = sampler.look;
    let room = Math.floor((MOST_HASHES + crops - count) / (samplers.length - turn));
    const { width, height } = sampler.view();
    const rectangle = { left: 0, top: 0, width, height };
    const variant = given({ ...sampler.whole, ...of });
    places.set(at!, { name: 'uncrop', geometry: { rectangle }, sampler, isWhole: true, variant });
    for (const { variant, place } of room > 0 ? partsOf(sampler, options, hash) : []) {
      const shown = given({ ...variant, ...of });
      if (place) {
        // A moved form of the whole picture shows its surroundings.
        const { width: across, height: down } = place.geometry.rectangle;
        const isWhole = across === width && down === height && !place.geometry.corners;
        places.set(count, { ...place, sampler, isWhole, variant: shown });
      }
      count++;
      yield shown;
      if (--room === 0) break;
    }
    sampler.letGo();
  }
  if (!looksCloser(options)) return;
  const nears = (yield undefined) ?? [];
  const near = nears.flatMap(({ at, ...rest }) => {
    const placement = places.get(at);
    return placement ? [{ ...rest, placement }] : [];
  });
  /** the only look whose copy is kept */
  let open: Sampler | undefined;
  const opened = (sampler: Sampler): Sampler => {
    if (open !== sampler) open?.letGo();
    open = sampler;
    return sampler;
  };
  const movedPlace = ({ sampler, isWhole, ...place }: SampledPlace): Placement => {
    if (!isWhole) return place;
    return { ...place, name: 'uncrop', plane: wholeWithMargins(opened(sampler).plane()) };
  };
  const hashOf = (place: SampledPlace): HashedVariant =>
    opened(place.sampler).placed(movedPlace(place));
  const withParts = near
    .filter(({ nearestParts }) => nearestParts !== undefined)
    .sort((a, b) => a.nearestParts! - b.nearestParts!)
    .slice(0, MOST_WITH_PARTS)
    // A look is made once.
    .sort((a, b) => a.placement.sampler.look.at! - b.placement.sampler.look.at!);
  for (const { placement } of withParts) {
    const { variant, sampler } = placement;
    yield { ...variant, parts: opened(sampler).partsAt(placement, variant.resample) };
  }
  const movable = near.filter(
    ({ hashes, placement }) => hashes.length > 0 && !FIXED.includes(placement.name),
  );
  const moved = refined(movable, (placement, { hashes, leastQuality }) => {
    const { hash, quality } = hashOf(placement);
    if ((quality ?? 100) < leastQuality) return 256;
    return Math.min(...hashes.map((other) => distance(hash, other)));
  });
  for (const [place, { distance, nearestParts }] of moved) {
    const { of, given } = place.sampler.look;
    const variant = given({ ...hashOf(place), ...of });
    const isFar = distance > FARTHEST;
    if (!isFar) yield variant;
    if (nearestParts !== undefined) {
      const parts = place.sampler.partsAt(movedPlace(place));
      yield { ...variant, parts, ...(isFar && { partsAtMost: FAR_PARTS }) };
    }
  }
}

/** Forms of the whole picture that do not move. */
const FIXED: readonly VariantName[] = ['inverted', 'otherResample'];

/** A place moved from beyond `FARTHEST` counts only if its parts are within this many bits. */
const FAR_PARTS = 40;

/** The most places whose parts are compared, the nearest first: 0.6 ms each. */
const MOST_WITH_PARTS = 16;

/** Hashes parts of a look. Its pixels and plane are made when they are needed. */
interface Sampler {
  readonly look: Look;
  /** the whole look */
  readonly whole: HashedVariant;
  view(): View;
  plane(): WorkingPlane;
  /** @param convention PDQ's, if not that of the options */
  placed(placement: Placement, convention?: 512 | 'none'): HashedVariant;
  /** The hashes of the parts of a place. @param convention as for `placed` */
  partsAt(placement: Placement, convention?: 512 | 'none'): string;
  /** Frees a copy of the pixels: it is made again if needed. */
  letGo(): void;
}

interface SampledPlace extends Placement {
  readonly sampler: Sampler;
  /** the variant of the place, as it was returned */
  readonly variant: HashedVariant;
  readonly isWhole: boolean;
}

function samplerOf(
  arena: Arena,
  look: Look,
  whole: HashedVariant,
  { algorithm = 'pdq', resample = 512 }: Options,
  hash: Hasher,
): Sampler {
  let seen: View | undefined;
  let reduced: WorkingPlane | undefined;
  const view = () => {
    seen ??= look.view();
    return seen;
  };
  const plane = () => {
    reduced ??= planeOf(view(), undefined, arena);
    return reduced;
  };
  return {
    ...{ look, whole, view, plane },
    partsAt: (placement, convention = resample) => partHashes(plane(), placement, convention),
    placed(placement, convention = resample) {
      const { name, geometry } = placement;
      if (name === 'inverted') {
        // No copy of a large picture: PDQ reads a sample of it.
        const upright = () =>
          algorithm === 'pdq'
            ? pixelsFor(view(), algorithm, resample)
            : planePixels(plane(), geometry);
        return { ...invertedOf(whole, upright, hash), name, geometry };
      }
      const placedHash =
        algorithm === 'pdq'
          ? regionHash(plane(), placement, convention)
          : hash(planePixels(plane(), geometry));
      return { name, ...placedHash, geometry };
    },
    letGo() {
      if (!look.isCopy) return;
      seen = undefined;
      reduced = undefined;
    },
  };
}

/** The pictures in a look, for a list: without those that are too plain for one. */
function* innerVariants(
  { look, plane, placed, partsAt }: Sampler,
  { algorithm = 'pdq', parts = false }: Options,
): Generator<HashedVariant, void, undefined> {
  const hasParts = parts && algorithm === 'pdq';
  for (const place of innerPictures(plane())) {
    const variant = { ...placed(place), ...look.of, name: 'inner' as const };
    if ((variant.quality ?? 100) < LEAST_QUALITY) continue;
    yield hasParts ? { ...variant, parts: partsAt(place) } : variant;
  }
}

/** Mirrored and turned forms of a look, and undone edits; with the place, if from the plane. */
function* partsOf(
  sampler: Sampler,
  { variants, algorithm = 'pdq', resample = 512, exact = false }: Options,
  hash: Hasher,
): Generator<{ readonly variant: HashedVariant; readonly place?: Placement }, void, undefined> {
  const view = sampler.view();
  const { width, height } = view;
  const isPdq = algorithm === 'pdq';
  const rectangle = { left: 0, top: 0, width, height };
  if (variants === 'dihedral') {
    const moved = (name: DihedralName) =>
      hash(contiguousPixels(turned(view, DIHEDRAL_ORIENTATIONS[name])));
    const formHash = isPdq ? dihedralHasher(view, { resample, exact }) : moved;
    for (const name of DIHEDRAL_NAMES) {
      if (name === 'original') continue;
      yield { variant: { name, ...formHash(name), geometry: { rectangle, dihedral: name } } };
    }
  }
  const rows = variants === 'thorough' ? THOROUGH : variants === 'quick' ? QUICK : undefined;
  if (rows === undefined) return;
  if (variants === 'thorough' && isPdq && isResampled(width, height, 512)) {
    const other = { name: 'otherResample', geometry: { rectangle } } as const;
    yield { variant: sampler.placed(other, resample === 512 ? 'none' : 512), place: other };
  }
  for (const place of thoroughVariants(sampler.plane(), rows)) {
    yield { variant: sampler.placed(place), place };
  }
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

/**
 * The pixels of a variant of a picture, as `planePixels` returns them, for display.
 * @param geometry of the variant; absent: the whole picture
 */
export function shownPixels(pixels: CheckedPixels, geometry?: VariantGeometry): CheckedPixels {
  const { width, height } = pixels;
  const whole = { rectangle: { left: 0, top: 0, width, height } };
  return planePixels(workingPlane(pixels), geometry ?? whole);
}
