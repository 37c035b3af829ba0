/* What holds for the checkpoints of several services. */

/** A checkpoint of the future, of a clock that was wrong, says nothing of its age. */
export const CLOCK_SECONDS = 86_400;

/**
 * A fetch begins this long before its checkpoint: no document says whether what changed in the very
 * second of the checkpoint, after it was fetched, would be told. What is told twice is the same.
 */
export const OVERLAP_SECONDS = 1;

/** Whether a fetch that began at `fetchedSeconds` is more than `most` ago, or in the future. */
export function isTooOld(fetchedSeconds: number, nowSeconds: number, most: number): boolean {
  const age = nowSeconds - fetchedSeconds;
  return age > most || age < -CLOCK_SECONDS;
}
