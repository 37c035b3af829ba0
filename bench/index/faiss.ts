import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { answerOf, type Peer } from './peers.js';

const PYTHON = '/usr/bin/python3';

/**
 * Reads hashes and queries from standard input (as many bytes as its arguments say), then commands.
 * Each command is a line and gets a line as its answer. `index KIND` builds an index. `search KIND
 * DISTANCE COUNT` runs the first COUNT queries one by one and answers with their number of hits.
 * `answers` takes the same arguments and gives each query's ids and distances. Faiss's range is
 * exclusive.
 */
const DRIVER = `
import json, signal, sys
for name in 'SIGINT', 'SIGPIPE':
    signal.signal(getattr(signal, name), signal.SIG_DFL)
import numpy, faiss
faiss.omp_set_num_threads(1)
read = lambda size: numpy.frombuffer(sys.stdin.buffer.read(int(size)), numpy.uint8).reshape(-1, 32)
base, queries = map(read, sys.argv[1:])
kinds = {}
for line in sys.stdin.buffer:
    word = line.decode().split()
    if word[0] == 'index':
        index = faiss.IndexBinaryFlat(256) if word[1] == 'flat' else faiss.IndexBinaryMultiHash(256, 16, 16)
        index.add(base)
        kinds[word[1]] = index
        print('ok', flush=True)
    else:
        index, distance, count = kinds[word[1]], int(word[2]), int(word[3])
        if word[1] == 'hash':
            index.nflip = distance // 16
        if word[0] == 'search':
            hits = 0
            for i in range(count):
                limits, _, _ = index.range_search(queries[i:i + 1], distance + 1)
                hits += int(limits[1])
            print(hits, flush=True)
        else:
            answers = []
            for i in range(count):
                _, distances, ids = index.range_search(queries[i:i + 1], distance + 1)
                answers.append(numpy.stack([ids, distances.astype(numpy.int64)], 1).ravel().tolist())
            print(json.dumps(answers), flush=True)
`;

/** The build of Faiss that the figures belong to. */
export interface FaissBuild {
  readonly version: string;
  /** the packager of the build */
  readonly packager: string;
  /** the processors it is built for, as Faiss names them; `generic` has no AVX */
  readonly target: string;
}

/** The installed build of Debian's Faiss, or `undefined`. */
export function faissBuild(): FaissBuild | undefined {
  const told = spawnSync(
    PYTHON,
    ['-c', 'import faiss; print(faiss.__version__); print(faiss.get_compile_options())'],
    { encoding: 'utf8' },
  );
  if (told.status !== 0) return undefined;
  const [version, options] = told.stdout.split('\n');
  // "OPTIMIZE GENERIC", "OPTIMIZE AVX2" …
  const target = options!.replace('OPTIMIZE', '').trim().toLowerCase();
  return { version: version!, packager: 'Debian (python3-faiss)', target };
}

type Kind = 'flat' | 'hash';
const NAMES: Record<Kind, string> = { flat: 'IndexBinaryFlat', hash: 'IndexBinaryMultiHash' };

/**
 * Faiss in its own process, with one thread, over the same hashes and queries as the others. It
 * ends with this process and leaves nothing on disk.
 */
export class Faiss {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #target: string;

  constructor({ target }: FaissBuild, hashes: Uint8Array, queries: Uint8Array) {
    this.#target = target;
    const sizes = [hashes, queries].map(({ length }) => String(length));
    this.#child = spawn(PYTHON, ['-c', DRIVER, ...sizes], { stdio: ['pipe', 'pipe', 'inherit'] });
    // If it ends early, `#ask` reports that.
    this.#child.stdin!.on('error', () => {});
    this.#child.stdin!.write(hashes);
    this.#child.stdin!.write(queries);
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
  }

  /** Builds an index of this kind. */
  async peer(kind: Kind): Promise<Peer> {
    await this.#ask(`index ${kind}`);
    const ask = (word: string, maxDistance: number, count: number) =>
      this.#ask(`${word} ${kind} ${maxDistance} ${count}`);
    return {
      name: `Faiss ${NAMES[kind]}, ${this.#target} build`,
      hits: async (maxDistance, count) => Number(await ask('search', maxDistance, count)),
      answers: async (maxDistance, count) => {
        const answers: number[][] = JSON.parse(await ask('answers', maxDistance, count));
        return answers.map((pairs) => answerOf(pairs, pairs.length / 2));
      },
    };
  }

  close(): void {
    this.#child.stdin!.end();
    this.#lines.close();
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
