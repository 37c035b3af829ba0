import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';

/**
 * A file's name is bytes, and on Linux they need not be UTF-8. Such a name is kept as text in which each byte that
 * belongs to no character is a lone surrogate, U+DC80 to U+DCFF, as Python's `surrogateescape` has it: no other name
 * holds one, so the text is passed on and compared as any other, and its bytes come back (`encoded`).
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

/** Bytes of the character that begins with `lead`, if one does. */
const lengthOf = (lead: number) => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

const BYTES = /([\udc80-\udcff])/u;

/** What Node prints, or opens, for a name or a text with names in it: its bytes, if they are no UTF-8. */
export function encoded(text: string): string | Buffer {
  if (!BYTES.test(text)) return text;
  return Buffer.concat(
    text
      .split(BYTES)
      .map((part) => (BYTES.test(part) ? Buffer.of(part.charCodeAt(0) & 0xff) : Buffer.from(part))),
  );
}

/** A name in JSON: U+FFFD stands for what is no UTF-8, and `fileBytes` then has the bytes of the name, in hex. */
export function fileToJSON(name: string): { file: string; fileBytes?: string } {
  const bytes = encoded(name);
  if (typeof bytes === 'string') return { file: name };
  return { file: bytes.toString(), fileBytes: bytes.toString('hex') };
}

/** The words of the command line. Node puts U+FFFD for what is no UTF-8 in them; Linux still has their bytes. */
export function commandLine(): string[] {
  const words = argv.slice(2);
  if (!words.some((word) => word.includes('\ufffd'))) return words;
  let raw: string[];
  try {
    // Each argument ends in a NUL. Latin-1 keeps bytes apart.
    raw = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  } catch {
    return words;
  }
  const own = raw.slice(-words.length).map((word) => Buffer.from(word, 'latin1'));
  return words.map((word, at) => (own[at]?.toString() === word ? nameOf(own[at]) : word));
}
