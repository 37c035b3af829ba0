import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { hash } from '../../src/node/hash-file.js';
import { setWorkerScripts } from '../../src/node/pool/start-thread.js';
import { describeEngine, ENGINES } from '../browser/engines/engines.js';
import { ROOT } from '../project/package.js';
import { photo, screen, toChoosing } from './demo-page.js';

setWorkerScripts(join(ROOT, 'dist'));
const url = pathToFileURL(join(ROOT, 'dist/page-heic.html')).href;

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('the larger page reads HEIC, with the hash of Node', async () => {
      const page = await open.page();
      await page.goto(url);
      await toChoosing(page);
      await page.setFiles('#files', [photo('../heic/photo.heic')]);
      await screen(page, '1 of 1 ready', 60_000);
      await page.evaluate(() => {
        for (const part of document.querySelectorAll('details')) part.open = true;
      });
      const hex = await page.waitFor(() => document.querySelector('code.hash')?.textContent);
      expect(hex).toBe(hashToHex((await hash(photo('../heic/photo.heic'))).hash));
    });
  });
}
