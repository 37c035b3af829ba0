import type { Command, Option } from './command.js';
import { UsageError } from './failure.js';
import { print } from './output.js';

/** The exports of `dist/bench.js`, which is built from bench/, outside the library. */
export interface Benches {
  BENCHES: readonly { name: string; about: string; long?: boolean }[];
  runBenches(
    names: readonly string[],
    options: { json: boolean; options: Record<string, string | boolean | undefined> },
  ): Promise<boolean>;
}

/** An option passed on to benchmarks, with the names of those that take it, if not all do. */
export interface BenchOption extends Option {
  readonly takenBy?: readonly string[];
}

/** Size of a list, in hashes. */
const SIZE = { value: 'N', range: [1, 1e9], takenBy: ['index'] } as const;

/** Options of the benchmarks in the package. */
export const OPTIONS = {
  large: { about: 'add sizes that take minutes and gigabytes', takenBy: ['index', 'uploads'] },
  smallest: { about: 'size of the smallest list, in hashes', ...SIZE },
  largest: { about: 'size of the largest list, in hashes', ...SIZE },
  distance: {
    about: 'measure only this distance',
    takenBy: ['index'],
    value: 'BITS',
    range: [0, 256],
  },
  part: {
    about: 'run only this part',
    takenBy: ['index'],
    choices: ['large', 'figures', 'changes', 'latency', 'near', 'races'],
  },
  photos: {
    about: 'folder of pictures to edit and find again, or of folders of unrelated ones',
    takenBy: ['robustness', 'precision'],
    value: 'DIR',
  },
  set: {
    about:
      'photos to edit: tuned on, those of them in packages, checked, opened, or sealed; default tuned',
    takenBy: ['robustness'],
    choices: ['tuned', 'open', 'checked', 'opened', 'sealed'],
  },
  hash: {
    about: 'module that exports hash(picture), to compare with on the same copies',
    takenBy: ['robustness'],
    value: 'FILE',
  },
  edits: {
    about: 'module that exports edits, to make in place of ours',
    takenBy: ['robustness'],
    value: 'FILE',
  },
  quick: {
    about: 'test an eighth of the copies, or of the uploads',
    takenBy: ['robustness', 'precision'],
  },
  seed: {
    about: 'seed of the edits, or of the uploads that quick takes',
    takenBy: ['robustness', 'precision'],
    value: 'N',
    range: [0, Number.MAX_SAFE_INTEGER],
  },
  out: { about: 'folder to write a record of each benchmark to', value: 'DIR' },
} satisfies Record<string, BenchOption>;

/** The command that measures: in the package, or in a checkout with all benchmarks. */
export const benchCommandOf = (
  load: () => Promise<Benches>,
  passedOn: Readonly<Record<string, BenchOption>>,
): Command => ({
  name: 'bench',
  usage: '[NAME…]',
  about:
    'Benchmark the library against naive code and other packages.\nRatios come first. Without a NAME, all but the long benchmarks run.\nMissing packages are listed. Exit code: 0 if anything ran, else 1.',
  options: {
    json: { about: 'print one JSON object' },
    list: { about: 'list the benchmarks' },
    ...Object.fromEntries(
      Object.entries(passedOn).map(([name, { about, takenBy, ...option }]) => [
        name,
        { ...option, about: takenBy ? `${about} (${takenBy.join(', ')})` : about },
      ]),
    ),
  },
  examples: [
    ['onlyhashes bench pdq', 'hashing speed'],
    ['onlyhashes bench --list', 'all benchmarks'],
  ],
  minWords: 0,
  endsAtOnce: true,
  async run(call) {
    const { BENCHES, runBenches } = await load();
    if (call.on('list')) {
      for (const { name, about } of BENCHES) print(`${name.padEnd(14)}${about}`);
      return 0;
    }
    const run =
      call.words.length > 0 ? call.words : BENCHES.flatMap(({ name, long }) => (long ? [] : name));
    const options: Record<string, string | boolean> = {};
    for (const [name, { takenBy }] of Object.entries(passedOn)) {
      const value = call.text(name) ?? call.on(name);
      if (value === false) continue;
      if (takenBy && !takenBy.some((taker) => run.includes(taker))) {
        throw new UsageError(`--${name}: expected ${takenBy.join(' or ')} among the benchmarks`);
      }
      options[name] = value;
    }
    if (Number(options.smallest ?? 0) > Number(options.largest ?? Number.POSITIVE_INFINITY)) {
      throw new UsageError('--smallest: expected no more than --largest');
    }
    return (await runBenches(call.words, { json: call.on('json'), options })) ? 0 : 1;
  },
});

/** `onlyhashes bench`: the speed of this machine, compared with other ways to do the same. */
export const benchCommand = benchCommandOf(
  async () => (await import(new URL('./bench.js', import.meta.url).href)) as Benches,
  OPTIONS,
);
