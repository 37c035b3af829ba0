import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { hashVideo } from '../../src/node/video/hash-video.js';
import { entriesOfVideo } from '../../src/video/video.js';
import { inFolder } from '../folder.js';
import type { BenchContext } from '../harness.js';
import { usageOfTree } from '../programs/usage.js';
import { median } from '../race.js';
import { decide } from './decide.js';
import { ffmpeg, fixture, X264 } from './making.js';

/** Frames of a query a second. */
const RATES = ['every', 10, 4, 2, 1] as const;

/** A copy whose frames lie between those of the list, and one that is faster, too. */
const COPIES = {
  'begins 0.31 s later': ['-ss', '0.31'],
  'that, and faster by a fifth': ['-ss', '0.31', '-vf', 'setpts=PTS/1.2'],
} as const;

/** The clips of `fixtures/vpdq`, and of the reference where it is. */
function clipFolders(): string[] {
  const { PDQ_REFERENCE_DATA: data } = process.env;
  return [fixture('vpdq/clips'), ...(data ? [join(data, 'vpdq/clips')] : [])];
}

/** What each rate of a query finds of copies without variants, and what it costs. */
export async function runRates(
  { table }: BenchContext,
  folders: readonly string[] = clipFolders(),
): Promise<object> {
  const clips = folders.flatMap((folder) =>
    readdirSync(folder)
      .sort()
      .map((name) => ({ id: name, path: join(folder, name) })),
  );
  const found = RATES.map(() => ({ match: 0, listShares: [] as number[], cpu: [] as number[] }));
  let copies = 0;
  await inFolder(async (folder) => {
    for (const { id, path } of clips) {
      const list = createBlocklist(entriesOfVideo(await hashVideo(path), { id }));
      for (const [at, words] of Object.values(COPIES).entries()) {
        const copy = join(folder, `${id}-${at}.mkv`);
        await ffmpeg('-i', path, '-an', ...words, ...X264, copy);
        const { seconds } = await hashVideo(copy, { frames: 'query', queryRate: 1 });
        copies++;
        for (const [rate, queryRate] of RATES.entries()) {
          const before = usageOfTree(process.pid)?.cpuSeconds ?? Number.NaN;
          const { verdict, videos } = await decide(copy, list, { queryRate, variants: 'none' });
          const after = usageOfTree(process.pid)?.cpuSeconds ?? Number.NaN;
          if (verdict === 'match') found[rate]!.match++;
          found[rate]!.listShares.push(videos?.[0]?.listShare ?? 0);
          found[rate]!.cpu.push((after - before) / seconds);
        }
      }
    }
  });
  const rows = found.map(({ match, listShares, cpu }, at) => ({
    ...{ queryRate: RATES[at]!, matches: match / copies },
    listShare: listShares.reduce((a, b) => a + b, 0) / copies,
    cpuSecondsPerSecond: median(cpu),
  }));
  table(
    `${copies} copies of ${clips.length} clips: ${Object.keys(COPIES).join('; ')}`,
    rows.map(({ queryRate, matches, listShare, cpuSecondsPerSecond }) => ({
      ...{ rate: String(queryRate), 'match, %': 100 * matches, 'of the list, %': 100 * listShare },
      'CPU s / video s': cpuSecondsPerSecond,
    })),
  );
  return { clips: clips.length, copies, edits: COPIES, rows };
}
