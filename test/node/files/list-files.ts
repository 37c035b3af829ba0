import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { ListChange } from '../../../src/blocklist/list-change.js';
import type { Withdrawn, WithdrawnKey } from '../../../src/blocklist/withdrawn.js';
import { type BlocklistEntry, textOfEntry } from '../../../src/entry.js';
import { type Hash, hashToHex } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { ListFile } from '../../../src/node/files/list-file.js';
import { flipBits } from '../../arbitraries.js';
import { BASE, ORDER } from '../../matching/bases.js';
import { saveList } from './saved-list.js';

export let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-file-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `nobody`, in most systems. */
const USER = 65_534;

/** Runs something as a user whom the modes of files bind, as they do not bind root. */
export async function asUser(owned: readonly string[], run: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return run();
  for (const path of owned) chownSync(path, USER, USER);
  process.seteuid!(USER);
  try {
    await run();
  } finally {
    process.seteuid!(0);
    for (const path of owned) chownSync(path, 0, 0);
  }
}

// Few hashes, ids and sources, so that they coincide.
export const SMALL: Hash = { algorithm: 'dhash', bytes: BASE.bytes.slice(0, 8) };
export const HASHES: readonly Hash[] = [
  ...[0, 1, 40].map((bits) => flipBits(BASE, ORDER, bits)),
  { algorithm: 'pdq', bytes: new Uint8Array(32) },
  SMALL,
  { ...SMALL, algorithm: 'phash' },
  { algorithm: 'md5', bytes: BASE.bytes.slice(0, 16) },
  { algorithm: 'sha256', bytes: BASE.bytes },
];
const hash = fc.constantFrom(...HASHES);
export const id = fc.constantFrom('1', '2', '\ud800', 'ü\n');
const source = fc.constantFrom('x', 'y');
export const list = fc.constantFrom('a', 'b');
const entry: fc.Arbitrary<BlocklistEntry> = fc
  .record(
    {
      hash,
      labels: fc.constantFrom([], ['a'], ['a "b"', '\n']),
      id,
      source,
      quality: fc.constantFrom(40, 100),
      list,
      confirmed: fc.boolean(),
      caseCount: fc.constantFrom(1, 2),
      opinions: fc.constantFrom([{ from: 'p', says: 's', tags: ['t'] }]),
    },
    { requiredKeys: ['hash', 'labels'] },
  )
  .chain((entry) => {
    const pictures = HASHES.filter(
      ({ algorithm, bytes }) =>
        algorithm === entry.hash.algorithm && bytes.length === entry.hash.bytes.length,
    );
    return fc
      .option(fc.constantFrom(...pictures), { nil: undefined, freq: 3 })
      .map((picture) => (picture ? { ...entry, group: hashToHex(picture) } : entry));
  });
const key: fc.Arbitrary<WithdrawnKey> = fc
  .tuple(
    fc.oneof(hash, fc.record({ id, source }, { requiredKeys: ['id'] })),
    fc.constantFrom({}, {}, { list: 'a' }),
  )
  .map(([key, on]) => ({ ...key, ...on }));
const withdrawal: fc.Arbitrary<Withdrawn> = fc
  .tuple(key, fc.constantFrom({}, { reason: 'asked' }, { reason: 'an error\n"' }))
  .map(([key, why]) => ({ ...key, ...why }));
export const entries = fc.array(entry, { maxLength: 6 });
const settings = fc.dictionary(
  list,
  fc.constantFrom(null, { enabled: false }, { enabled: true }, { tier: 'review' as const }),
  { maxKeys: 2 },
);
export const change: fc.Arbitrary<ListChange> = fc.record(
  {
    add: entries,
    remove: entries,
    withdraw: fc.array(withdrawal, { maxLength: 3 }),
    reinstate: fc.array(key, { maxLength: 3 }),
    settings,
    replace: fc.oneof(
      fc.record({ list, entries }),
      fc.record({ all: entries }),
      fc.array(fc.record({ list, id, entries }), { maxLength: 2 }),
    ),
  },
  { requiredKeys: [] },
);

const countsOf = ({ state }: Blocklist) =>
  [...state.kinds.values()]
    .flatMap(({ counts }) => [...counts])
    .filter(([, count]) => count > 0)
    .map(String)
    .sort();
const found = (list: Blocklist, hash: Hash) =>
  match({ hash, quality: 100, variants: [] }, list, { all: true })
    .matches.map(({ entry, distance, tier }) => `${distance} ${tier} ${textOfEntry(entry)}`)
    .sort();

/** All that can be asked of a list. */
export const answersOf = (list: Blocklist) => ({
  generation: list.generation,
  size: list.size,
  entries: [...list.entries()].map(textOfEntry).sort(),
  counts: countsOf(list),
  rejected: list.rejected,
  withdrawals: list.withdrawals.map((each) => JSON.stringify(each)),
  settings: [...list.settings],
  found: HASHES.map((hash) => found(list, hash)),
});

/** A file with an empty list. */
export async function fresh(name: string, list = new Blocklist()): Promise<string> {
  const path = join(folder, name);
  rmSync(path, { force: true });
  await saveList(path, list);
  return path;
}

export async function opened(path: string, manyBytes = 500) {
  const list = new Blocklist();
  return { list, file: await ListFile.open(path, list, { manyBytes }) };
}

export const names = () => readdirSync(folder);
export const left = () => names().filter((name) => /\.(tmp|lock)/.test(name));

/** A list with entries of three kinds, withdrawals and settings. */
export async function aList(): Promise<Blocklist> {
  const list = createBlocklist(
    HASHES.map((hash, at) => ({ hash, labels: [`label ${at}`], id: `n${at}`, source: 'x' })),
  );
  await list.apply({
    withdraw: [{ id: 'n1', reason: 'a reason' }, { id: 'elsewhere' }],
    settings: { a: { tier: 'review' } },
  });
  return list;
}

export const codeOf = (error: unknown) => {
  expect(error).toMatchObject({ name: 'FormatError' });
  return (error as { code: string }).code;
};
