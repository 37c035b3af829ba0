import { readFile } from 'node:fs/promises';
import { PackedEntries } from '../exchange/index.js';
import { DEFAULT_BITS } from '../index.js';
import { createIndex } from '../indexing/index.js';
import { isIndexFile, openIndex, readIndexInfo, saveIndex } from '../node/index.js';
import type { Call, Command } from './command.js';
import { Failure, failureOf, shownName, UsageError } from './failure.js';
import { encoded } from './file-name.js';
import { kindName, kindOf, LIST_OPTIONS, readParts, wantedOf } from './lists.js';
import { exitCode, output, progress } from './output.js';
import { outputPath } from './output-file.js';

const BUILD = { actions: ['build'] } as const;

/** `onlyhashes index`: a list as an index file, which opens at once. */
export const indexCommand: Command = {
  name: 'index',
  usage: 'build LIST -o FILE | info FILE | verify FILE',
  about:
    'Build an index file from a list, tell what one holds, or check every byte of one. It carries the labels of its entries. An index file is replaced once the new one is complete.',
  options: {
    output: { about: 'the index file to write', value: 'FILE', short: 'o', ...BUILD },
    overwrite: { about: 'let -o replace a file that is no index file', needs: { output: [] } },
    algorithm: { ...LIST_OPTIONS.algorithm, ...BUILD },
    bits: { ...LIST_OPTIONS.bits, ...BUILD },
    'allow-empty': { ...LIST_OPTIONS['allow-empty'], ...BUILD },
    json: { about: 'one JSON object', actions: ['info', 'verify'] },
  },
  examples: [
    ['onlyhashes index build list.csv -o list.ohx', 'a list as an index file'],
    ['onlyhashes index verify list.ohx', 'exit code 2 if a byte has changed'],
  ],
  minWords: 2,
  maxWords: 2,
  async run(call, signal) {
    const [action, path] = call.words as [string, string];
    if (action === 'build') return build(path, call, signal);
    if (action !== 'info' && action !== 'verify') {
      throw new UsageError('expected build, info or verify');
    }
    try {
      const name = encoded(path);
      const info =
        action === 'info'
          ? await readIndexInfo(name)
          : (await openIndex(typeof name === 'string' ? name : await readFile(name))).info;
      const { algorithm, bits, size, hashes, degenerate, generation, byteLength } = info;
      if (call.on('json')) {
        const known = { algorithm, bits, size, hashes, degenerate, generation, byteLength };
        console.log(JSON.stringify(known));
        return 0;
      }
      console.log(`hashes       ${algorithm}, ${bits} bits`);
      console.log(`entries      ${size}, with ${hashes} different hashes`);
      console.log(`degenerate   ${degenerate ?? 'not counted, and not matched'}`);
      console.log(`generation   ${generation}, one more each time the file is replaced`);
      console.log(`file size    ${byteLength} bytes`);
      if (action === 'verify') console.log('every byte is as it was written');
      return 0;
    } catch (error) {
      throw failureOf(path, error);
    }
  },
};

async function build(path: string, call: Call, signal: AbortSignal): Promise<number> {
  const target = call.text('output');
  if (target === undefined) throw new UsageError('expected -o FILE');
  const writable = { overwrite: call.on('overwrite'), replaces: isIndexFile };
  await outputPath(target, writable);
  const bar = progress('reading the list, MB');
  const out = output(bar);
  const wanted = wantedOf(call);
  const [part, ...others] = await readParts(path, wanted, { signal, out, bar });
  const name = shownName(path);
  if (others.length > 0) {
    const kinds = [part!, ...others].map((each) => kindName(kindOf(each))).join(', ');
    throw new Failure(
      `${name}: an index has one kind of hash, state --algorithm and --bits: ${kinds}`,
    );
  }
  if (part !== undefined && !(part instanceof PackedEntries)) {
    throw new Failure(`${name}: it is an index file already`);
  }
  const { algorithm = 'pdq', bits = DEFAULT_BITS[algorithm] } = wanted;
  const index = part ? createIndex(part.hashes) : createIndex([], { algorithm, bits });
  try {
    // Asked again: reading took its time.
    const real = await outputPath(target, writable);
    const { degenerate = 0 } = await saveIndex(real, index, {
      signal,
      ...(part && { entries: part }),
    });
    if (degenerate > 0) out.say(name, `${degenerate} degenerate hashes were left out of the index`);
  } catch (error) {
    throw signal.aborted ? error : failureOf(target, error);
  }
  return exitCode(out.errors, 1);
}
