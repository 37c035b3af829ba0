import type { BenchContext } from '../harness.js';
import {
  adversarialHashes,
  clusteredHashes,
  hashesOf,
  queriesOf,
  uniformHashes,
} from '../workloads.js';
import type { FaissBuild } from './faiss.js';
import type { Field } from './peers.js';
import { realisticHashes } from './realistic-hashes.js';

/** Queries of a field, half of them planted. */
export const QUERIES = 2048;
const SEED = 5;
const QUERY_SEED = 77;

/** Lists that need nothing but a seed. */
export const WORKLOADS = { uniform: uniformHashes, clustered: clusteredHashes };

/** A kind of list, in any size, with its queries. */
export interface DataSet {
  readonly name: string;
  field(count: number): Field;
}

/**
 * The kinds of lists that an index is measured on. Realistic ones are left out, after a note, if
 * there are no photos.
 */
export async function dataSets(
  note: (text: string) => void,
  queries = QUERIES,
): Promise<DataSet[]> {
  const sets: DataSet[] = Object.entries(WORKLOADS).map(([name, make]) => ({
    name,
    field: (count) => fieldOf(make(count, SEED).bytes, count, queries),
  }));
  const realistic = await realisticHashes(SEED, note);
  if (realistic) {
    sets.push({
      name: 'realistic',
      field(count) {
        const { bytes } = realistic.hashes(count);
        const asked = realistic.unrelated(queries);
        const planted = realistic.planted(count, queries / 2);
        for (let i = 0; i < queries / 2; i++) {
          asked.set(planted.subarray(32 * i, 32 * i + 32), 64 * i);
        }
        return { bytes, count, queries: hashesOf(asked) };
      },
    });
  }
  sets.push({
    name: 'adversarial',
    field(count) {
      const asked = adversarialHashes(queries, QUERY_SEED).bytes;
      return fieldOf(adversarialHashes(count, SEED).bytes, count, queries, asked);
    },
  });
  return sets;
}

/** A list with queries: half of them planted, the rest `asked` or random. */
export const fieldOf = (
  bytes: Uint8Array,
  count: number,
  queries = QUERIES,
  asked?: Uint8Array,
): Field => ({ bytes, count, queries: queriesOf(bytes, queries, 31, asked) });

/** The queries of a field by kind. */
export const QUERY_KINDS = {
  planted: (at: number) => at % 2 === 0,
  unrelated: (at: number) => at % 2 === 1,
};
export type QueryKind = keyof typeof QUERY_KINDS;

/** The size whose figures have bounds. Those of shorter lists are only given. */
export const JUDGED = 1e6;

/** What every part of `bench index` gets. */
export interface IndexRun {
  readonly context: BenchContext;
  readonly data: readonly DataSet[];
  readonly faiss: FaissBuild | undefined;
  /** sizes of lists, ascending */
  readonly sizes: readonly number[];
  /** size of the list for figures that are given for one size: a million, or less if asked for */
  readonly usual: number;
  /** ten million, or less if asked for */
  readonly large: number;
  /** the only distance to measure, if it was asked for */
  readonly distance: number | undefined;
}

/** A part of `bench index`. Resolves to what goes into the record. */
export type IndexPart = (run: IndexRun) => Promise<Record<string, unknown>>;

/**
 * The lists of every kind and size. Above the usual largest, only uniform ones are searched, without
 * what would fill the memory.
 */
export function* fieldsOf({ data, sizes }: Pick<IndexRun, 'data' | 'sizes'>) {
  for (const { name, field } of data) {
    for (const count of sizes) {
      const isLarge = count > JUDGED;
      if (!isLarge || name === 'uniform') yield { data: name, field: field(count), isLarge };
    }
  }
}

/** Figures that are reported, and gathered for the record. */
export function gathered(context: BenchContext, prefix = '') {
  const figures: Record<string, number> = {};
  const figure = (name: string, value: number) => {
    figures[prefix + name] = value;
    context.figure(prefix + name, value);
  };
  return { figures, figure };
}
