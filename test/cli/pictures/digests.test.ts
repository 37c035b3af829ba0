import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { ROOT } from '../../project/package.js';
import { onlyhashes } from '../program.js';

const folder = testFolder();
const at = (name: string) => join(folder, name);
const [VIDEO, CAT, PDF] = ['video.mp4', 'cat.jpg', 'letter.pdf'].map(at) as [string, ...string[]];
const md5 = (path: string) => createHash('md5').update(readFileSync(path)).digest('hex');
const list = at('list.csv');

beforeAll(() => {
  writeFileSync(VIDEO, Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(3e6, 7)]));
  copyFileSync(join(ROOT, 'fixtures/photos/locomotion-house-cat.jpg'), CAT!);
  writeFileSync(PDF!, '%PDF-1.7\n');
  writeFileSync(list, `md5:${md5(VIDEO)},,a video\nmd5:${md5(CAT!)}\n`);
});

test('hash prints digests of any file, in a form that lists are read in', async () => {
  for (const algorithm of ['md5', 'sha1', 'sha256']) {
    const digest = createHash(algorithm).update(readFileSync(VIDEO)).digest('hex');
    const { lines, code } = await onlyhashes(['hash', '--algorithm', algorithm, VIDEO]);
    expect([lines, code]).toEqual([[`${algorithm}:${digest},,${VIDEO}`], 0]);
    const json = await onlyhashes(['hash', '--algorithm', algorithm, '--json', '-'], {
      input: readFileSync(VIDEO),
    });
    expect(JSON.parse(json.lines[0]!)).toMatchObject({ algorithm, hash: digest });
    writeFileSync(at('printed.csv'), lines.join('\n'));
    const found = await onlyhashes(['match', VIDEO, '-b', at('printed.csv')]);
    expect(found.lines).toEqual([`match,0,file,${digest},${VIDEO},${VIDEO}`]);
  }
  writeFileSync(at('empty'), '');
  const { err, code } = await onlyhashes(['hash', '--algorithm', 'md5', at('empty')]);
  expect([err, code]).toEqual([expect.stringContaining('expected a file, got no bytes'), 2]);
});

test.each([
  ['a video', VIDEO, 'match,matched-digest', 1, /MD5 can be made on purpose/],
  ['a picture', CAT!, 'match,matched-digest', 1, /MD5 can be made on purpose/],
  ['another file', PDF!, 'unhashable,not-a-picture', 2, /it was compared by md5/],
])('check answers for %s', async (_, path, words, status, note) => {
  const { lines, err, code } = await onlyhashes(['check', path, '-b', list]);
  expect([lines, code]).toEqual([[`${words},${path}`], status]);
  expect(err).toMatch(note);
});

test('digests go into a blocklist file, are withdrawn by their words, and into no index', async () => {
  const file = at('list.ohb');
  expect((await onlyhashes(['convert', list, file])).code).toBe(0);
  expect((await onlyhashes(['check', VIDEO, '-b', file])).code).toBe(1);
  const word = `md5:${md5(VIDEO)}`;
  const withdrawn = await onlyhashes(['withdraw', file, word]);
  expect(withdrawn.lines).toEqual([`withdrawn,1,${word}`]);
  // Without FFmpeg it says so.
  const after = await onlyhashes(['check', VIDEO, '-b', file]);
  expect(after.out).toMatch(/^unhashable,(corrupt|decoder-missing),/);
  const index = await onlyhashes(['index', 'build', list, '-o', at('list.ohx')]);
  expect([index.code, index.err]).toEqual([2, expect.stringContaining('blocklist file (.ohb)')]);
});
