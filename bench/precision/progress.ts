import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const digestOf = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 12);

/**
 * Results of pieces of work, kept in a file so that a run which was stopped continues. A line is one
 * result: the digest of its JSON, then `[name, result]`. It is appended in one write, and one that
 * was cut off or damaged is done again.
 */
export class Progress {
  readonly #results = new Map<string, unknown>();
  readonly #path: string | undefined;

  /**
   * @param folder absent: nothing is kept
   * @param key the code and the options of the run: one of another key has a file of its own
   * @param note gets what is continued, and what is done again
   */
  constructor(folder: string | undefined, key: string, note: (text: string) => void) {
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    const name = `progress-${digestOf(key)}.jsonl`;
    this.#path = join(folder, name);
    if (!existsSync(this.#path)) {
      const others = readdirSync(folder).filter((other) => /^progress-.*\.jsonl$/.test(other));
      if (others.length > 0) {
        note(`begins again: ${others.join(', ')} is of other code or options, and is not used`);
      }
      return;
    }
    // Bytes, as a large file is longer than a string can be.
    const bytes = readFileSync(this.#path);
    let from = 0;
    for (let at = 1; from < bytes.length; at++) {
      const newline = bytes.indexOf(10, from);
      const to = newline < 0 ? bytes.length : newline;
      const line = bytes.toString('utf8', from, to);
      if (line !== '' && !this.#read(line)) note(`${name}:${at} is damaged: done again`);
      from = to + 1;
    }
    // The next line must not continue one that was cut off.
    if (bytes.length > 0 && bytes.at(-1) !== 10) appendFileSync(this.#path, '\n');
    note(`continues: ${this.#results.size} results are in ${name}`);
  }

  #read(line: string): boolean {
    const json = line.slice(13);
    if (line.slice(0, 13) !== `${digestOf(json)} `) return false;
    const [name, result] = JSON.parse(json) as [string, unknown];
    this.#results.set(name, result);
    return true;
  }

  /** The kept result of that name, or that of `work`, which is then kept. It must be JSON. */
  async once<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (!this.#results.has(name)) {
      const result = await work();
      const json = JSON.stringify([name, result]);
      if (this.#path !== undefined) appendFileSync(this.#path, `${digestOf(json)} ${json}\n`);
      this.#results.set(name, result);
    }
    return this.#results.get(name) as T;
  }
}
