import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBrowser } from './browser.js';
import { explainPictures } from './explain.js';
import { pagePictures } from './page.js';
import { plotPictures } from './plots.js';
import { screenPictures } from './screens.js';
import { tourPictures } from './tour.js';

/**
 * `npm run pictures`: the pictures of `docs/pictures`, each made from the real thing, light and
 * dark. Names narrow it to some of them, and `--out` names another folder.
 */

const MAKERS = {
  page: pagePictures,
  screens: screenPictures,
  explain: explainPictures,
  plots: plotPictures,
  tour: tourPictures,
};
type Name = keyof typeof MAKERS;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: join(root, 'docs/pictures') } },
});
const out = resolve(values.out);
const known = Object.keys(MAKERS) as Name[];
const names = positionals.length === 0 ? known : (positionals as Name[]);
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`expected ${known.join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}

const browser = names.some((name) => ['page', 'screens', 'explain'].includes(name))
  ? await startBrowser()
  : undefined;
try {
  for (const name of names) {
    const files = await MAKERS[name]({
      root,
      browser() {
        if (!browser) throw new Error('expected Chromium and the package puppeteer-core');
        return browser.browser;
      },
    });
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(out, file)), { recursive: true });
      writeFileSync(join(out, file), content);
      console.log(`${String(Buffer.byteLength(content)).padStart(7)}  ${join(out, file)}`);
    }
  }
} finally {
  await browser?.close();
}
