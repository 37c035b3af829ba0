import { joinLabels, writeCell } from '../exchange/index.js';
import { DEFAULT_BITS, DecodeError, hashToHex } from '../index.js';
import { createBlocklist, type Decision, type Match } from '../matching/index.js';
import {
  type HashFileOptions,
  type MatchReportOptions,
  matchReports,
  type ReportedPicture,
  readBytes,
  variantPicture,
} from '../node/index.js';
import type { Command } from './command.js';
import { shownName, UsageError } from './failure.js';
import { endingAtOnce } from './interrupt.js';
import { Judge, type Judged, policyOf } from './judge.js';
import { kindOf, LIST_OPTIONS, readParts, wantedOf } from './lists.js';
import { exitCode, output, progress } from './output.js';
import { outputPath, writeWhole } from './output-file.js';
import { hashOptions, PICTURE_OPTIONS } from './picture-options.js';
import { eachPicture, isHex, sourceOf } from './pictures.js';

/** `onlyhashes match`: pictures or hashes against a blocklist. */
export const matchCommand: Command = {
  name: 'match',
  usage: 'FILE|HEX… --blocklist LIST',
  about: `Match pictures or hashes against a blocklist.
Prints a line VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE for each match. LIST is a text \
with one hash[,label…] per line (plain or CSV), JSONL or an index file; it may be a pipe. \
Pictures are hashed by every algorithm that the list has hashes of.`,
  options: {
    blocklist: { about: 'the list; - is standard input', value: 'LIST', short: 'b' },
    'max-distance': {
      about: 'largest distance of a match, for any variant (PDQ: 31)',
      value: 'BITS',
      range: [0, 256],
    },
    'review-distance': {
      about: 'largest distance for review (PDQ: 60); beyond 31 bits nearly all are found',
      value: 'BITS',
      range: [0, 256],
    },
    'min-quality': {
      about: 'below this quality, a match is for review',
      value: 'N',
      range: [0, 100],
      default: '50',
      needs: { algorithm: ['pdq'] },
    },
    all: {
      about: 'print every match of every variant, not only of the first variant that matches',
    },
    json: {
      about:
        'print one JSON decision per line, even if nothing matched; fileBytes is the name in hex if it is not UTF-8',
    },
    explain: { about: 'write a page that explains each decision; needs --out' },
    out: { about: 'where to write the page', value: 'REPORT.html' },
    overwrite: { about: 'let --out replace a file', needs: { explain: [] } },
    'show-pictures': {
      about: 'show the pictures and their matching parts on the page',
      needs: { explain: [] },
    },
    ...PICTURE_OPTIONS,
    ...LIST_OPTIONS,
    variants: { ...PICTURE_OPTIONS.variants, default: 'thorough' },
  },
  examples: [
    ['onlyhashes match upload.jpg --blocklist list.csv', 'one upload'],
    ['onlyhashes match --json uploads/ --blocklist list.ohx', 'a folder against an index file'],
    [
      'onlyhashes match --explain upload.jpg --blocklist list.csv --out report.html',
      'a self-contained page: distance, variant, and where it is in the picture',
    ],
  ],
  minWords: 1,
  async run(call, signal) {
    const list = call.text('blocklist');
    if (list === undefined) throw new UsageError('expected --blocklist LIST');
    if (list === '-' && call.words.includes('-')) {
      throw new UsageError('expected the list or a picture on standard input, not both');
    }
    const page = call.text('out');
    if (call.on('explain') !== (page !== undefined)) {
      throw new UsageError('expected both --explain and --out REPORT.html, or neither');
    }
    const overwrite = call.on('overwrite');
    if (page !== undefined) await outputPath(page, { overwrite });
    const bar = progress('matching');
    const out = output(bar);
    // Decided once: files with such names may come and go meanwhile.
    const hashes = new Set(call.words.filter(isHex));
    const wanted = wantedOf(call);
    const reading = progress('reading the list', ' MB');
    const parts = await readParts(list, wanted, { signal, out, bar: reading });
    const kinds = parts.map(kindOf);
    if (kinds.length === 0) {
      const { algorithm = 'pdq', bits = DEFAULT_BITS[algorithm] } = wanted;
      kinds.push({ algorithm, bits });
    }
    const policy = policyOf(call, kinds);
    const blocklist = endingAtOnce(() => createBlocklist(parts, { policy }));
    const { degenerate } = blocklist.keptOut;
    if (degenerate > 0) {
      out.say(shownName(list), `${degenerate} degenerate hashes were kept out of matching`);
    }

    const hashing = hashOptions(call);
    const judge = new Judge(blocklist, kinds, { all: call.on('all'), hashing });
    const showPictures = page !== undefined && call.on('show-pictures');
    const pictureJob = async (file: string, ended: AbortSignal): Promise<Judged> => {
      const bytes = await readBytes(sourceOf(file), { signal: ended });
      const judged = await judge.picture(bytes, ended);
      const pictures = showPictures
        ? await picturesOf(bytes, judged.decision, { ...hashing, signal: ended })
        : undefined;
      return { picture: { ...judged, ...(pictures && { pictures }) } };
    };
    const job = async (file: string, ended: AbortSignal) =>
      hashes.has(file) ? judge.hex(file) : pictureJob(file, ended);
    const results = eachPicture(call.words, job, { out, bar, signal });
    let found = 0;
    async function* judged(): AsyncGenerator<ReportedPicture> {
      for await (const { file, value, error } of results) {
        const { picture, problem }: Judged = value ?? {
          picture: judge.unhashable(error),
          problem: error.message,
        };
        const { decision } = picture;
        found += decision.matches.length;
        if (problem !== undefined) out.say(file, problem);
        if (decision.verdict === 'unhashable') out.count();
        if (call.on('json')) await out.line(JSON.stringify(judge.toJSON(decision, file)));
        else for (const match of decision.matches) await out.line(lineOf(match, file));
        yield { ...picture, file };
      }
    }
    if (page !== undefined) await writeWhole(page, matchReports(judged()), { overwrite, signal });
    else for await (const _ of judged());
    bar.clear();
    return exitCode(out.errors, found);
  },
};

/** `VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE`, the labels as a cell of a CSV list. */
function lineOf({ tier, distance, variant, entry }: Match, file: string): string {
  const labels = writeCell(joinLabels(entry.labels));
  return [tier, distance, variant.name, hashToHex(entry.hash), labels, file].join(',');
}

/** What a report shows of a picture: the whole, and the part of each match. */
async function picturesOf(
  bytes: Uint8Array,
  { matches }: Decision,
  hashing: HashFileOptions,
): Promise<MatchReportOptions['pictures']> {
  const png = async (variant: Parameters<typeof variantPicture>[1]) => {
    const picture = await variantPicture(bytes, variant, hashing);
    return `data:image/png;base64,${Buffer.from(picture).toString('base64')}`;
  };
  try {
    const variants: string[] = [];
    // One by one: each decodes the picture anew.
    for (const { variant } of matches) variants.push(await png(variant));
    return { whole: await png({ name: 'original' }), variants };
  } catch (error) {
    // The decision stands without them.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
