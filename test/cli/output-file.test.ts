import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from '../../src/cli/output-file.js';
import { testFolder } from '../folder.js';

const folder = testFolder();

const { signal } = new AbortController();
async function* pieces(...texts: (string | (() => void))[]) {
  for (const text of texts) {
    if (typeof text === 'string') yield text;
    else text();
  }
}

test('a file appears once it is complete, accessible to its owner only', async () => {
  const path = join(folder, 'a.html');
  const none = () => expect(existsSync(path)).toBe(false);
  await writeWhole(path, pieces('one ', none, 'two', none), { overwrite: false, signal });
  expect(readFileSync(path, 'utf8')).toBe('one two');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['a.html']);
});

test('an existing file stays unless a complete one may replace it', async () => {
  const path = join(folder, 'b.html');
  writeFileSync(path, 'mine', { mode: 0o640 });
  const refused = writeWhole(path, pieces('new'), { overwrite: false, signal });
  await expect(refused).rejects.toThrow('--overwrite');
  const fails = pieces('half', () => {
    throw new Error('no more');
  });
  await expect(writeWhole(path, fails, { overwrite: true, signal })).rejects.toThrow('no more');
  const abort = new AbortController();
  const aborted = pieces('half', () => abort.abort());
  const options = { overwrite: true, signal: abort.signal };
  await expect(writeWhole(path, aborted, options)).rejects.toThrow('abort');
  expect(readFileSync(path, 'utf8')).toBe('mine');
  await writeWhole(path, pieces('new'), { overwrite: true, signal });
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a file that appears during writing is not overwritten', async () => {
  const path = join(folder, 'c.html');
  const comes = pieces('ours', () => writeFileSync(path, 'another'));
  await expect(writeWhole(path, comes, { overwrite: false, signal })).rejects.toThrow('exists');
  expect(readFileSync(path, 'utf8')).toBe('another');
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
