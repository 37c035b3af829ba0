import { expect, test } from 'vitest';
import type * as browser from '../src/browser/index.js';
import type * as node from '../src/node/index.js';

/** What one program may hand to either entry; `tsc` checks that both take it. */
type BrowserFileOptions = Omit<browser.HashFileOptions, 'workerUrl' | 'concurrency' | 'onProgress'>;
const file: Required<BrowserFileOptions> & node.HashFileOptions = {
  algorithm: 'pdq',
  bits: 256,
  resample: 'none',
  exact: true,
  orientation: 'stored',
  variants: 'thorough',
  crops: true,
  inner: true,
  parts: true,
  maxBytes: 1e6,
  maxPixels: 1e6,
  timeoutSeconds: 5,
  signal: new AbortController().signal,
};
const batch = {
  ...file,
  concurrency: 2,
  onProgress: ({
    done,
    failed,
    total,
  }: {
    done: number;
    failed: number;
    total: number | undefined;
  }) => [done, failed, total],
};

/** Never called: both entries, by what they are given and by what they give. */
async function both(
  page: typeof browser,
  platform: typeof node,
  { blob, path }: { blob: Blob; path: string },
): Promise<browser.HashedFile[]> {
  const onPlatform: node.HashedFile = await page.hash(blob, file);
  const onPage: browser.HashedFile = await platform.hash(path, file);
  await page.variantsOfImageFile(blob, file);
  await page.decode(blob, file);
  await platform.decode(new Uint8Array(), file);
  for await (const { image } of page.hashAll([blob], batch)) if (image) return [image];
  for await (const { image } of platform.hashAll([path], batch)) if (image) return [image];
  return [onPlatform, onPage];
}

test('options and hashed files are spelled alike in both entries', () => {
  expect(both).toBeTypeOf('function');
  expect(Object.keys(file)).toHaveLength(13);
});
