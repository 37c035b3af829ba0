import { expect, test } from 'vitest';
import { COPY_NAMES, copiesIn } from '../../src/page/copies-message.js';

const all = () => Object.fromEntries(COPY_NAMES.map((name) => [name, new Blob([name])]));

test('a reply is accepted only with every copy as a file, and nothing else', () => {
  const copies = all();
  expect(copiesIn({ copies })).toBe(copies);
  const { smaller: _, ...fewer } = all();
  expect(copiesIn({ copies: fewer })).toBeUndefined();
  expect(copiesIn({ copies: { ...all(), more: new Blob() } })).toBeUndefined();
  expect(copiesIn({ copies: { ...all(), smaller: 'a picture' } })).toBeUndefined();
  for (const reply of [{ failed: true }, { copies: null }, 'a picture', null, undefined]) {
    expect(copiesIn(reply)).toBeUndefined();
  }
});
