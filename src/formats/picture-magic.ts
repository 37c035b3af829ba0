import { checkArray } from '../door.js';
import { DecodeError } from '../errors.js';

/** Bytes of a file needed to decide if it begins as a picture. */
export const HEAD_BYTES = 4096;

/** Beginnings of pictures, a byte a character. */
const MAGIC = /* @__PURE__ */ new RegExp(
  `^(?:${[
    // Formats that are read here; an AVIF is shown by any of its brands, like others of its kind.
    ...[
      '\xff\xd8\xff',
      '\x89PNG',
      'RIFF.{4}WEBP',
      'GIF8',
      'II\\*\0',
      'MM\0\\*',
      'II\\+\0',
      'MM\0\\+',
    ],
    '.{4}ftyp(?:.{4}){0,64}?(?:avi[fos]|avc[is]|he[iv][cmxs]|mi[af][12f]|msf1|Mi(?:HE|Pr|HB)|crx )',
    '.{4}ftyp(?:.{4}){0,64}?(?:jp[eg][gs]|j2[ki][is]|vvi[cs]|evb[is])',
    // BMP, by the length of its second header; ICO, CUR
    ...['BM.{12}[\x0c-\x7c]\0\0\0', '\0\0[\x01\x02]\0'],
    // JPEG XL, JPEG 2000, JPEG XR
    ...['\xff\n', '.{4}(?:JXL|jP )  ?\r\n\x87\n', '\xff\x4f\xff\x51', 'II\xbc\x01'],
    ...['8BPS\0', 'gimp xcf ', '[\x8a\x8b][MJ]NG\r\n', 'icns\0', 'AT&TFORM', '.{128}DICM'],
    ...['v/1\x01', '#\\?(?:RADIANCE|RGBE)\n', 'DDS \\|\0\0\0', 'qoif\0', 'FLIF', 'BPG\xfb'],
    // SGI, Sun, PCX, TGA without a palette, IFF, XPM
    ...['\x01\xda[\0\x01][\x01\x02]', 'Y\xa6j\x95', '\n[\0-\x05]\x01[\x01\x02\x04\b]'],
    ...['\0\0[\x02\x03\n\v]\0{5}', 'FORM.{4}(?:ILBM|PBM )', '/\\* XPM \\*/'],
    // WMF, EMF; PNM and its kin, which are text
    ...['\xd7\xcd\xc6\x9a', '\x01\0\0\0.{36} EMF'],
    'P(?:[1-6fF]\\s+(?:#[^\n]*\n\\s*)*\\d+\\s+\\d+\\s|7\n(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPL))',
    // Formats of cameras: Canon, Fujifilm, Olympus, Panasonic, Sigma, Minolta; TIFF is above.
    ...['II.{4}HEAPCCDR', 'FUJIFILMCCD-RAW', 'II(?:R[OS]\b\0|U\0)', 'MMOR\0\0', 'FOVb\0', '\0MRM'],
  ].join('|')})`,
  's',
);

/** The error for a file that does not begin as a picture of any kind. */
export const notAPicture = (further = ''): DecodeError =>
  new DecodeError('not-a-picture', `expected a picture, got a file of another kind${further}`);

/** A part that may come before the root of XML. */
const PROLOG = /^\s*(?:<!--.*?-->|<\?.*?\?>|<!DOCTYPE\s[^>[]*>)/s;
const SVG = /<(?:[^\s<>/:]+:)?svg[\s/>]/;

/**
 * True if `head` begins as a picture of any kind, including formats that are not read here: BMP,
 * ICO, SVG, JPEG XL … An inconclusive beginning, such as that of an SVG behind a long comment,
 * counts as one.
 * @param head the first `HEAD_BYTES` of a file, or all of it if it is shorter
 * @throws {TypeError} if `head` is not a Uint8Array
 */
export function beginsAsPicture(head: Uint8Array): boolean {
  checkArray('head', head, Uint8Array);
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  return MAGIC.test(text) || beginsAsSvg(text);
}

/** In UTF-8, or in UTF-16, whose letters have a zero byte each. */
function beginsAsSvg(head: string): boolean {
  const isCut = head.length === HEAD_BYTES;
  const isWide = /^(\xff\xfe|\xfe\xff)/.test(head) || (head[0] === '\0') !== (head[1] === '\0');
  let text = isWide ? head.replaceAll('\0', '') : head;
  text = text.replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '');
  for (let before = ''; text !== before; text = text.replace(PROLOG, '')) before = text;
  text = text.trimStart();
  // Declarations are not read: they may quote anything.
  if (/^<!DOCTYPE\s[^>]*\[/.test(text)) return isCut || SVG.test(text);
  return text.search(SVG) === 0 || (isCut && /^(<[^\s/>]*$|<!--|<\?|<!DOCTYPE\s|$)/.test(text));
}
