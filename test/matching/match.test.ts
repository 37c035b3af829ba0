import { expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { createAllowList } from '../../src/matching/allow-list.js';
import { createFloodGuard } from '../../src/matching/flood-guard.js';
import { match } from '../../src/matching/match.js';
import type { HashedVariant } from '../../src/variant.js';
import { BASE } from './bases.js';

const variants: HashedVariant[] = [{ name: 'original', hash: BASE, quality: 100 }];
const image = { hash: BASE, quality: 100, variants: [] };
const list = createBlocklist([{ hash: BASE, labels: ['a'] }]);
async function* later() {
  yield* variants;
}

test('match returns a promise if variants arrive one at a time, or for a signal or remote lists', async () => {
  const { generation: _, ...here } = await match(later(), list);
  for (const query of [variants, image]) {
    expect(match(query, list)).toEqual(here);
    const { signal } = new AbortController();
    const made = [match(query, list, { signal }), match(query, list, { remote: [] })];
    for (const promise of made) {
      expect(promise).toBeInstanceOf(Promise);
      expect(await promise).toEqual({ ...here, generation: list.generation });
    }
    expect(match(query, list, { signal: undefined, remote: undefined })).toEqual(here);
  }
});

test('a mistake of the caller is thrown, and a promise rejects', async () => {
  const mistakes = [{ all: 1 }, { distance: 257 }, { allowlist: createAllowList() }];
  for (const options of mistakes as object[]) {
    expect(() => match(variants, list, options)).toThrow(/all|distance|allowList/);
    await expect(match(later(), list, options)).rejects.toThrow(/all|distance|allowList/);
  }
  expect(() => match(variants, [BASE] as never)).toThrow('expected a blocklist');
});

test('a list accepts no rules, which would be silently ignored', () => {
  const rules = {
    policy: { matchDistance: 3 },
    allowList: createAllowList(),
    floodGuard: createFloodGuard(),
  };
  for (const [name, value] of Object.entries(rules)) {
    expect(() => createBlocklist([], { [name]: value })).toThrow(`unknown option ${name}`);
  }
});
