import type { BlocklistEntry, ListFormat } from '../../index.js';
import { counted } from '../output.js';

/** The text forms that hold each field of an entry. */
const HELD: Readonly<Record<Exclude<keyof BlocklistEntry, 'hash'>, readonly ListFormat[]>> = {
  labels: ['plain', 'csv', 'jsonl', 'dataset', 'dataset-csv'],
  quality: ['plain', 'csv', 'jsonl'],
  source: ['csv', 'jsonl', 'dataset', 'dataset-csv'],
  id: ['csv', 'jsonl'],
  resample: ['csv', 'jsonl'],
  variant: ['csv', 'jsonl'],
  group: ['csv', 'jsonl'],
  parts: ['jsonl'],
  seconds: ['csv', 'jsonl'],
  still: ['csv', 'jsonl'],
  list: [],
  caseCount: [],
  opinions: [],
  confirmed: [],
};

/** Counts the fields of written entries that a text form of a list cannot hold. */
export class LeftOut {
  readonly #format: ListFormat;
  readonly #counts: Map<keyof typeof HELD, number>;

  constructor(format: ListFormat) {
    const fields = Object.keys(HELD) as (keyof typeof HELD)[];
    const lost = fields.filter((field) => !HELD[field].includes(format));
    this.#format = format;
    this.#counts = new Map(lost.map((field) => [field, 0]));
  }

  /** The same entries, counted as they are consumed. */
  *counting(entries: Iterable<BlocklistEntry>): Generator<BlocklistEntry> {
    for (const entry of entries) {
      for (const [field, count] of this.#counts) {
        const says = field === 'labels' ? entry.labels.length > 0 : entry[field] !== undefined;
        if (says) this.#counts.set(field, count + 1);
      }
      yield entry;
    }
  }

  /** A note of what was left out; undefined if nothing was. */
  note(): string | undefined {
    const lost = [...this.#counts].filter(([, count]) => count > 0);
    if (lost.length === 0) return undefined;
    const counts = lost.map(
      ([field, count]) => `${field} of ${counted(count, 'entry', 'entries')}`,
    );
    return `left out: ${counts.join(', ')}; ${this.#format} cannot hold that`;
  }
}
