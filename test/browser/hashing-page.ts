import { beforeAll } from 'vitest';
import type { HashFileOptions } from '../../src/browser/hash-image-file.js';
import type { Resample } from '../../src/hash.js';
import { bundledWorker } from './bundle.js';
import type { EnginePage } from './engines/engine.js';
import type { Running } from './engines/engines.js';
import { type Answer, projectFile, type Site, serve } from './engines/serve.js';

/** What `hashInPage` gives for one file: hex instead of hashes, or the error code. */
export interface PageHash {
  hash?: string;
  quality?: number;
  resample?: Resample;
  width?: number;
  height?: number;
  variants?: [name: string, hash: string, resample?: Resample | undefined][];
  error?: string;
}

declare global {
  interface Window {
    onlyhashes: typeof import('../../src/browser/index.js');
    onlyhashesCore: typeof import('../../src/index.js');
  }
}

const PAGE = `<!doctype html><title>hashing</title>
<script type="importmap">{"imports":{"@noble/hashes/":"/node_modules/@noble/hashes/"}}</script>
<script type="module">
  import * as onlyhashes from '/dist/browser.js';
  import * as onlyhashesCore from '/dist/index.js';
  Object.assign(window, { onlyhashes, onlyhashesCore });
</script>`;

/**
 * A site whose page has the browser entry as `window.onlyhashes` and the core as
 * `window.onlyhashesCore`. It serves dist, fixtures and `more`.
 */
export function serveHashing(
  more: (path: string) => Answer | undefined = () => undefined,
): Promise<Site> {
  return serve((path) => (path === '/' ? { body: PAGE } : (more(path) ?? projectFile(path))));
}

/** Opens the page and waits for the entry. */
export async function openHashing(page: EnginePage, site: Site): Promise<void> {
  await page.goto(`${site.url}/`);
  await page.waitFor(() => 'onlyhashes' in window);
}

/**
 * A site for the tests of one engine, with a Worker that has every decoder.
 * @returns opens the page in a new window
 */
export function hashingSite(
  open: Running,
  more: (path: string) => Answer | undefined = () => undefined,
): () => Promise<{ page: EnginePage; workerUrl: string }> {
  let site: Site;
  beforeAll(async () => {
    const worker = await bundledWorker({ optional: true });
    site = await serveHashing((path) =>
      path === '/bundled-worker.js' ? { body: worker } : more(path),
    );
    return () => site.close();
  });
  return async () => {
    const page = await open.page();
    await openHashing(page, site);
    return { page, workerUrl: `${site.url}/bundled-worker.js` };
  };
}

/** Hashes files of the site in the page, one after another. */
export async function hashInPage(
  page: EnginePage,
  paths: string[],
  options: HashFileOptions = {},
): Promise<PageHash[]> {
  return await page.evaluate(
    async (urls: string[], given: HashFileOptions) => {
      const hex = (bytes: Uint8Array) =>
        Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      const results: PageHash[] = [];
      for (const url of urls) {
        const file = await (await fetch(url)).blob();
        try {
          const image = await window.onlyhashes.hash(file, given);
          results.push({
            hash: hex(image.hash.bytes),
            ...(image.quality === undefined ? {} : { quality: image.quality }),
            ...(image.resample === undefined ? {} : { resample: image.resample }),
            width: image.width,
            height: image.height,
            variants: image.variants.map(({ name, hash, resample }) => [
              name,
              hex(hash.bytes),
              resample,
            ]),
          });
        } catch (error) {
          const { name, code, message } = error as Error & { code?: string };
          results.push({ error: code ?? `${name}: ${message}` });
        }
      }
      return results;
    },
    paths,
    options as never,
  );
}
