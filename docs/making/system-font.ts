import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tablesOf } from '../../bench/robustness/copies/drawing/font.js';

const require = createRequire(import.meta.url);

/** Names that pages and Chromium have for the font of a system. */
const NAMES = ['system-ui', 'sans-serif', 'sans'];

/**
 * Makes Inter the font of the system, from the package that the lockfile pins. Letters of other
 * scripts come from the machine: without any, Chromium ends where a page has some.
 * @returns the path of a file for Fontconfig
 */
export function systemFontIn(folder: string): string {
  const fonts = join(folder, 'fonts');
  mkdirSync(fonts);
  for (const weight of [400, 600, 700]) {
    const packed = require.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff`);
    writeFileSync(join(fonts, `inter-${weight}.ttf`), trueType(tablesOf(readFileSync(packed))));
  }
  const rules = NAMES.map(
    (name) =>
      `<match><test name="family"><string>${name}</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>`,
  );
  const path = join(folder, 'fonts.conf');
  writeFileSync(
    path,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>${fonts}</dir><cachedir>${join(folder, 'cache')}</cachedir>
${rules.join('\n')}
</fontconfig>
`,
  );
  return path;
}

/**
 * A TrueType file of these tables (OpenType 1.9, "Organization of an OpenType font"), since Chromium
 * takes no packed one from Fontconfig. Checksums are left at 0: nothing reads them.
 */
export function trueType(tables: ReadonlyMap<string, DataView>): Buffer {
  const head = Buffer.alloc(12 + 16 * tables.size);
  const log = Math.floor(Math.log2(tables.size));
  head.writeUInt32BE(0x10000);
  head.writeUInt16BE(tables.size, 4);
  head.writeUInt16BE(16 << log, 6);
  head.writeUInt16BE(log, 8);
  head.writeUInt16BE(16 * tables.size - (16 << log), 10);
  const parts = [head];
  let [entry, offset] = [12, head.length];
  for (const [tag, { buffer, byteOffset, byteLength }] of tables) {
    head.write(tag, entry, 'latin1');
    head.writeUInt32BE(offset, entry + 8);
    head.writeUInt32BE(byteLength, entry + 12);
    const part = Buffer.alloc((byteLength + 3) & ~3);
    part.set(new Uint8Array(buffer, byteOffset, byteLength));
    parts.push(part);
    entry += 16;
    offset += part.length;
  }
  return Buffer.concat(parts);
}
