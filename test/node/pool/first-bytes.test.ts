import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { beginsAsPicture } from '../../../src/formats/picture-magic.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import {
  createUploadScanner,
  type UploadScanner,
} from '../../../src/server/uploads/upload-scanner.js';
import { imagePath } from '../fixtures.js';
import { scripts } from './pools.js';

/*
 * What the first bytes of a file decide: a picture that cannot be checked falls under `onError`,
 * whatever its kind, and any other file under `notPictures`.
 */

setWorkerScripts(scripts.folder);
const pool = createHashPool({ workers: 1 });
afterAll(() => pool.close());
const list = createBlocklist([]);
const PADDING = '\0'.repeat(64);
const begins = (...texts: string[]) => Buffer.from(texts.join('') + PADDING, 'latin1');
const text = (text: string) => Buffer.from(text);
const wide = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const ftyp = (major: string, ...brands: string[]) =>
  begins(`\0\0\0${String.fromCharCode(16 + 4 * brands.length)}ftyp${major}\0\0\0\0`, ...brands);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';

const PICTURES: readonly (readonly [kind: string, reason: string, Buffer])[] = [
  // Of kinds that are decoded here, but broken off
  ['JPEG', 'corrupt', begins('\xff\xd8\xff\xe0')],
  ['JPEG with EXIF', 'corrupt', begins('\xff\xd8\xff\xe1\0\x10Exif\0\0')],
  ['PNG', 'corrupt', begins('\x89PNG\r\n\x1a\n')],
  ['GIF87a', 'corrupt', begins('GIF87a')],
  ['GIF89a', 'corrupt', begins('GIF89a')],
  ['WebP, lossy', 'corrupt', begins('RIFF\x24\0\0\0WEBPVP8 ')],
  ['WebP, extended', 'corrupt', begins('RIFF\x24\0\0\0WEBPVP8X')],
  ['TIFF, little-endian', 'corrupt', begins('II*\0\x08\0\0\0')],
  ['TIFF, big-endian', 'corrupt', begins('MM\0*\0\0\0\x08')],
  ['BigTIFF, little-endian', 'corrupt', begins('II+\0\x08\0\0\0')],
  ['BigTIFF, big-endian', 'corrupt', begins('MM\0+\0\x08\0\0')],
  ['AVIF', 'corrupt', ftyp('avif', 'avif', 'mif1', 'miaf')],
  ['AVIF, animated', 'corrupt', ftyp('avis', 'avif', 'msf1')],
  ['HEIC', 'corrupt', ftyp('heic', 'mif1', 'heic')],
  ['HEIC of 10 bits', 'corrupt', ftyp('heix', 'mif1')],
  ['HEIC by a common brand', 'corrupt', ftyp('mif1', 'heic')],
  ['HEIC, animated', 'corrupt', ftyp('hevc', 'msf1')],
  ['Canon CR2, which begins as TIFF', 'corrupt', begins('II*\0\x10\0\0\0CR\x02\0')],
  ['Nikon NEF, which begins as TIFF', 'corrupt', begins('MM\0*\0\0\0\x08\0\x1b')],
  ['DNG, which begins as TIFF', 'corrupt', begins('II*\0\x08\0\0\0\x2c\0')],
  // Of other kinds
  ['BMP', 'unsupported', begins('BM\x9a\0\0\0', '\0'.repeat(8), '(\0\0\0')],
  ['BMP, version 5', 'unsupported', begins('BM\x9a\0\0\0', '\0'.repeat(8), '|\0\0\0')],
  ['BMP of OS/2', 'unsupported', begins('BM\x1a\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0')],
  ['ICO', 'unsupported', begins('\0\0\x01\0\x01\0')],
  ['CUR', 'unsupported', begins('\0\0\x02\0\x01\0')],
  ['ICNS', 'unsupported', begins('icns\0\0\x10\0')],
  ['SVG', 'unsupported', text(SVG)],
  ['SVG with a prolog', 'unsupported', text(`<?xml version="1.0" encoding="UTF-8"?>\n${SVG}`)],
  ['SVG with a byte order mark', 'unsupported', text(`\ufeff${SVG}`)],
  ['SVG after spaces', 'unsupported', text(` \r\n\t${SVG}`)],
  ['SVG after comments', 'unsupported', text(`<!-- <html> --><!-- b -->${SVG}`)],
  [
    'SVG with a document type',
    'unsupported',
    text(`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">${SVG}`),
  ],
  ['SVG with entities', 'unsupported', text(`<!DOCTYPE svg [<!ENTITY a "b">]>${SVG}`)],
  ['SVG with a prefix', 'unsupported', text('<s:svg xmlns:s="http://www.w3.org/2000/svg"/>')],
  ['SVG in UTF-16', 'unsupported', wide(SVG)],
  ['SVG in UTF-16, big-endian', 'unsupported', wide(SVG).swap16()],
  ['JPEG XL', 'unsupported', begins('\xff\n')],
  ['JPEG XL in boxes', 'unsupported', begins('\0\0\0\x0cJXL \r\n\x87\n')],
  ['JPEG 2000', 'unsupported', begins('\0\0\0\x0cjP  \r\n\x87\n')],
  ['JPEG 2000, bare', 'unsupported', begins('\xff\x4f\xff\x51\0')],
  ['JPEG XR', 'unsupported', begins('II\xbc\x01')],
  ['PSD', 'unsupported', begins('8BPS\0\x01')],
  ['PSB', 'unsupported', begins('8BPS\0\x02')],
  ['XCF', 'unsupported', begins('gimp xcf v011')],
  ['QOI', 'unsupported', begins('qoif\0\0\0\x08')],
  ['OpenEXR', 'unsupported', begins('v/1\x01\x02')],
  ['Radiance', 'unsupported', begins('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n')],
  ['DDS', 'unsupported', begins('DDS |\0\0\0')],
  ['FLIF', 'unsupported', begins('FLIF1')],
  ['BPG', 'unsupported', begins('BPG\xfb')],
  ['MNG', 'unsupported', begins('\x8aMNG\r\n\x1a\n')],
  ['DjVu', 'unsupported', begins('AT&TFORM\0\0\0\x10DJVU')],
  ['DICOM', 'unsupported', begins('\0'.repeat(128), 'DICM')],
  ['WMF', 'unsupported', begins('\xd7\xcd\xc6\x9a')],
  ['EMF', 'unsupported', begins('\x01\0\0\0', 'x'.repeat(36), ' EMF')],
  ['PBM', 'unsupported', text('P4\n8 8\n')],
  ['PGM, as text', 'unsupported', text('P2\n# a comment\n2 2\n255\n0 0 0 0\n')],
  ['PPM', 'unsupported', begins('P6\n4 4\n255\n')],
  ['PAM', 'unsupported', text('P7\nWIDTH 4\nHEIGHT 4\n')],
  ['PFM', 'unsupported', begins('PF\n4 4\n-1.0\n')],
  ['SGI', 'unsupported', begins('\x01\xda\x01\x01\0\x03')],
  ['Sun', 'unsupported', begins('Y\xa6j\x95')],
  ['PCX', 'unsupported', begins('\n\x05\x01\x08')],
  ['TGA', 'unsupported', begins('\0\0\x02\0\0\0\0\0')],
  ['TGA, compressed', 'unsupported', begins('\0\0\n\0\0\0\0\0')],
  ['IFF', 'unsupported', begins('FORM\0\0\0\x20ILBMBMHD')],
  ['XPM', 'unsupported', text('/* XPM */\nstatic char *a[] = {')],
  ['Canon CR3', 'unsupported', ftyp('crx ', 'crx ', 'isom')],
  ['Canon CRW', 'unsupported', begins('II\x1a\0\0\0HEAPCCDR')],
  ['Fujifilm RAF', 'unsupported', begins('FUJIFILMCCD-RAW 0201')],
  ['Olympus ORF', 'unsupported', begins('IIRO\b\0\0\0')],
  ['Panasonic RW2', 'unsupported', begins('IIU\0\x18\0\0\0')],
  ['Sigma X3F', 'unsupported', begins('FOVb\0\0\x02\0')],
  ['Minolta MRW', 'unsupported', begins('\0MRM\0\0')],
  ['HEIF of AVC', 'unsupported', ftyp('avci', 'mif1')],
  ['a GIF of no version', 'unsupported', begins('GIF88a')],
];

const OTHERS: readonly (readonly [kind: string, Buffer])[] = [
  ['an MP4 of a file', readFileSync(imagePath('film.mp4'))],
  ['MP4', ftyp('isom', 'isom', 'iso2', 'avc1', 'mp41')],
  ['MP4, version 2', ftyp('mp42', 'mp42', 'isom')],
  ['MP4 of HEVC', ftyp('isom', 'hvc1', 'iso6')],
  ['MP4 of AV1', ftyp('iso6', 'av01', 'mp41')],
  ['MP4 in pieces', ftyp('dash', 'iso6', 'cmfc')],
  ['M4V', ftyp('M4V ', 'M4A ', 'mp42')],
  ['M4A', ftyp('M4A ', 'M4A ', 'mp42', 'isom')],
  ['3GP', ftyp('3gp4', 'isom', '3gp4')],
  ['MOV', ftyp('qt  ', 'qt  ')],
  ['MOV without brands', begins('\0\0\0\x08wide\0\0\x10\0mdat')],
  ['MOV whose index comes first', begins('\0\0\x10\0moov\0\0\0\x6cmvhd')],
  ['WebM', begins('\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm')],
  ['Matroska', begins('\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska')],
  ['AVI', begins('RIFF\x24\0\0\0AVI LIST')],
  ['WAV', begins('RIFF\x24\0\0\0WAVEfmt ')],
  ['WMV', begins('\x30\x26\xb2\x75\x8e\x66\xcf\x11')],
  ['FLV', begins('FLV\x01\x05')],
  ['MPEG-TS', begins('G@\0\x10')],
  ['MPEG-PS', begins('\0\0\x01\xba')],
  ['MPEG-1 video', begins('\0\0\x01\xb3')],
  ['H.264', begins('\0\0\0\x01\x67\x64')],
  ['Ogg', begins('OggS\0\x02')],
  ['FLAC', begins('fLaC\0')],
  ['MP3', begins('ID3\x04\0')],
  ['MP3 without a tag', begins('\xff\xfb\x90\x64')],
  ['AAC', begins('\xff\xf1\x50\x80')],
  ['AMR', text('#!AMR\n<')],
  ['AIFF', begins('FORM\0\0\0\x20AIFFCOMM')],
  ['PDF', readFileSync(imagePath('page.pdf'))],
  ['PostScript', text('%!PS-Adobe-3.0\n')],
  ['ZIP, DOCX', begins('PK\x03\x04\x14\0')],
  ['gzip', begins('\x1f\x8b\b\0')],
  ['7z', begins('7z\xbc\xaf\x27\x1c')],
  ['RAR', begins('Rar!\x1a\x07')],
  ['DOC', begins('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')],
  ['RTF', text('{\\rtf1\\ansi}')],
  ['a program', begins('MZ\x90\0\x03')],
  ['TrueType', begins('\0\x01\0\0\0\x0f')],
  ['text', text('no picture at all')],
  ['text in UTF-16', wide('no picture at all')],
  ['a text that begins as the names of kinds do', text('BM, GIF, P6 and II are names')],
  ['HTML', text('<!DOCTYPE html><html>')],
  ['HTML with an SVG in it', text(`<!DOCTYPE html><html>${SVG}</html>`)],
  ['XML', text('<?xml version="1.0"?><rss version="2.0"/>')],
  ['JSON', text('{"a": 1}')],
  ['an SVG as JSON', text(JSON.stringify(SVG))],
  ['one byte', text('x')],
  ['zeros', Buffer.alloc(5000)],
  ['random bytes', createHash('sha512').update('seed').digest()],
];

/** What becomes of a file, by each handler. */
const outcomesOf = async (bytes: Uint8Array, scanners: readonly UploadScanner<string>[]) =>
  await Promise.all(
    scanners.map((scanner) =>
      scanner.check(bytes, 'an upload').then(
        () => 'accepted',
        () => 'refused',
      ),
    ),
  );
const scannerOf = (onError: 'accept' | 'refuse', notPictures: 'accept' | 'refuse') =>
  createUploadScanner<string>({ blocklist: list, pool, onError, notPictures });
const scanners = [scannerOf('refuse', 'accept'), scannerOf('accept', 'refuse')];

test.each(PICTURES)('%s begins as a picture: %s, by onError', async (_, reason, bytes) => {
  expect(beginsAsPicture(bytes)).toBe(true);
  const { verdict, reason: given } = await pool.check(bytes, list);
  expect([verdict, given]).toEqual(['unhashable', reason]);
  expect(await outcomesOf(bytes, scanners)).toEqual(['refused', 'accepted']);
});

test.each(OTHERS)('%s begins as no picture, by notPictures', async (_, bytes) => {
  expect(beginsAsPicture(bytes)).toBe(false);
  const { verdict, reason } = await pool.check(bytes, list);
  expect([verdict, reason]).toEqual(['unhashable', 'not-a-picture']);
  expect(await outcomesOf(bytes, scanners)).toEqual(['accepted', 'refused']);
});

test('random bytes begin as no picture', () => {
  for (let seed = 0; seed < 10_000; seed++) {
    expect(beginsAsPicture(createHash('sha512').update(`${seed}`).digest())).toBe(false);
  }
});
