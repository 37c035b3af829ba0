import { checkArray } from '../door.js';
import { beginsWithPictureBrand, viewOf } from './image-format.js';

/** Bytes of a file that tell whether it begins as a picture. */
export const HEAD_BYTES = 4096;

/** How pictures begin, those first that are read here; a dot stands for any byte. */
const MAGIC: readonly string[] = [
  ...['\xff\xd8\xff', '\x89PNG', 'RIFF....WEBP', 'GIF8', 'II*\0', 'MM\0*', 'II+\0', 'MM\0+'],
  // ICO, CUR
  ...['\0\0\x01\0', '\0\0\x02\0'],
  // JPEG XL, JPEG 2000, JPEG XR
  ...['\xff\n', '....JXL \r\n\x87\n', '\xff\x4f\xff\x51', '....jP  \r\n\x87\n', 'II\xbc\x01'],
  ...['8BPS\0', 'gimp xcf ', '\x8aMNG\r\n', '\x8bJNG\r\n', 'icns\0', 'AT&TFORM'],
  ...['v/1\x01', '#?RADIANCE\n', '#?RGBE\n', 'DDS |\0\0\0', 'qoif\0', 'FLIF', 'BPG\xfb'],
  // WMF, EMF
  ...['\xd7\xcd\xc6\x9a', `\x01\0\0\0${'.'.repeat(36)} EMF`],
  // What cameras write: Canon, Fujifilm, Olympus, Panasonic, Sigma, Minolta; TIFF is above.
  ...['II....HEAPCCDR', 'FUJIFILMCCD-RAW', 'IIRO\b\0', 'IIRS\b\0', 'MMOR\0\0', 'IIU\0', 'FOVb\0'],
  '\0MRM',
  `${'.'.repeat(128)}DICM`,
];

/** PNM and its kin, which are text. */
const NETPBM =
  /^P(?:[1-6fF]\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s|7\n(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPL))/;

/**
 * Whether `head` begins as a picture of any kind, be it one that is not read here: BMP, ICO, SVG,
 * JPEG XL … Where the beginning does not tell, as that of an SVG behind a long comment, it counts
 * as one.
 * @param head the first `HEAD_BYTES` of a file, or all of it if it is shorter
 * @throws {TypeError} if `head` is not a Uint8Array
 */
export function beginsAsPicture(head: Uint8Array): boolean {
  checkArray('head', head, Uint8Array);
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  return (
    MAGIC.some((magic) => beginsWith(text, magic)) ||
    beginsWithPictureBrand(head) ||
    NETPBM.test(text) ||
    beginsAsBmp(head) ||
    beginsAsSvg(text)
  );
}

function beginsWith(text: string, magic: string): boolean {
  if (text.length < magic.length) return false;
  for (let i = 0; i < magic.length; i++) if (magic[i] !== '.' && magic[i] !== text[i]) return false;
  return true;
}

/** `BM` begins words too: the length of the second header tells. */
function beginsAsBmp(head: Uint8Array): boolean {
  if (head.length < 18 || head[0] !== 0x42 || head[1] !== 0x4d) return false;
  const length = viewOf(head).getUint32(14, true);
  return length >= 12 && length <= 124;
}

/** What may come before the root of XML, and its end. */
const PROLOG = [
  ['<!--', '-->'],
  ['<?', '?>'],
] as const;
const SVG = /<(?:[^\s<>/:]+:)?svg[\s/>]/;

/** In UTF-8, or in UTF-16, whose letters have a zero byte each. */
function beginsAsSvg(head: string): boolean {
  const isCut = head.length === HEAD_BYTES;
  const isWide = /^(\xff\xfe|\xfe\xff)/.test(head) || (head[0] === '\0') !== (head[1] === '\0');
  let text = (isWide ? head.replaceAll('\0', '') : head).replace(
    /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/,
    '',
  );
  for (;;) {
    text = text.trimStart();
    if (/^(<[^\s/>]*)?$/.test(text)) return isCut;
    // Its declarations are not read: they may quote anything.
    if (/^<!DOCTYPE\s[^>]*\[/.test(text)) return isCut || SVG.test(text);
    const [, close] = PROLOG.find(([open]) => text.startsWith(open)) ?? ['', '>'];
    if (close === '>' && !/^<!DOCTYPE\s/.test(text)) return text.search(SVG) === 0;
    const end = text.indexOf(close);
    if (end < 0) return isCut;
    text = text.slice(end + close.length);
  }
}
