import { hashToHex, type Match } from '../../index.js';
import { matchReport, type ReportedPicture } from '../../node/index.js';
import type { Command } from '../command.js';
import { UsageError } from '../failure.js';
import { nameCell } from '../file-name.js';
import { counted, csvLine, exitCode } from '../output.js';
import { outputPath, writeWhole } from '../output-file.js';
import { BLOCKLIST_OPTIONS, blocklistOf, type Judged, judgeOf, MATCHING_OPTIONS } from './judge.js';
import { hashOptions } from './picture-options.js';
import { contentOf, eachPicture, isHex } from './pictures.js';
import { verdictTable } from './verdict-table.js';
import { isVideo, progressOf } from './video.js';

/** `onlyhashes match`: pictures or hashes against a blocklist. */
export const matchCommand: Command = {
  name: 'match',
  usage: 'FILE|HEX… --blocklist LIST',
  about: `Match pictures, videos or hashes against a blocklist.
Prints a line VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE for each match; on a terminal, a table \
with the best match of each file, and a summary. LIST is a text with one \
hash[,label…] per line (plain or CSV) or JSONL, an index file (.ohx), a blocklist file (.ohb) or \
a CONFIG of fetch; text and index files may be pipes. Pictures are hashed by every algorithm in \
the list, videos by PDQ and FFmpeg.`,
  options: {
    ...BLOCKLIST_OPTIONS,
    all: {
      about: 'print every match of every variant, not only of the first variant that matches',
    },
    json: {
      about:
        'print one JSON decision per line, even if nothing matched; fileBytes is the name in hex if it is not UTF-8',
    },
    explain: { about: 'write a page that explains each decision; needs --out' },
    out: { about: 'path of the page', value: 'REPORT.html' },
    overwrite: { about: 'let --out replace a file', needs: { explain: [] } },
    'show-pictures': {
      about: 'show the pictures and their matching parts on the page',
      needs: { explain: [] },
    },
    ...MATCHING_OPTIONS,
  },
  examples: [
    ['onlyhashes match upload.jpg --blocklist list.csv', 'one upload'],
    ['onlyhashes match --json uploads/ --blocklist list.ohx', 'a folder against an index file'],
    [
      'onlyhashes match --explain upload.jpg --blocklist list.csv --out report.html',
      'a self-contained page: distance, variant, and its place in the picture',
    ],
  ],
  minWords: 1,
  async run(call, out) {
    const list = blocklistOf(call);
    const page = call.text('out');
    if (call.on('explain') !== (page !== undefined)) {
      throw new UsageError('expected both --explain and --out REPORT.html, or neither');
    }
    const overwrite = call.on('overwrite');
    if (page !== undefined) await outputPath(page, { overwrite });
    const columns = ['DISTANCE', 'VARIANT'.padEnd(12), 'LABELS'.padEnd(24), 'FILE'];
    const verdicts = verdictTable(columns, call.on('json'), out);
    // Decided once: files with such names may come and go meanwhile.
    const hashes = new Set(call.words.filter(isHex));
    const judge = await judgeOf(call, list, out);
    out.begin('matching');
    const showPictures = page !== undefined && call.on('show-pictures');
    const pictureJob = async (file: string, ended: AbortSignal): Promise<Judged> => {
      if (await isVideo(file)) return await judge.video(file, ended, progressOf(call, out));
      const bytes = await contentOf(file, ended);
      const judged = await judge.picture(bytes, ended);
      const { upload } = judged.picture.decision;
      if (!showPictures || !upload || typeof bytes === 'string') return judged;
      return { ...judged, picture: { ...judged.picture, bytes } };
    };
    const job = async (file: string, ended: AbortSignal) =>
      hashes.has(file) ? judge.hex(file) : pictureJob(file, ended);
    const results = eachPicture(call.words, job, out);
    let found = 0;
    let shown = 0;
    async function* judged(): AsyncGenerator<ReportedPicture> {
      for await (const result of results) {
        const { file } = result;
        const picture = judge.reported(result);
        const { decision } = picture;
        found += decision.matches.length;
        const { verdict, matches, omitted } = decision;
        if (call.on('json')) await out.line(JSON.stringify(judge.toJSON(decision, file)));
        else {
          if (verdicts) {
            const all = call.on('all');
            const best = matches.slice(0, all ? undefined : 1);
            shown += best.length;
            const rows = best.map((match) => [all ? match.tier : verdict, ...cellsOf(match), file]);
            await verdicts.add(verdict, rows.length > 0 ? rows : [[verdict, '', '', '', file]]);
          } else for (const match of matches) await out.line(lineOf(match, file));
          if (omitted !== undefined) {
            out.say(file, `${counted(omitted, 'more match', 'more matches')}, not printed`);
          }
        }
        yield { ...picture, file };
      }
    }
    if (page !== undefined) {
      const { signal } = out;
      const { lenient, maxPixels } = hashOptions(call);
      const report = matchReport(judged(), { lenient, maxPixels, signal });
      await writeWhole(page, report, { overwrite, signal });
    } else for await (const _ of judged());
    await judge.close();
    const more = found - shown;
    const hidden = more > 0 ? [`${counted(more, 'more match', 'more matches')} with --all`] : [];
    const unit = hashes.size > 0 ? 'item' : 'file';
    await verdicts?.end({ list, entries: judge.entries, unit }, ...hidden);
    return exitCode(out, found);
  },
};

/** In a table, the hash would fill a line. */
const cellsOf = ({ distance, variant, entry }: Match) => [
  ...[distance, variant.name, entry.labels.join('; ')],
];

/** `VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE`, the labels as a cell of a CSV list. */
function lineOf({ tier, distance, variant, entry }: Match, file: string): string {
  const cells = [tier, distance, variant.name, hashToHex(entry.hash), entry.labels];
  return `${csvLine(cells)},${nameCell(file)}`;
}
