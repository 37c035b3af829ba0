import { hashToHex } from '../../src/hash.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { MAX_PIXELS } from '../../src/picture/options.js';
import { type Bench, type BenchContext, NotRun, partsOf } from '../harness.js';
import { WatchedServer } from '../programs/programs.js';
import { photoFiles } from '../rivals.js';
import { costPart } from './cost.js';
import { memoryPart, slowPart } from './crowd.js';
import { load } from './load.js';
import { FULL_SIZES, type Kind, type Upload, uploadFiles } from './pictures.js';
import {
  checkAnswer,
  type DecodeSetup,
  type ScanOptions,
  type ScanSetup,
  type UploadPart,
  type UploadRun,
  type UploadScale,
  waysOf,
} from './run.js';
import { throughputPart } from './throughput.js';

/** Ends within two minutes on two quiet cores. */
const USUAL: UploadScale = {
  sizes: FULL_SIZES,
  entries: 1e6,
  uploads: 200,
  clients: 200,
  rounds: 3,
  weighed: 8,
  heavy: 200,
  slowClients: 100,
};
const LARGE: UploadScale = { ...USUAL, uploads: 1000, weighed: 24 };

/** By name, in their order. */
const PARTS: Record<string, UploadPart> = {
  throughput: throughputPart,
  cost: costPart,
  memory: memoryPart,
  slow: slowPart,
};

/**
 * `uploads`: a server that checks uploads, beside one that only decodes them. Both get the same
 * files over loopback, in turn; each is a process, and the load comes from this one, on the same
 * cores. Words name the parts to run. Options: `large` sends five times as many uploads; `out`
 * names a folder for `uploads.json`.
 */
export const uploadsBench: Bench = {
  name: 'uploads',
  about: 'what an upload costs a server, beside decoding alone, and 200 of them at once',
  long: true,
  takes: '[PART…]',
  async run(context) {
    const scale = context.options.large ? LARGE : USUAL;
    return await runUploads(context, scale, new URL('./bench-server.js', import.meta.url));
  },
};

/**
 * Runs the parts that are named, or all of them. Answers are checked first.
 * @param photos as `uploadFiles` takes them
 */
export async function runUploads(
  context: BenchContext,
  scale: UploadScale,
  script: URL,
  photos = photoFiles(),
): Promise<Record<string, unknown>> {
  const parts = partsOf(context, PARTS);
  const files = await uploadFiles(scale.sizes, (text) => context.note(text), photos);
  if (files === undefined) throw new NotRun('sharp is not installed');
  const listed = [hashToHex((await hashFile(files.listed)).hash)];
  const startScanning = (options: ScanOptions) =>
    WatchedServer.start(script, {
      program: 'scan',
      entries: scale.entries,
      listed,
      // All uploads of a load may wait for those before them.
      timeoutSeconds: 600,
      maxQueued: 2 * scale.clients,
      ...options,
    } satisfies ScanSetup);
  const setup: DecodeSetup = { program: 'decode', maxPixels: MAX_PIXELS };
  const decoding = await WatchedServer.start(script, setup);
  const scanning = await startScanning({});
  const run: UploadRun = { context, scale, files, decoding, scanning, startScanning };
  const { sizes: _, ...counts } = scale;
  const record: Record<string, unknown> = { scale: counts };
  try {
    await checkAnswers(run);
    for (const [name, part] of parts) {
      context.note(`\n  part ${name}`);
      record[name] = await part(run);
    }
  } finally {
    await decoding.end();
    await scanning.end();
  }
  return record;
}

/** Every file, to every way: what is listed is found, and what is broken is told apart. */
async function checkAnswers(run: UploadRun): Promise<void> {
  const { kinds, copies } = run.files;
  const ordinary = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    kinds[kind].map((upload) => ({ ...upload, name: kind as string })),
  );
  let checked = 0;
  for (const way of waysOf(run)) {
    const { profile } = way;
    const uploads: (Upload & { name: string })[] = [...ordinary];
    for (const { name, body, verdicts } of copies) {
      const expected = profile ? verdicts[profile] : 'none';
      if (expected) uploads.push({ name, body, expected });
    }
    const { answers } = await load(way.target, uploads, CHECKED_AT_ONCE);
    for (const { upload, answer } of answers) checkAnswer(way, upload.name, upload, answer);
    checked += answers.length;
  }
  run.context.note(`answers as expected: ${checked}`);
}

const CHECKED_AT_ONCE = 4;
