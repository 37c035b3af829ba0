import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

const PYTHON = '/usr/bin/python3';

/**
 * Reads commands from standard input, a line each, and answers each with a line: `index KIND`, or `search KIND DISTANCE
 * COUNT`, which runs the first COUNT queries one by one and gives how many hits they have. Faiss' range is exclusive.
 */
const DRIVER = `
import sys, numpy, faiss
faiss.omp_set_num_threads(1)
base = numpy.fromfile(sys.argv[1], dtype=numpy.uint8).reshape(-1, 32)
queries = numpy.fromfile(sys.argv[2], dtype=numpy.uint8).reshape(-1, 32)
kinds = {}
for line in sys.stdin:
    word = line.split()
    if word[0] == 'index':
        index = faiss.IndexBinaryFlat(256) if word[1] == 'flat' else faiss.IndexBinaryMultiHash(256, 16, 16)
        index.add(base)
        kinds[word[1]] = index
        print('ok', flush=True)
    else:
        index, distance, count = kinds[word[1]], int(word[2]), int(word[3])
        if word[1] == 'hash':
            index.nflip = distance // 16
        hits = 0
        for i in range(count):
            limits, _, _ = index.range_search(queries[i:i + 1], distance + 1)
            hits += int(limits[1])
        print(hits, flush=True)
`;

/** The version of Faiss that Debian's Python has, and how it was built; undefined where there is none. */
export function faissVersion(): string | undefined {
  const told = spawnSync(
    PYTHON,
    ['-c', 'import faiss; print(faiss.__version__, faiss.get_compile_options())'],
    { encoding: 'utf8' },
  );
  return told.status === 0 ? told.stdout.trim() : undefined;
}

/** Faiss in a process of its own, one thread, over the same hashes and queries as the others. */
export class Faiss {
  readonly #folder = mkdtempSync(join(tmpdir(), 'faiss-'));
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(hashes: Uint8Array, queries: Uint8Array) {
    const [base, asked] = [join(this.#folder, 'hashes'), join(this.#folder, 'queries')];
    writeFileSync(base, hashes);
    writeFileSync(asked, queries);
    this.#child = spawn(PYTHON, ['-c', DRIVER, base, asked], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  async build(kind: 'flat' | 'hash'): Promise<void> {
    await this.#ask(`index ${kind}`);
  }

  /** Hits of the first `count` queries. */
  async search(kind: 'flat' | 'hash', maxDistance: number, count: number): Promise<number> {
    return Number(await this.#ask(`search ${kind} ${maxDistance} ${count}`));
  }

  close(): void {
    this.#child.stdin!.end();
    this.#lines.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#child.once('exit', () => reject(new Error('Faiss ended')));
      this.#waiting.push((line) => {
        this.#child.removeAllListeners('exit');
        resolve(line);
      });
      this.#child.stdin!.write(`${command}\n`);
    });
  }
}
