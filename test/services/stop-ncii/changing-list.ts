import type { StopNciiRecord } from '../../../src/services/stop-ncii/format.js';
import type { Changes, Place } from '../../../src/services/stop-ncii/serve.js';

export const hexOf = (n: number) => n.toString(16).padStart(64, 'a');

/**
 * A list whose changes take the time at which they begin and appear when they are committed. Its
 * order is by time and hash, so that a late change appears behind the reader.
 */
export class ChangingList {
  now = 1_600_000_000;
  #version = 0;
  readonly #rows = new Map<string, StopNciiRecord>();
  /** times of the changes that are not committed, by hash */
  readonly #begun = new Map<string, number>();

  /** Begins a change, unless this record has one. @returns its commit */
  begin(n: number, hashStatus = 'Active'): () => void {
    const hashValue = hexOf(n);
    if (this.#begun.has(hashValue)) return () => {};
    const lastModtimestamp = this.now;
    this.#begun.set(hashValue, lastModtimestamp);
    return () => {
      this.#begun.delete(hashValue);
      this.#rows.set(hashValue, {
        lastModtimestamp,
        signalType: 'ImagePDQ',
        hashValue,
        hashStatus,
        caseNumbers: [],
        feedbacks: [{ source: 'A', feedbackValue: 'Blocked', tags: [`${this.#version++}`] }],
      });
    };
  }

  change(n: number, hashStatus?: string): void {
    this.begin(n, hashStatus)();
  }

  /** Lists a record now. */
  put(record: StopNciiRecord): void {
    this.#rows.set(record.hashValue, { ...record, lastModtimestamp: this.now });
  }

  records(): StopNciiRecord[] {
    return [...this.#rows.values()];
  }

  /** All records as they are fetched, by hash. */
  listed(): Map<string, unknown> {
    return new Map(
      [...this.#rows].map(([hash, { feedbacks, caseNumbers: _, ...record }]) => [
        hash,
        { ...record, caseNumbers: {}, CSPFeedbacks: feedbacks },
      ]),
    );
  }

  readonly read = async (
    start: number,
    after: Place | undefined,
    limit: number,
  ): Promise<Changes> => {
    const [seconds, key] = after ?? [0, ''];
    const rows = [...this.#rows.values()]
      .map((record) => ({ record, time: record.lastModtimestamp! }))
      .filter(({ time }) => time >= start)
      .filter(({ record, time }) => (time === seconds ? record.hashValue > key : time > seconds))
      .sort((a, b) => a.time - b.time || (a.record.hashValue < b.record.hashValue ? -1 : 1));
    const records = rows.slice(0, limit).map(({ record }) => record);
    const last = records.at(-1);
    const next = last && rows.length > limit && ([last.lastModtimestamp!, last.hashValue] as const);
    const openSeconds = Math.min(this.now, ...this.#begun.values());
    return { records, next: next || undefined, openSeconds };
  };
}
