/**
 * Files that are connected by pairs, however long the way: frames of one shot, or a series of one
 * product. Pairs in a cluster are not independent.
 * @returns the clusters, the largest first, each in the order of its pairs
 */
export function clustersOf(pairs: Iterable<readonly [string, string]>): string[][] {
  const clusterOf = new Map<string, string[]>();
  for (const [a, b] of pairs) {
    const [into, from] = [clusterOf.get(a) ?? [a], clusterOf.get(b) ?? [b]];
    clusterOf.set(a, into);
    if (into === from) continue;
    into.push(...from);
    for (const file of from) clusterOf.set(file, into);
  }
  return [...new Set(clusterOf.values())].sort((a, b) => b.length - a.length);
}
