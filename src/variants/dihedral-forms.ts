import type { Resample } from '../hash.js';
import { isResampled, type PdqOptions } from '../hashing/pdq.js';
import { rankedPdq, rankedPdqPair } from '../hashing/pdq-ranks.js';
import type { Raster } from '../kernels/pixels/luma.js';
import { wordsOf } from '../pixels.js';
import { DIHEDRAL_ORIENTATIONS, type DihedralName } from '../variant.js';
import { pixelsFor, places, turned, type View } from './view.js';

/** A PDQ hash with its quality and ranks. */
type Ranked = ReturnType<typeof rankedPdq>;

/** Each form with rows and columns exchanged. */
const EXCHANGED: Readonly<Record<DihedralName, DihedralName>> = {
  original: 'flipPlus1',
  rotate90: 'flipY',
  rotate180: 'flipMinus1',
  rotate270: 'flipX',
  flipX: 'rotate270',
  flipY: 'rotate90',
  flipPlus1: 'original',
  flipMinus1: 'rotate180',
};

/**
 * PDQ of a picture's dihedral forms, as of their moved pixels. Two forms that differ by exchanged
 * rows and columns share a filtering: exchanged coefficients are those of exchanged pixels. (This
 * does not hold for mirrored forms: PDQ's filter reaches further to one side, and changing signs
 * instead gives 14 to 52 other bits.) Pixels are moved only if the reference's order of roundings
 * decides: it filters rows before columns.
 * @returns a function that returns the hash of a form, and keeps the one of its exchanged form
 */
export function dihedralHasher(
  view: View,
  options: Required<PdqOptions>,
): (name: DihedralName) => Ranked {
  const { resample } = options;
  const known = new Map<DihedralName, Ranked>();
  const formOf = (name: DihedralName) => turned(view, DIHEDRAL_ORIENTATIONS[name]);
  return (name) => {
    const kept = known.get(name);
    if (kept !== undefined) return kept;
    const other = EXCHANGED[name];
    const lying = liesInRows(formOf(name)) ? name : other;
    const { hashed, exchanged } = rankedPdqPair(rasterOfView(formOf(lying), resample), options);
    known.set(lying, { ...hashed, resample });
    if (exchanged) known.set(EXCHANGED[lying], { ...exchanged, resample });
    return known.get(name) ?? rankedPdq(pixelsFor(formOf(name), 'pdq', resample), options);
  };
}

/** True if the pixels of a row are adjacent in memory: PDQ then reads them in place. */
const liesInRows = ({ alongRow, channels }: View) => Math.abs(alongRow) === channels;

/** The raster that PDQ takes of a view stored in rows, from whichever side they begin. */
function rasterOfView(view: View, resample: Resample): Raster {
  const { data, channels, width, height, first, alongRow, alongColumn } = view;
  const row = Math.abs(alongColumn);
  const [left, top] = [(first % row) / channels, Math.floor(first / row)];
  const lie = (length: number, start: number, step: number) => {
    const at = isResampled(width, height, resample)
      ? places(length)
      : Int32Array.from({ length }, (_, i) => i);
    return at.map((place) => start + Math.sign(step) * place);
  };
  const pixels = { data, channels, width: data.length / channels, height: 1 };
  return {
    bytes: data,
    words: wordsOf(pixels),
    channels,
    stride: row / channels,
    columns: lie(width, left, alongRow),
    rows: lie(height, top, alongColumn),
  };
}
