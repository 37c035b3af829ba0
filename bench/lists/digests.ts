import { type Bench, type BenchContext, partsOf } from '../harness.js';
import { FULL_SIZES } from '../uploads/pictures.js';
import { streamPart, uploadsPart } from './digest-files.js';
import { type DigestPart, type DigestScale, listsPart } from './digest-lists.js';

const FULL: DigestScale = {
  chunks: 2048,
  entries: 1e6,
  queries: 4096,
  sizes: FULL_SIZES,
  rounds: 15,
  judged: true,
};

/** By name, in their order: the memory of a stream is best seen in a new process. */
const PARTS: Record<string, DigestPart> = {
  stream: streamPart,
  lists: listsPart,
  uploads: uploadsPart,
};

/**
 * `digests`: md5, sha1 and sha256 of files. `stream`: a check of a stream of 2 GiB, beside digesting
 * alone; `lists`: look-ups in a million of each, beside a `Set` of hex, and their memory; `uploads`:
 * checks of JPEGs by a list of PDQ hashes, with digests and without. Option: `largest`, the digests
 * of each kind.
 */
export const digestsBench: Bench = {
  name: 'digests',
  about: 'digests of files: look-ups in a million of each kind, and what they add to an upload',
  long: true,
  takes: '[PART…]',
  async run(context) {
    const { largest: entries = FULL.entries } = context.options;
    await runDigests(context, { ...FULL, entries, judged: entries === FULL.entries });
  },
};

/** Runs the parts that are named, or all of them. Each checks its answers first. */
export async function runDigests(context: BenchContext, scale: DigestScale): Promise<void> {
  for (const [name, part] of partsOf(context, PARTS)) {
    context.note(`\n  part ${name}`);
    await part(context, scale);
  }
}
