import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { distance } from '../../src/hash.js';
import { hash as hashFile } from '../../src/node/index.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';
import { programsOf } from './engines/install.js';

const programs = await programsOf('chromium');
const missing = typeof programs === 'string' ? ` (${programs})` : '';
const folder = testFolder();

/** Runs the script, with the folder that it is to write to. */
const pictures = (...words: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'dist/pictures.js'), '--out', folder, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...(typeof programs !== 'string' && { CHROMIUM: programs[0] }) },
  });

test.skipIf(missing !== '' && !process.env.CI)(
  `the script makes the pictures in the docs from the current report${missing}`,
  async () => {
    const { status, stdout, stderr } = pictures('explain', 'plots');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const made = readdirSync(folder);
    expect(made).toContain('explain-dark.webp');
    for (const file of made) {
      expect(stdout).toContain(join(folder, file));
      const [here, shown] = [join(folder, file), join(ROOT, 'docs/pictures', file)];
      if (file.endsWith('.svg')) {
        expect(readFileSync(here, 'utf8'), file).toBe(readFileSync(shown, 'utf8'));
        continue;
      }
      const [now, then] = await Promise.all([here, shown].map((path) => sharp(path).metadata()));
      // Another Chromium may break a line elsewhere.
      expect(now!.width).toBe(then!.width);
      expect(Math.abs(now!.height! - then!.height!)).toBeLessThan(100);
      const [a, b] = await Promise.all([here, shown].map((path) => hashFile(path)));
      expect(distance(a!.hash, b!.hash), `${file}: npm run pictures -- explain`).toBeLessThan(32);
    }
  },
);

test('an unknown picture name is refused', () => {
  expect(pictures('portrait')).toMatchObject({
    status: 2,
    stderr: 'expected page, screens, explain, plots, tour, got portrait\n',
  });
});
