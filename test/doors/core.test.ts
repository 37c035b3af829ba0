import { expect, test } from 'vitest';
import { or, problemsOf } from './argument.js';
import { CORE_DOORS, CORE_METHODS, packed } from './core.js';
import { examEntry, examMethods } from './exam.js';
import { core, HASH } from './values.js';

await examEntry('index', CORE_DOORS);
examMethods(CORE_METHODS);

test('packed hashes are checked like hashes', async () => {
  const call = (one: never) => core.createIndex(one);
  expect(await problemsOf(call as never, [or(packed, '[]')])).toEqual([]);
  const both = { ...HASH, bits: 64 };
  expect(() => core.createIndex([both as never])).toThrow(RangeError);
});
