import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { describeEngine, ENGINES } from './engines.js';
import { serve } from './serve.js';

const POLICY = "default-src 'none'";
const HTML = `<!doctype html><title>harness</title><input type="file" id="files" multiple><input id="text"><button>go</button>`;

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    const folder = testFolder();

    test('drives a page under a strict policy: evaluate, keys, files, screenshot', async () => {
      const site = await serve((path) =>
        path === '/' ? { body: HTML, headers: { 'content-security-policy': POLICY } } : undefined,
      );
      try {
        const file = join(folder, 'a.txt');
        writeFileSync(file, 'twelve bytes');
        const page = await open.page();
        await page.goto(`${site.url}/`);
        expect(await page.url()).toBe(`${site.url}/`);
        const sum = await page.evaluate(
          async (a: number, b: number) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            return { sum: a + b, title: document.title };
          },
          2,
          3,
        );
        expect(sum).toEqual({ sum: 5, title: 'harness' });
        await expect(
          page.evaluate(() => {
            throw new TypeError('as thrown');
          }),
        ).rejects.toThrow('as thrown');
        await page.setFiles('#files', [file]);
        const size = await page.evaluate(
          () => (document.querySelector('#files') as HTMLInputElement).files?.[0]?.size,
        );
        expect(size).toBe(12);
        await page.evaluate(() => (document.querySelector('#files') as HTMLElement).focus());
        await page.press('Tab');
        await page.press('a');
        await page.press('b', { shift: true });
        const text = await page.evaluate(
          () => (document.querySelector('#text') as HTMLInputElement).value,
        );
        expect(text.toLowerCase()).toBe('ab');
        await page.press('Tab');
        const focused = await page.evaluate(() => document.activeElement?.tagName);
        expect(focused).toBe('BUTTON');
        await page.resize(800, 600);
        const png = await page.screenshot();
        expect([...png.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
      } finally {
        await site.close();
      }
    });

    test('opens a second window, and one from a file', async () => {
      const file = join(folder, 'page.html');
      writeFileSync(file, HTML);
      const [first, second] = [await open.page(), await open.page()];
      await first.goto('about:blank');
      await second.goto(`file://${file}`);
      expect(await first.url()).toBe('about:blank');
      expect(await second.waitFor(() => document.title)).toBe('harness');
    });

    test('a page from a file may not read another file, as in normal use', async () => {
      writeFileSync(join(folder, 'other.html'), HTML);
      writeFileSync(join(folder, 'page.html'), HTML);
      const page = await open.page();
      await page.goto(`file://${join(folder, 'page.html')}`);
      const read = await page.evaluate(() =>
        fetch('other.html').then(
          () => 'read',
          () => 'refused',
        ),
      );
      expect(read).toBe('refused');
    });
  });
}
