import { hash } from '../../src/node/hash-file.js';
import { digits, median, table, turns } from '../race.js';
import { load } from './load.js';
import type { Upload } from './pictures.js';
import { outcomeOf, type UploadPart, waysOf } from './run.js';

/** As many as a machine of two cores decodes at once. */
const CLIENTS = 2;
const MOST_OF_BARE = 1.3;
const MOST_TURNED = 1.1;
const MOST_BLOCKED = 5;
/** Of so many hashings the shortest block counts: others had to wait for the machine. */
const GREY_RUNS = 7;

/** What one picture costs, by kind: of 1 megapixel, and of 12 beside bare decoding. */
export const costPart: UploadPart = async (run) => {
  const { context, files, scale } = run;
  const { targets } = context;
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
  const blocked = await greyBlocks(files.kinds.grey[0]!);
  const figures: Record<string, number> = { 'grey, longest block of the loop, ms': blocked };
  targets.atMost('grey photo of 12 MP, hash: longest block, ms', blocked, MOST_BLOCKED);
  if (costs.some((all) => all.length === 0)) {
    context.note('processor time of other processes is known on Linux only');
    return figures;
  }
  for (const [at, { name }] of cases.entries()) figures[`${name}, ms of CPU`] = median(costs[at]!);
  context.note(
    table(
      `A JPEG of 12 MP or 1, ${CLIENTS} at once: CPU of server and workers, medians of ${scale.rounds}`,
      ['ms'],
      cases.map(({ name }, at) => [name, digits(median(costs[at]!))]),
    ),
  );
  const times = (name: string, other: string) => {
    const [these, those] = [name, other].map(
      (wanted) => costs[cases.findIndex((one) => one.name === wanted)]!,
    );
    return median(these!.map((cost, round) => cost / those![round]!));
  };
  for (const { name } of scans) {
    targets.atMost(
      `12 MP baseline, ${name}: CPU of bare decoding's`,
      times(name, 'bare decoding'),
      MOST_OF_BARE,
    );
  }
  targets.atMost(
    'EXIF 6, thorough: CPU of orientation 1',
    times('thorough, EXIF 6', 'thorough'),
    MOST_TURNED,
  );
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

/** The longest time between two turns of this thread's loop while a grey photo is hashed. */
async function greyBlocks({ body }: Upload): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < GREY_RUNS; run++) {
    let longest = 0;
    let last = performance.now();
    let handle: NodeJS.Immediate;
    const turn = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      handle = setImmediate(turn);
    };
    handle = setImmediate(turn);
    await hash(body);
    clearImmediate(handle);
    least = Math.min(least, longest);
  }
  return least;
}
