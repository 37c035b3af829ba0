import { joinLabels, writeCell } from '../exchange/index.js';
import { type HashedVariant, hashToHex } from '../index.js';
import {
  type Decision,
  decisionToJSON,
  type Match,
  type PolicyOptions,
} from '../matching/index.js';
import { variantsOfFile } from '../node/index.js';
import { readBlocklist } from './blocklist.js';
import { type Call, type Command, UsageError } from './command.js';
import { hashOfHex, isHex } from './compare.js';
import { fileToJSON } from './file-name.js';
import { listed } from './files.js';
import { eachPicture, HASH_OPTIONS, hashOptions, type Source } from './hash.js';
import { exitCode, output } from './output.js';
import { progress } from './progress.js';
import { writeReport } from './report.js';

/** `onlyhashes match`: pictures or hashes against a blocklist. */
export const matchCommand: Command = {
  name: 'match',
  usage: 'FILE|HEX… --blocklist LIST',
  about:
    'Match pictures or hashes against a blocklist: a line VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE for each match. LIST has one hash[,label…] a line (plain or CSV) or JSONL, or is an index file.',
  options: {
    blocklist: { about: 'the list; - is standard input', value: 'LIST', short: 'b' },
    'max-distance': {
      about: 'up to here any variant is a match, in bits (PDQ: 31)',
      value: 'BITS',
      range: [0, 256],
    },
    'review-distance': {
      about: 'up to here the picture itself is for review (PDQ: 60)',
      value: 'BITS',
      range: [0, 256],
    },
    'min-quality': {
      about: 'below this quality a match is for review',
      value: 'N',
      range: [0, 100],
      default: '50',
    },
    all: {
      about: 'every match of every variant, not only of the first that matches',
    },
    json: { about: 'one JSON decision a line, also where nothing matched' },
    explain: { about: 'explain the decision about one picture on a page (--out)' },
    out: { about: 'the page that --explain writes', value: 'REPORT.html' },
    'show-pictures': { about: 'put the picture and its matching parts on that page' },
    ...HASH_OPTIONS,
    variants: { ...HASH_OPTIONS.variants, default: 'thorough' },
  },
  examples: [
    ['onlyhashes match upload.jpg --blocklist list.csv', 'one upload'],
    ['onlyhashes match --json uploads/ --blocklist list.ohx', 'a folder against an index file'],
    [
      'onlyhashes match --explain upload.jpg --blocklist list.csv --out report.html',
      'one self-contained page: distance, variant, where it lies in the picture',
    ],
  ],
  minWords: 1,
  async run(call, signal) {
    const list = call.text('blocklist');
    if (list === undefined) throw new UsageError('expected --blocklist LIST');
    if (list === '-' && call.words.includes('-')) {
      throw new UsageError('expected the list or a picture on standard input, not both');
    }
    const bar = progress('matching');
    const out = output(bar);
    const options = hashOptions(call);
    const { algorithm = 'pdq' } = options;
    const blocklist = await readBlocklist(list, policyOf(call, algorithm), {
      algorithm,
      signal,
      out,
      bar: progress('reading the list, MB'),
    });
    const all = call.on('all');
    let found = 0;
    const print = async (file: string, decision: Decision) => {
      found += decision.matches.length;
      if (decision.verdict === 'unhashable') out.count();
      if (call.on('json')) {
        await out.line(JSON.stringify({ ...fileToJSON(file), ...decisionToJSON(decision) }));
      } else for (const match of decision.matches) await out.line(lineOf(match, file));
    };
    // Told once which words are hashes: files of such names come and go while the work goes on.
    const hashes = new Set(call.words.filter(isHex));
    const words = await listed(call.words, { out, signal });
    if (call.on('explain')) {
      const page = call.text('out');
      const [file] = words;
      if (page === undefined || file === undefined || words.length > 1 || hashes.has(file)) {
        throw new UsageError('expected one picture and --out REPORT.html with --explain');
      }
      const showPictures = call.on('show-pictures');
      const report = { out: page, all, showPictures, hashing: { ...options, signal } };
      await print(file, await writeReport(file, blocklist, report));
      return exitCode(out.errors, found);
    }
    const files = words.filter((word) => !hashes.has(word));
    // Each picture is matched as soon as it is decoded: variants beyond the first match are never hashed.
    const job = async (source: Source, ended: AbortSignal) => {
      const { variants } = await variantsOfFile(source, { ...options, signal: ended });
      return blocklist.decide(variants, { all });
    };
    const decisions = eachPicture(files, job, { signal, bar });
    for (const word of words) {
      if (hashes.has(word)) {
        const variant: HashedVariant = { name: 'original', hash: hashOfHex(word, algorithm) };
        await print(word, blocklist.decide([variant], { all }));
        continue;
      }
      const { value: result } = await decisions.next();
      if (!result) break;
      const { file, value: decision, error } = result;
      await print(file, decision ?? blocklist.decide(error));
      if (error) out.say(file, error.message);
    }
    bar.clear();
    return exitCode(out.errors, found);
  },
};

/** `VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE`, the labels as a cell of a CSV list. */
function lineOf({ tier, distance, variant, entry }: Match, file: string): string {
  const labels = writeCell(joinLabels(entry.labels));
  return [tier, distance, variant.name, hashToHex(entry.hash), labels, file].join(',');
}

function policyOf(call: Call, algorithm: string): PolicyOptions {
  const number = (name: string) => (call.text(name) === undefined ? undefined : call.number(name));
  const matchDistance = number('max-distance');
  const reviewDistance = number('review-distance');
  const changes = {
    ...(matchDistance !== undefined && { matchDistance }),
    ...(reviewDistance !== undefined && { reviewDistance }),
  };
  return algorithm === 'pdq'
    ? { ...changes, minQuality: call.number('min-quality') }
    : { algorithms: { [algorithm]: changes } };
}
