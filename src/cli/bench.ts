import type { Command } from './command.js';

/** What `dist/bench.js` exports; it is built from bench/, which is no room of the library. */
interface Benches {
  BENCHES: readonly { name: string; about: string }[];
  runBenches(
    names: readonly string[],
    options: { json: boolean; options: Record<string, string | boolean | undefined> },
  ): Promise<void>;
}

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
      options: { large: call.on('large') },
    });
    return 0;
  },
};
