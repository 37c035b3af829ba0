import process from 'node:process';
import { benchCommandOf, OPTIONS } from '../src/cli/bench.js';
import { helpOf, readCall } from '../src/cli/command.js';
import { textOf, UsageError } from '../src/cli/failure.js';
import { output } from '../src/cli/output.js';
import { BENCHES } from './benches.js';
import { runBenches } from './harness.js';

/*
 * `npm run bench`: as `onlyhashes bench`, with all benchmarks. What the package does not have needs
 * a checkout, with what is installed in it.
 */

const { large, smallest, largest, distance, part, photos, set, quick, seed } = OPTIONS;

const command = benchCommandOf(
  async () => ({ BENCHES, runBenches: (words, options) => runBenches(BENCHES, words, options) }),
  {
    ...OPTIONS,
    large: { ...large, takenBy: ['index', 'cliffs', 'pdq-band', 'uploads'] },
    smallest: { ...smallest, takenBy: ['index', 'cliffs'] },
    largest: {
      ...largest,
      takenBy: ['index', 'cliffs', 'blocklist', 'lists', 'digests', 'store', 'service', 'variants'],
    },
    distance: { ...distance, takenBy: ['index', 'cliffs'] },
    part: {
      ...part,
      takenBy: [...part.takenBy, 'variants'],
      choices: [...part.choices, 'kernels', 'pipeline'],
    },
    quick: {
      about:
        'test an eighth of the copies, or of the uploads; fewer pictures of the stages; short videos',
      takenBy: [...quick.takenBy, 'variants', 'inner', 'video'],
    },
    photos: { ...photos, takenBy: [...photos.takenBy, 'inner', 'video'] },
    set: { ...set, takenBy: [...set.takenBy, 'inner', 'video'] },
    seed: { ...seed, takenBy: [...seed.takenBy, 'inner', 'video'] },
    stages: {
      about: 'kernels beside their twins, and the stages of a check',
      takenBy: ['variants'],
    },
    clips: {
      about: 'clips to make of photos, each copied by every edit; default 4',
      takenBy: ['video'],
      value: 'N',
      range: [1, 1000],
    },
    rounds: {
      about: 'paired rounds per case, default 20',
      takenBy: ['versus'],
      value: 'N',
      range: [20, 1000],
    },
  },
);
try {
  const words = process.argv.slice(2);
  if (words.includes('--help')) console.log(helpOf(command));
  else {
    const out = output(new AbortController().signal);
    process.exitCode = await command.run(readCall(command, words), out);
  }
} catch (error) {
  const hint = error instanceof UsageError ? '\nsee npm run bench -- --help' : '';
  console.error(`bench: ${textOf(error)}${hint}`);
  process.exitCode = 2;
}
