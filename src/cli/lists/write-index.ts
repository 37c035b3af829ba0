import { createIndex, type PackedEntries, policyFor } from '../../index.js';
import { saveIndex } from '../../node/index.js';
import { Failure, failureOf } from '../failure.js';
import { endingAtOnce } from '../interrupt.js';
import type { Output } from '../output.js';
import { type OutputOptions, outputPath } from '../output-file.js';
import { isDigest } from '../pictures/picture-options.js';
import { type Kind, noteDegenerate } from './lists.js';

/**
 * Builds an index of a table, empty if there is none, and writes it to a file.
 * @throws {Failure} if the table holds digests, or the file cannot be written
 */
export async function writeIndex(
  part: PackedEntries | undefined,
  { algorithm, bits }: Kind,
  { from, to, writable, out }: WriteIndexOptions,
): Promise<void> {
  if (isDigest(algorithm)) {
    const instead = 'digests are for a blocklist file (.ohb), which convert makes';
    throw new Failure(`${from}: expected hashes of pictures, got ${algorithm}: ${instead}`);
  }
  out.stage('building the index');
  // Built for matching, up to the distance of a review.
  const { reviewDistance: maxDistance } = policyFor(algorithm, bits);
  const index = endingAtOnce(() =>
    createIndex(part?.hashes ?? [], { algorithm, bits, maxDistance }),
  );
  out.stage('writing the index');
  try {
    // Checked again, since reading took a while.
    const real = await outputPath(to, writable);
    const { degenerate = 0 } = await saveIndex(real, index, {
      signal: out.signal,
      ...(part && { entries: part }),
    });
    noteDegenerate(from, degenerate, 'left out of the index', out);
  } catch (error) {
    throw out.signal.aborted ? error : failureOf(to, error);
  } finally {
    out.clear();
  }
}

interface WriteIndexOptions {
  /** the name of the list in messages */
  readonly from: string;
  readonly to: string;
  readonly writable: OutputOptions;
  readonly out: Output;
}
