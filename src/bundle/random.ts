/** Shuffles `items` in place and returns it. Each order is equally likely. */
export function shuffle<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomBelow(last + 1);
    const item = items[last]!;
    items[last] = items[other]!;
    items[other] = item;
  }
  return items;
}

/**
 * A random integer from 0 to `bound` - 1, bound <= 2^32. Draws beyond the last whole multiple are
 * rejected, so there is no bias.
 */
function randomBelow(bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  const draw = new Uint32Array(1);
  do crypto.getRandomValues(draw);
  while (draw[0]! >= limit);
  return draw[0]! % bound;
}
