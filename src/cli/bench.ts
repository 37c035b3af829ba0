import type { Command } from './command.js';

/** What `dist/bench.js` exports; it is built from bench/, which is no room of the library. */
interface Benches {
  BENCHES: readonly { name: string; about: string }[];
  runBenches(
    names: readonly string[],
    options: { json: boolean; options: Record<string, string | boolean | undefined> },
  ): Promise<void>;
}

/** Options with a value, passed on to the benchmarks as they are. */
const TEXTS = [
  'smallest',
  'largest',
  'distance',
  'record',
  'photos',
  'algorithm',
  'profile',
  'seed',
  'out',
] as const;

/** `onlyhashes bench`: how fast this machine does it, beside other ways to do it. */
export const benchCommand: Command = {
  name: 'bench',
  usage: '[NAME…]',
  about:
    'Time the library beside naive code and other packages: ratios first. --list tells the names.',
  options: {
    json: { about: 'one JSON object' },
    list: { about: 'the names of the benchmarks' },
    large: { about: 'add sizes that take minutes and gigabytes' },
    smallest: { about: 'no list of fewer hashes than this (index, cliffs)', value: 'N' },
    largest: { about: 'no list of more hashes than this (index, cliffs)', value: 'N' },
    distance: { about: 'this distance alone (index, cliffs)', value: 'BITS' },
    record: { about: 'write figures and a plot to this folder (index)', value: 'DIR' },
    photos: { about: 'pictures to edit and find again (robustness)', value: 'DIR' },
    algorithm: {
      about: 'which hash (robustness)',
      choices: ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'],
    },
    profile: {
      about: 'which variants (robustness)',
      choices: ['none', 'orientation', 'dihedral', 'thorough'],
    },
    amounts: { about: 'crops and cut turns in small steps instead (robustness)' },
    compare: { about: 'all hashes and variants side by side, whole photos alone (robustness)' },
    seed: { about: 'of the edits (robustness)', value: 'N' },
    out: { about: 'write a report with its plots to this folder (robustness)', value: 'DIR' },
  },
  examples: [
    ['onlyhashes bench pdq', 'hashing'],
    ['onlyhashes bench --list', 'which there are'],
  ],
  minWords: 0,
  async run(call) {
    const url = new URL('./bench.js', import.meta.url);
    const { BENCHES, runBenches } = (await import(url.href)) as Benches;
    if (call.on('list')) {
      for (const { name, about } of BENCHES) console.log(`${name.padEnd(14)}${about}`);
      return 0;
    }
    await runBenches(call.words, {
      json: call.on('json'),
      options: {
        large: call.on('large'),
        amounts: call.on('amounts'),
        compare: call.on('compare'),
        ...Object.fromEntries(TEXTS.map((name) => [name, call.text(name)])),
      },
    });
    return 0;
  },
};
