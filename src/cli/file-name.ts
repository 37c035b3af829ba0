import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { failureOf } from './failure.js';

/**
 * The text of a file's name. A name is bytes, and on Linux they need not be UTF-8. Each byte that
 * is not part of a character becomes a lone surrogate, U+DC80 to U+DCFF, as in Python's
 * `surrogateescape`. No other name has these, so the text can be passed on and compared like any
 * other, and `encoded` gives the bytes back.
 */
export function nameOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(text)) return text.toString();
  let name = '';
  for (let at = 0; at < text.length; ) {
    const character = text.subarray(at, at + lengthOf(text[at]!));
    if (isUtf8(character)) {
      name += character.toString();
      at += character.length;
    } else name += String.fromCharCode(0xdc00 + text[at++]!);
  }
  return name;
}

/** Bytes of the character that begins with `lead`. */
const lengthOf = (lead: number) => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

const BYTES = /([\udc80-\udcff])/u;

/**
 * The form to print, or to open, of a name or a text that has names in it: its bytes, if they are
 * not UTF-8.
 */
export function encoded(text: string): string | Buffer {
  if (!BYTES.test(text)) return text;
  return Buffer.concat(
    text
      .split(BYTES)
      .map((part) => (BYTES.test(part) ? Buffer.of(part.charCodeAt(0) & 0xff) : Buffer.from(part))),
  );
}

/**
 * The bytes of a file of the command line.
 * @throws {Failure} if it cannot be read
 */
export async function wholeFile(path: string): Promise<Buffer> {
  try {
    return await readFile(encoded(path));
  } catch (error) {
    throw failureOf(path, error);
  }
}

/**
 * A name as the last cell of a line: unchanged, as the PDQ tool prints it, even with commas. A name
 * with a line break, or with a quote where a CSV reader may take it for the first of a cell, could
 * pass for another line or swallow the next. It is quoted as in CSV, its line breaks become `\n`
 * and `\r`, and its backslashes are doubled.
 */
export function nameCell(name: string): string {
  if (!/(^|,)\s*"|[\r\n]/.test(name)) return name;
  const line = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${line.replaceAll('"', '""')}"`;
}

/**
 * A name in JSON. If it is not UTF-8, `file` has U+FFFD for invalid bytes, and `fileBytes` is the
 * whole name in hex.
 */
export function fileToJSON(name: string): { file: string; fileBytes?: string } {
  const bytes = encoded(name);
  if (typeof bytes === 'string') return { file: name };
  return { file: bytes.toString(), fileBytes: bytes.toString('hex') };
}

/**
 * The words of the command line. Node replaces bytes that are not UTF-8 by U+FFFD; Linux still has
 * them.
 */
export function commandLine(): string[] {
  const words = argv.slice(2);
  if (!words.some((word) => word.includes('\ufffd'))) return words;
  let raw: string[];
  try {
    // Each argument ends in a NUL. Latin-1 preserves the bytes.
    raw = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  } catch {
    return words;
  }
  const own = raw.slice(-words.length).map((word) => Buffer.from(word, 'latin1'));
  return words.map((word, at) => (own[at]?.toString() === word ? nameOf(own[at]) : word));
}
