import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onlyhashes, PHOTOS } from './program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat.jpg');
const BOATS = join(PHOTOS, 'nagasaki-boats-q40.jpg');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('made, shown, verified, and taken back with the token', async () => {
  const path = join(folder, 'bundle.json');
  const made = await onlyhashes(['bundle', 'create', CAT, BOATS, '-o', path]);
  expect(made).toMatchObject({ code: 0, out: '' });
  const token = /^Withdraw token: (\S.*)$/m.exec(made.err)![1]!;
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain('cat');
  expect(text).not.toContain(token);
  const { lines } = await onlyhashes(['hash', '--exact', CAT]);
  expect(text).toContain(lines[0]!.slice(0, 64));
  expect((await onlyhashes(['bundle', 'show', path])).out).toBe(text);
  expect((await onlyhashes(['bundle', 'verify', path])).out).toMatch(/^2 hashes, made on /);
  const taken = await onlyhashes(['bundle', 'withdraw', path, '--token', token]);
  expect(JSON.parse(taken.out)).toMatchObject({
    case: (JSON.parse(text) as { case: string }).case,
  });
  const wrong = await onlyhashes(['bundle', 'withdraw', path, '--token', 'AAAA']);
  expect(wrong.code).toBe(2);
  expect(wrong.err).not.toContain('    at ');
  const again = await onlyhashes(['bundle', 'create', CAT, '-o', path]);
  expect(again.code).toBe(2);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test.each(['512', 'none'])('--resample %s is what its hashes say', async (resample) => {
  const made = await onlyhashes(['bundle', 'create', CAT, '--crops', '--resample', resample]);
  const { hashes } = JSON.parse(made.out) as { hashes: { resample: unknown }[] };
  expect(hashes.length).toBeGreaterThan(5);
  expect(new Set(hashes.map((hash) => String(hash.resample)))).toEqual(new Set([resample]));
});

test('no bundle is made where a picture could not be read', async () => {
  const bad = join(folder, 'bad.jpg');
  writeFileSync(bad, 'no picture');
  const { out, err, code } = await onlyhashes(['bundle', 'create', CAT, bad]);
  expect(out).toBe('');
  expect(err).toContain('bad.jpg');
  expect(err).not.toContain('token');
  expect(code).toBe(2);
});

test('a changed bundle is refused', async () => {
  const path = join(folder, 'changed.json');
  writeFileSync(path, '{ "format": "onlyhashes-bundle", "version": 9 }');
  const { err, code } = await onlyhashes(['bundle', 'verify', path]);
  expect(err).toMatch(/^onlyhashes: /);
  expect(err).not.toContain('    at ');
  expect(code).toBe(2);
});
