import type { Command } from '../command.js';
import { nameCell } from '../file-name.js';
import { BLOCKLIST_OPTIONS, blocklistOf, judgeOf, MATCHING_OPTIONS } from './judge.js';
import { contentOf, eachPicture } from './pictures.js';
import { verdictTable } from './verdict-table.js';
import { isVideo, progressOf } from './video.js';

/** `onlyhashes check`: reports by its exit code whether uploads may be kept. */
export const checkCommand: Command = {
  name: 'check',
  usage: 'FILE… --blocklist LIST',
  about: `Check uploads against a blocklist, with an exit code for each answer.
Prints a line VERDICT,REASON,FILE for each file. Exit code 0: keep all, nothing matched; 1: \
refuse, a file matched; 2: unknown, a file could not be read, decoded or hashed, or the check \
failed. With several files, 2 takes precedence over 1. Videos need FFmpeg. LIST is as for match.`,
  options: {
    ...BLOCKLIST_OPTIONS,
    'refuse-review': { about: 'exit with 1 also if a file is for review' },
    json: { about: 'print one JSON decision per line, as match does' },
    ...MATCHING_OPTIONS,
  },
  examples: [
    ['onlyhashes check upload.jpg -b list.ohx && mv upload.jpg kept/', 'one upload'],
    ['curl -s "$URL" | onlyhashes check - -b list.ohx --refuse-review', 'standard input'],
  ],
  minWords: 1,
  async run(call, out) {
    const list = blocklistOf(call);
    const verdicts = verdictTable(['REASON'.padEnd(21), 'FILE'], call.on('json'), out);
    const judge = await judgeOf(call, list, out);
    out.begin('checking');
    const refused = call.on('refuse-review') ? ['match', 'review'] : ['match'];
    const job = async (file: string, ended: AbortSignal) =>
      (await isVideo(file))
        ? await judge.video(file, ended, progressOf(call, out))
        : await judge.picture(await contentOf(file, ended), ended);
    let refusals = 0;
    for await (const result of eachPicture(call.words, job, out)) {
      const { file } = result;
      const { decision } = judge.reported(result);
      const { verdict, reason } = decision;
      if (refused.includes(verdict)) refusals++;
      const line = call.on('json')
        ? JSON.stringify(judge.toJSON(decision, file))
        : [verdict, reason, nameCell(file)].join(',');
      if (verdicts) await verdicts.add(verdict, [[verdict, reason, file]]);
      else await out.line(line);
    }
    await judge.close();
    await verdicts?.end({ list, entries: judge.entries, unit: 'file' });
    if (out.errors > 0) return 2;
    return refusals > 0 ? 1 : 0;
  },
};
