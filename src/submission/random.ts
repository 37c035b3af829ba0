/** `items` in random order, each order as likely as another; `items` itself is reordered and given back. */
export function shuffle<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomBelow(last + 1);
    const item = items[last]!;
    items[last] = items[other]!;
    items[other] = item;
  }
  return items;
}

/** A whole number from 0 to `bound` - 1, bound <= 2^32. Draws beyond the last whole multiple are thrown away: no bias. */
function randomBelow(bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  const draw = new Uint32Array(1);
  do crypto.getRandomValues(draw);
  while (draw[0]! >= limit);
  return draw[0]! % bound;
}
