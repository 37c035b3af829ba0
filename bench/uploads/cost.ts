import { hash } from '../../src/node/hash-file.js';
import { longestBlock } from '../event-loop.js';
import { median, turns } from '../race.js';
import { load } from './load.js';
import { outcomeOf, type UploadPart, waysOf } from './run.js';

/** As many as a machine of two cores decodes at once. */
const CLIENTS = 2;
const MOST_OF_BARE = { atMost: 1.3 };
const MOST_TURNED = { atMost: 1.1 };
const MOST_BLOCKED = { atMost: 5 };

/** What one picture costs, by kind: of 1 megapixel, and of 12 beside bare decoding. */
export const costPart: UploadPart = async (run) => {
  const { context, files, scale } = run;
  const upright = files.kinds.baseline;
  const turned = upright.map(({ body, ...rest }) => ({ ...rest, body: turnedBy(6, body) }));
  const [bare, ...scans] = waysOf(run);
  const cases = [
    { ...bare!, uploads: upright },
    ...scans.map((way) => ({ ...way, uploads: upright })),
    ...[bare!, ...scans].flatMap((way) => [
      { ...way, name: `${way.name}, 1 MP`, uploads: files.kinds.photo },
      { ...way, name: `${way.name}, progressive`, uploads: files.kinds.progressive },
    ]),
    { ...scans.at(-1)!, name: 'thorough, EXIF 6', uploads: turned },
    { ...scans.at(-1)!, name: 'thorough, grey', uploads: files.kinds.grey },
    { ...bare!, name: 'bare decoding, grey', uploads: files.kinds.grey },
  ];
  const costs = cases.map((): number[] => []);
  for (const { at } of turns(scale.rounds, cases.length)) {
    const { name, server, target, uploads } = cases[at]!;
    const repeated = Array.from({ length: scale.weighed }, (_, i) => uploads[i % uploads.length]!);
    const [{ answers }, { cpuSeconds }] = await server.during(() =>
      load(target, repeated, CLIENTS),
    );
    if (answers.some(({ answer }) => outcomeOf(answer) !== 'none')) {
      throw new Error(`${name}: an upload was not answered`);
    }
    if (cpuSeconds !== undefined) costs[at]!.push((1000 * cpuSeconds) / scale.weighed);
  }
  const { block: blocked } = await longestBlock(() => hash(files.kinds.grey[0]!.body));
  const figures: Record<string, number> = { 'grey, longest block of the loop, ms': blocked };
  context.figure('grey photo of 12 MP, hash: longest block, ms', blocked, MOST_BLOCKED);
  if (costs.some((all) => all.length === 0)) {
    context.note('processor time of other processes is known on Linux only');
    return figures;
  }
  const rows = cases.map(({ name }, at) => ({ name, ms: median(costs[at]!) }));
  for (const { name, ms } of rows) figures[`${name}, ms of CPU`] = ms;
  context.table(
    `A JPEG of 12 MP or 1, ${CLIENTS} at once: CPU of server and workers, medians of ${scale.rounds}`,
    rows,
  );
  const times = (name: string, other: string) => {
    const [these, those] = [name, other].map(
      (wanted) => costs[cases.findIndex((one) => one.name === wanted)]!,
    );
    return median(these!.map((cost, round) => cost / those![round]!));
  };
  for (const { name } of scans) {
    const ratio = times(name, 'bare decoding');
    context.figure(`12 MP baseline, ${name}: CPU of bare decoding's`, ratio, MOST_OF_BARE);
  }
  const turning = times('thorough, EXIF 6', 'thorough');
  context.figure('EXIF 6, thorough: CPU of orientation 1', turning, MOST_TURNED);
  return figures;
};

/**
 * The same JPEG, to be shown in another EXIF orientation: a segment behind the first marker, and no
 * pixel changed.
 */
export function turnedBy(orientation: number, jpeg: Uint8Array): Uint8Array {
  const tiff = [
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8],
    // One entry: tag 0x0112, a SHORT, one of it; no further directory.
    ...[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
  ];
  const content = Buffer.concat([Buffer.from('Exif\0\0'), Buffer.from(tiff)]);
  const marker = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), marker, content, jpeg.subarray(2)]);
}
