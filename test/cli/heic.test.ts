import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../project/package.js';
import { onlyhashes } from './program.js';

const HEIC = join(ROOT, 'fixtures/heic');
const PHOTO = join(HEIC, 'photo.heic');
/** What libheif's own heif-dec decodes. */
const NATIVE = join(HEIC, 'photo.png');

test('hash, compare, match and bundle read HEIC, and the program exits by itself', async () => {
  const [photo, native] = (await onlyhashes(['hash', PHOTO, NATIVE])).lines;
  expect(photo!.slice(0, 64)).toBe(native!.slice(0, 64));
  expect(await onlyhashes(['compare', PHOTO, NATIVE])).toMatchObject({ code: 0, out: '0\n' });
  const hex = native!.slice(0, 64);
  const input = `${hex},known\n`;
  const match = await onlyhashes(['match', PHOTO, '--blocklist', '-'], { input });
  expect(match).toMatchObject({ code: 0, out: expect.stringMatching(/^match,0,original,/) });
  const bundle = await onlyhashes(['bundle', 'create', PHOTO]);
  expect(bundle).toMatchObject({ code: 0, out: expect.stringContaining(hex) });
});

test('in a folder of HEIC, broken files are reported, and the decoder prints nothing', async () => {
  const { lines, err, code } = await onlyhashes(['hash', HEIC]);
  expect(code).toBe(2);
  expect(lines).toHaveLength(10);
  expect(err).toMatch(/half\.heic.*cut off/);
  expect(err).toMatch(/bomb\.heic.*at most \d+ pixels/);
  expect(err.trim().split('\n')).toHaveLength(2);
});

test('doctor names the HEIC decoder', async () => {
  const { out } = await onlyhashes(['doctor']);
  expect(out).toMatch(/^heic +heic-decode \d/m);
});
