import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkoutOf } from '../../bench/circumstances.js';
import { testFolder } from '../folder.js';

const folder = testFolder();

test('circumstances name the commit of a checkout, and whether files other than records differ', () => {
  const root = join(folder, 'project');
  const record = join(root, 'bench/record');
  const installed = join(root, 'node_modules/onlyhashes');
  for (const each of [record, installed]) mkdirSync(each, { recursive: true });
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  git('init');
  expect(checkoutOf(root)).toBeUndefined();
  writeFileSync(join(root, 'a.ts'), '1');
  git('add', '.');
  git('commit', '-m', 'a');
  const commit = git('rev-parse', 'HEAD').trim();
  expect(commit).toMatch(/^[\da-f]{40}$/);
  expect(checkoutOf(root)).toEqual({ commit, clean: true });
  writeFileSync(join(record, 'pdq.json'), '{}');
  expect(checkoutOf(root)).toEqual({ commit, clean: true });
  writeFileSync(join(root, 'b.ts'), '2');
  expect(checkoutOf(root)).toEqual({ commit, clean: false });
  // An installed package says nothing of the project that it is installed in.
  expect(checkoutOf(installed)).toBeUndefined();
});
