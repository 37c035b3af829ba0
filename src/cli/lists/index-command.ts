import { readFile } from 'node:fs/promises';
import { PackedEntries } from '../../index.js';
import { openIndex } from '../../node/index.js';
import type { Call, Command } from '../command.js';
import { Failure, failureOf, shownName, UsageError } from '../failure.js';
import { encoded } from '../file-name.js';
import { counted, exitCode, type Output, print } from '../output.js';
import { outputPath } from '../output-file.js';
import { kindName, kindOf, kindWithout, LIST_OPTIONS, readParts, wantedOf } from './lists.js';
import { writeIndex } from './write-index.js';

const BUILD = { actions: ['build'] } as const;

/** `onlyhashes index`: index files, which open at once. */
export const indexCommand: Command = {
  name: 'index',
  usage: 'build LIST -o FILE | info FILE | verify FILE',
  about: `Build an index file from a list; describe or verify one.
LIST is a text; convert makes an index file from a blocklist file (.ohb). An index file opens at \
once, and has the labels of its entries. build replaces an index file only when the new one is \
complete. verify checks every byte.`,
  options: {
    output: { about: 'the index file to write', value: 'FILE', short: 'o', ...BUILD },
    overwrite: { about: 'let -o replace a file that is not an index file', needs: { output: [] } },
    algorithm: { ...LIST_OPTIONS.algorithm, ...BUILD },
    bits: { ...LIST_OPTIONS.bits, ...BUILD },
    'allow-empty': { ...LIST_OPTIONS['allow-empty'], ...BUILD },
    json: { about: 'print one JSON object', actions: ['info', 'verify'] },
  },
  examples: [
    ['onlyhashes index build list.csv -o list.ohx', 'build an index file from a list'],
    ['onlyhashes index verify list.ohx', 'exit code 2 if a byte has changed'],
  ],
  minWords: 2,
  maxWords: 2,
  async run(call, out) {
    const [action, path] = call.words as [string, string];
    if (action === 'build') return build(path, call, out);
    try {
      const name = encoded(path);
      const source = typeof name === 'string' ? name : await readFile(name);
      const { info } = await openIndex(source, { verify: action === 'verify' });
      const { algorithm, bits, size, hashes, degenerate, generation, byteLength } = info;
      if (call.on('json')) {
        const known = { algorithm, bits, size, hashes, degenerate, generation, byteLength };
        print(JSON.stringify(known));
        return 0;
      }
      print(`hashes       ${algorithm}, ${bits} bits`);
      print(`entries      ${size}, with ${counted(hashes, 'different hash', 'different hashes')}`);
      print(`degenerate   ${degenerate ?? 'not counted, and not matched'}`);
      print(`generation   ${generation}, incremented each time the file is replaced`);
      print(`file size    ${byteLength} bytes`);
      if (action === 'verify') print('every byte is intact');
      return 0;
    } catch (error) {
      throw failureOf(path, error);
    }
  },
};

async function build(path: string, call: Call, out: Output): Promise<number> {
  const target = call.text('output');
  if (target === undefined) throw new UsageError('expected -o FILE');
  const writable = { overwrite: call.on('overwrite'), replaces: 'index' } as const;
  await outputPath(target, writable);
  const wanted = wantedOf(call);
  const [part, ...others] = await readParts(path, wanted, out);
  const name = shownName(path);
  if (others.length > 0) {
    const kinds = [part!, ...others].map((each) => kindName(kindOf(each))).join(', ');
    throw new Failure(
      `${name}: expected one kind of hash, got ${kinds}: choose by --algorithm and --bits`,
    );
  }
  if (part !== undefined && !(part instanceof PackedEntries)) {
    throw new Failure(`${name}: expected a text, got an index file`);
  }
  const kind = part ?? kindWithout(wanted);
  await writeIndex(part, kind, { from: name, to: target, writable, out });
  return exitCode(out, 1);
}
