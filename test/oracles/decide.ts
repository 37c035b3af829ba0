import type { BlocklistEntry } from '../../src/entry.js';
import { hashToHex } from '../../src/hash.js';
import type { HashedVariant } from '../../src/variant.js';
import { naiveDistance } from './hamming.js';
import { isNear } from './near.js';

interface Thresholds {
  matchDistance: number;
  reviewDistance: number;
  minQuality: number;
}

/** What a decision must be, for entries and variants of one kind: a loop over both, and the rules in words. */
export function naiveDecide(
  entries: readonly BlocklistEntry[],
  variants: readonly HashedVariant[],
  { matchDistance, reviewDistance, minQuality }: Thresholds,
  all: boolean,
): { verdict: string; reason: string; matches: string[]; pulled: number } {
  if (variants.length === 0) {
    return { verdict: 'unhashable', reason: 'no-hash', matches: [], pulled: 0 };
  }
  const low = (quality: number | undefined) => quality !== undefined && quality < minQuality;
  const found: { tier: string; distance: number; text: string; why: string }[] = [];
  let pulled = 0;
  for (const variant of variants) {
    pulled++;
    for (const entry of entries) {
      const distance = naiveDistance(entry.hash.bytes, variant.hash.bytes);
      if (distance > matchDistance) continue;
      let why = 'within-match-distance';
      if (low(entry.quality)) why = 'low-entry-quality';
      if (low(variant.quality)) why = 'low-query-quality';
      const tier = why === 'within-match-distance' ? 'match' : 'review';
      found.push({ tier, distance, why, text: textOf(tier, distance, variant, entry) });
    }
    if (!all && found.some(({ tier }) => tier === 'match')) break;
  }
  if (!found.some(({ tier }) => tier === 'match')) {
    for (const variant of variants) {
      for (const entry of entries) {
        const distance = naiveDistance(entry.hash.bytes, variant.hash.bytes);
        if (distance <= matchDistance || distance > reviewDistance) continue;
        if (distance > 31 && (low(entry.quality) || low(variant.quality))) continue;
        if (distance > 31 && !isNear(entry.hash, variant.hash, undefined)) continue;
        const text = textOf('review', distance, variant, entry);
        found.push({ tier: 'review', distance, why: 'within-review-distance', text });
      }
    }
  }
  const ordered = [
    ...found.filter(({ tier }) => tier === 'match').sort((a, b) => a.distance - b.distance),
    ...found.filter(({ tier }) => tier === 'review').sort((a, b) => a.distance - b.distance),
  ];
  const empty = entries.length === 0 ? 'nothing-comparable' : 'nothing-near';
  return {
    verdict: ordered[0]?.tier ?? 'none',
    reason: ordered[0]?.why ?? empty,
    matches: ordered.map(({ text }) => text),
    pulled,
  };
}

/** A match in one line. */
export function textOf(
  tier: string,
  distance: number,
  variant: HashedVariant,
  entry: BlocklistEntry,
): string {
  return `${tier} ${distance} ${variant.name} ${hashToHex(entry.hash)} ${entry.labels} ${entry.id}`;
}
