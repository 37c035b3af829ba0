import { checkedOptions, checkObject, integer, tableOf } from '../../door.js';
import { DecodeError } from '../../errors.js';
import { enlarged } from '../../picture/hash-picture.js';
import { within } from '../../picture/waiting.js';
import { DIHEDRAL_NAMES, type HashedVariant, VARIANT_NAMES } from '../../variant.js';
import { onBackdrop, orient } from '../../variants/forms.js';
import { shownPixels } from '../../variants/further-variants.js';
import { DECODE_OPTIONS, type DecodeOptions, decodeUntil } from '../decode/decode.js';
import { importSharp } from '../decode/sharp.js';
import { type ImageSource, readBytes } from '../read-bytes.js';

const SHOWING_OPTIONS = tableOf(DECODE_OPTIONS, {
  maxSide: { is: integer, least: 1, default: 320 },
});

/**
 * Draws a variant of an image file as a PNG, so that a person can see why something matched. It
 * shows a part of the picture itself: show it only to that person.
 * @param variant as `hash` or a match returned it
 * @param options `maxSide`: longest side of the PNG in pixels, default 320
 * @throws {DecodeError} if the file cannot be decoded; the code says why
 * @throws {TypeError | RangeError} if the source or an option is invalid
 */
export async function variantPicture(
  source: ImageSource,
  variant: ShownVariant,
  options: DecodeOptions & { maxSide?: number } = {},
): Promise<Uint8Array> {
  const { maxSide, maxBytes, timeoutSeconds, signal } = checkedOptions(options, SHOWING_OPTIONS);
  checkVariant(variant);
  const { name, look = name, frame } = variant;
  const isOther = frame !== undefined || look === 'asShown' || look === 'otherReading';
  const decoded = await within(timeoutSeconds, signal, async (end) => {
    const bytes = await readBytes(source, { maxBytes, signal: end });
    // Geometry is in pixels of the full picture.
    const variants = isOther ? 'thorough' : 'none';
    return await decodeUntil(end, bytes, { ...options, decoding: 'full', variants });
  });
  const other = decoded.looks?.find((each) =>
    frame === undefined ? each.look === look : each.frame === frame,
  );
  if (isOther && !other) throw new DecodeError('unsupported', 'the file has no such look');
  const { pixels, orientation } = other ?? decoded;
  const displayed = name === 'stored' ? pixels : orient(pixels, orientation);
  const isFlattened = isOther || look === 'onWhite' || look === 'onBlack';
  const behind = look === 'onBlack' ? 0 : 255;
  const share = other ? pixels.width / other.full.width : 1;
  const geometry = variant.geometry && enlarged(variant.geometry, share, share);
  const shown = shownPixels(isFlattened ? onBackdrop(displayed, behind) : displayed, geometry);
  const sharp = await importSharp();
  const raw = { width: shown.width, height: shown.height, channels: shown.channels ?? 3 };
  return sharp(shown.data, { raw })
    .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
    .png()
    .toBuffer();
}

/** The members of a variant that drawing needs. */
export type ShownVariant = Pick<HashedVariant, 'name' | 'geometry' | 'look' | 'frame'>;

/** @throws {TypeError} if `variant` has no name or an invalid geometry */
function checkVariant(variant: ShownVariant): void {
  checkObject(variant, 'a variant: { name, geometry }');
  const { name, geometry } = variant;
  if (!VARIANT_NAMES.includes(name)) throw new TypeError("expected a variant's name");
  if (geometry === undefined) return;
  checkObject(geometry, 'geometry to be an object');
  const { rectangle, corners, angle = 0, dihedral = 'original' } = geometry;
  checkObject(rectangle, 'rectangle to be an object');
  const { left, top, width, height } = rectangle;
  for (const number of [left, top, width, height, angle]) {
    if (!Number.isFinite(number)) throw new TypeError('expected numbers in a geometry');
  }
  if (corners !== undefined && !(Array.isArray(corners) && corners.length === 4)) {
    throw new TypeError('expected four corners');
  }
  for (const corner of corners ?? []) {
    const isPoint = Array.isArray(corner) && corner.length === 2 && corner.every(Number.isFinite);
    if (!isPoint) throw new TypeError('expected corners of two numbers');
  }
  if (!DIHEDRAL_NAMES.includes(dihedral))
    throw new TypeError('expected the name of a dihedral form');
}
