import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clusteredHashes, plant, random, uniformHashes } from '../../bench/workloads.js';
import {
  createIndex,
  type HammingIndex,
  type Hash,
  indexFromBuffer,
  type PackedHashes,
  writeHashList,
} from '../../src/index.js';
import { indexOf } from '../../src/indexing/create-index.js';
import { openIndex, saveIndex } from '../../src/node/index.js';
import { testFolder } from '../folder.js';
import { withNotes } from '../node/notes-of.js';
import { tablesOf } from '../services/lists.js';
import { type Answers, differences, digest } from './answer-record.js';
import { FIXTURES } from './asked.js';

describe('indexes', () => {
  const QUERIES = 50;
  const hashAt = ({ algorithm, bits, bytes }: PackedHashes, at: number): Hash => ({
    algorithm,
    bytes: bytes.slice((at * bits) / 8, ((at + 1) * bits) / 8),
  });

  /** Half of the queries lie near a hash of the list, the others anywhere. */
  function queriesFor(list: PackedHashes): PackedHashes {
    const { algorithm, bits, bytes } = list;
    const count = (8 * bytes.length) / bits;
    const queries = uniformHashes(QUERIES, 77, { algorithm, bits });
    const next = random(78);
    for (let i = 0; i < QUERIES / 2 && count > 0; i++) {
      plant(bytes, next() % count, queries.bytes, i, next() % (bits / 4), next, bits);
    }
    return queries;
  }

  /**
   * The snapshot, and the sorted hits of every query, which must be the same one by one and in a
   * batch.
   */
  function answersOfIndex(index: HammingIndex, queries: PackedHashes): Record<string, string> {
    const snapshot = withNotes(index, Uint8Array.of(1, 2, 3), { generation: 3 });
    const answers: Record<string, string> = {
      size: `${index.size} ${index.kind}`,
      snapshot: digest(new Uint8Array(index.toBuffer())),
      'snapshot with notes': digest(snapshot),
    };
    for (const radius of queries.bits === 64 ? [0, 4, 8, 12, 20] : [0, 16, 31, 60, 100]) {
      const sorted = Array.from({ length: QUERIES }, (_, at) =>
        index
          .search(hashAt(queries, at), radius)
          .map(({ id, distance }) => `${id}:${distance}`)
          .sort(),
      );
      const batch = index
        .searchBatch(queries, radius)
        .map((hits) => hits.map(({ id, distance }) => `${id}:${distance}`).sort());
      expect(batch).toEqual(sorted);
      answers[`hits at ${radius}`] = `${sorted.flat().length} ${digest(sorted)}`;
    }
    return answers;
  }

  test.each([
    ['pdq', 256],
    ['phash', 64],
  ] as const)('%s %i', (algorithm, bits) => {
    const answers: Answers = {};
    for (const [count, kind] of [
      [0],
      [10],
      [3000],
      [3000, 'mih'],
      [40_000],
      [40_000, 'flat'],
    ] as const) {
      const list = clusteredHashes(count, count + 1, { algorithm, bits });
      const queries = queriesFor(list);
      const index = indexOf(list, { algorithm, bits }, { kind });
      const name = [algorithm, bits, 'of', count, kind].join(' ').trimEnd();
      answers[name] = answersOfIndex(index, queries);
      const more = clusteredHashes(1200, count + 2, { algorithm, bits });
      // Merges start, finish, and leave changes behind.
      for (let at = 0; at < 1200; at++) {
        index.add(hashAt(more, at));
        if (at % 3 === 0) index.remove((at * 31) % (count + at + 1));
        if (at % 100 === 0) index.remove(hashAt(more, at >> 1));
      }
      answers[`${name}, changed`] = answersOfIndex(index, queries);
      const again = indexFromBuffer(index.toBuffer());
      expect(answersOfIndex(again, queries)).toEqual(answers[`${name}, changed`]);
    }
    expect(differences(`indexes ${algorithm}`, answers)).toEqual([]);
  });

  const folder = testFolder();

  test('lists as text and as index files', async () => {
    const answers: Answers = {};
    for (const name of ['python.csv', 'python.jsonl']) {
      const parts = await tablesOf(readFileSync(join(FIXTURES, 'lists', name), 'utf8'));
      for (const part of parts) {
        const entries = Array.from({ length: part.size }, (_, row) => part.entryAt(row));
        const path = join(folder, name);
        const index = createIndex(part.hashes);
        const info = await saveIndex(path, index, { entries: part });
        const file = digest(readFileSync(path));
        const opened = await openIndex(path);
        const rows = [...opened.entries.rows()].map((id) => opened.entries.entryAt(id));
        index.remove(1);
        await saveIndex(path, index, { entries: part });
        answers[`${name} ${part.algorithm} ${part.bits}`] = {
          entries: digest(entries),
          csv: digest([...writeHashList(entries)].join('')),
          jsonl: digest([...writeHashList(entries, { format: 'jsonl' })].join('')),
          plain: digest([...writeHashList(entries, { format: 'plain' })].join('')),
          info: digest([info, opened.info]),
          rows: digest(rows),
          file,
          'file, one removed': digest(readFileSync(path)),
        };
      }
    }
    expect(differences('lists', answers)).toEqual([]);
  });
});
