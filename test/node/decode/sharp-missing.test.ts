import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'tsup';
import { beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { imagePath } from '../fixtures.js';

const folder = testFolder();

/** Builds the room as it is shipped, in a folder where no package can be resolved. */
beforeAll(async () => {
  await build({
    config: false,
    entry: { node: join(import.meta.dirname, '../../../src/node/index.ts') },
    outDir: folder,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    target: 'es2022',
    external: ['sharp'],
    removeNodeProtocol: false,
    silent: true,
  });
  writeFileSync(
    join(folder, 'try.mjs'),
    `import { decoders, hash, hashAll } from './node.mjs';
     const [image, text, bomb, magic] = process.argv.slice(2);
     const told = async (file) => hash(file).catch(({ name, code, message }) => ({ name, code, message }));
     const results = [];
     for await (const { error } of hashAll([image, image])) results.push(error?.code);
     const answers = [await told(image), await told(text), results, await decoders(), await told(bomb), await told(magic)];
     process.stdout.write(JSON.stringify(answers));`,
  );
});

function answers() {
  const files = ['rgb.png', 'text.jpg', 'bomb-progressive.jpg', 'magic-alone.png'].map(imagePath);
  const args = [join(folder, 'try.mjs'), ...files];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('without sharp, one sentence names what to install, and nothing else breaks', () => {
  const [image, text, results, found] = answers();
  expect(image).toEqual({
    name: 'DecodeError',
    code: 'decoder-missing',
    message: 'decoding images in Node needs the optional package sharp: npm install sharp',
  });
  expect(text.code).toBe('not-a-picture');
  expect(results).toEqual(['decoder-missing', 'decoder-missing']);
  expect(found.sharp).toBeUndefined();
  expect(found.formats.some(({ readable }: { readable: boolean }) => readable)).toBe(false);
});

test('a file whose header is refused is never passed to sharp', () => {
  const [, , , , bomb, magic] = answers();
  expect([bomb.code, magic.code]).toEqual(['too-many-pixels', 'corrupt']);
});

test('a sharp that cannot load its native part counts as missing', () => {
  const broken = join(folder, 'node_modules/sharp');
  mkdirSync(broken, { recursive: true });
  writeFileSync(join(broken, 'package.json'), '{ "name": "sharp", "main": "index.js" }');
  writeFileSync(join(broken, 'index.js'), 'throw new Error("Could not load the sharp module");');
  expect(answers()[0]).toMatchObject({
    code: 'decoder-missing',
    message: 'sharp is installed but cannot be loaded: npm install --include=optional sharp',
  });
});
