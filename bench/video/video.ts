import { join } from 'node:path';
import { DecodeError } from '../../src/errors.js';
import { findFfmpeg } from '../../src/node/video/ffmpeg.js';
import { type Bench, type BenchContext, NotRun, partsOf, writeRecord } from '../harness.js';
import { serverScript } from '../programs/programs.js';
import { rival } from '../rivals.js';
import { COST_SCALE, QUICK_SCALE, runCost } from './cost.js';
import { runRates } from './rates.js';
import { runScale } from './scale.js';

/** @throws {NotRun} with one line on how to get FFmpeg */
async function needFfmpeg(): Promise<void> {
  try {
    await findFfmpeg();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new NotRun(error.message);
  }
}

/** Copies of clips that are made of photos, of those that are there, or of unrelated ones. */
const copiesOf = (from: 'runSet' | 'runFiles' | 'runPairs') => async (context: BenchContext) => {
  await needFfmpeg();
  if ((await rival('sharp')) === undefined) throw new NotRun('sharp is not installed');
  return await (await import('./set.js'))[from](context, serverScript());
};

async function cost(context: BenchContext): Promise<object> {
  await needFfmpeg();
  return await runCost(context, context.options.quick ? QUICK_SCALE : COST_SCALE);
}

async function rates(context: BenchContext): Promise<object> {
  await needFfmpeg();
  return await runRates(context);
}

const PARTS = {
  cost,
  rates,
  scale: (context: BenchContext) => runScale(context),
  set: copiesOf('runSet'),
  files: copiesOf('runFiles'),
  pairs: copiesOf('runPairs'),
};

/**
 * `video`: six parts, which words name. `cost`: processor time of hashing and checking a video
 * beside bare decoding. `rates`: what each rate of a query finds, and costs. `scale`: a query of a
 * list of 10,000 videos. `set`: copies of made videos that are found, by our rule and those of
 * others. `files`: the same of videos that are there. `pairs`: unrelated clips, each looked up among
 * the others.
 * Options: `clips` to make, `set` the photos that they are made of (tuned, checked, opened or
 * sealed), `seed`, `photos`; `quick` for a short run of `cost`. Ctrl+C ends a run of copies early.
 */
export const videoBench: Bench = {
  name: 'video',
  about: 'videos: the cost beside bare decoding, a list of 10,000, and copies that are found',
  long: true,
  takes: '[cost] [rates] [scale] [set] [files] [pairs]',
  ownRecord: true,
  async run(context) {
    for (const [name, part] of partsOf(context, PARTS)) {
      context.note(`\n  part ${name}`);
      const { targets } = context.gathered;
      const judged = targets.length;
      const measured = await part(context);
      const { out, set: photos = 'tuned' } = context.options;
      if (out === undefined) continue;
      const options = { ...context.options, out: join(out, 'video') };
      const record = { ...measured, targets: targets.slice(judged) };
      writeRecord({ ...context, options }, name === 'set' ? photos : name, record);
    }
  },
};
