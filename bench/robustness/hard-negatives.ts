import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { match } from '../../src/matching/match.js';
import type { HashedVariant } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { COPIES } from './copies/suite.js';
import { HARD_KINDS, type HardCase, type HardKind, type HardPicture } from './hard-cases.js';
import {
  entryFrom,
  FAR,
  type Held,
  type Listed,
  materials,
  POLICY,
  packed,
  type Verdict,
  verdictOf,
} from './measure.js';
import { photoOf } from './photos.js';
import { cropped, type Raster } from './raster.js';
import { wordDistance } from './report/metrics.js';
import { calledAs } from './techniques.js';

/** What came of a hard case. */
export interface HardResult {
  readonly kind: HardKind;
  readonly pairs: number;
  readonly comparisons: number;
  /** of the pictures themselves, and of the nearest variant, with its name */
  readonly plain: number;
  readonly distance: number;
  readonly name: string;
  readonly verdict: Verdict;
  /** of a list with parts */
  readonly partsVerdict: Verdict;
}

/** Makes the pictures of hard cases and compares them. What is listed is kept for the next case. */
export class HardCases {
  readonly #listed = new Map<string, Promise<Listed>>();

  constructor(
    readonly seed: number,
    readonly fillers: () => Promise<Raster[]>,
  ) {}

  async measure({ kind, query, listed }: HardCase): Promise<HardResult> {
    const entries = await Promise.all(listed.map((picture) => this.#hashOf(picture)));
    const raster = await this.#draw(query);
    const variants = [...variantsOf(raster, { variants: 'thorough' })];
    const listOf = (held: Held) => createBlocklist(entries.map((entry) => entryFrom(entry, held)));
    const verdict = (from: Iterable<HashedVariant>, held: Held = {}) =>
      verdictOf(match(from, listOf(held), { all: true }));
    return {
      kind,
      pairs: entries.length,
      ...nearestOf(variants, packed(entries.map(({ bytes }) => bytes))),
      verdict: verdict(variants),
      partsVerdict: verdict(variantsOf(raster, { variants: 'thorough' }), { parts: true }),
    };
  }

  #hashOf(picture: HardPicture) {
    const key = JSON.stringify(picture);
    let hashed = this.#listed.get(key);
    if (hashed === undefined) {
      hashed = this.#draw(picture).then((raster) => {
        const [main] = variantsOf(raster, { variants: 'none', parts: true });
        return { ...main!, bytes: main!.hash.bytes, quality: main!.quality! };
      });
      this.#listed.set(key, hashed);
    }
    return hashed;
  }

  async #draw({ file, edit, form }: HardPicture): Promise<Raster> {
    const photo = await photoOf(file);
    if (form === 'smooth') return smoothest(photo);
    if (form === 'symmetric') return symmetric(photo);
    if (edit === undefined) return photo;
    const from = materials(this.seed, edit.number, edit.at, await this.fillers());
    return (await COPIES[edit.at]!.apply(photo, from)).pixels;
  }
}

function nearestOf(variants: readonly HashedVariant[], list: Uint32Array) {
  const hashes = packed(variants.map(({ hash }) => hash.bytes));
  let [plain, distance, name, comparisons] = [FAR, FAR, '', 0];
  for (const [at, variant] of variants.entries()) {
    if (at > 0 && (variant.quality ?? 100) < POLICY.minQuality) continue;
    for (let word = 0; word < list.length; word += 8) {
      const one = wordDistance(hashes, 8 * at, list, word, 8);
      comparisons++;
      if (at === 0) plain = Math.min(plain, one);
      if (one < distance) [distance, name] = [one, calledAs(variant)];
    }
  }
  return { plain, distance, name, comparisons };
}

/** The tile of a 3 x 3 grid whose neighbouring pixels differ least. */
function smoothest(photo: Raster): Raster {
  const width = Math.floor(photo.width / 3);
  const height = Math.floor(photo.height / 3);
  const tiles = Array.from({ length: 9 }, (_, at) =>
    cropped(photo, (at % 3) * width, Math.floor(at / 3) * height, width, height),
  );
  const roughness = ({ data }: Raster) => {
    let sum = 0;
    for (let i = 3; i < data.length; i += 3) sum += Math.abs(data[i]! - data[i - 3]!);
    return sum;
  };
  return tiles.reduce((best, tile) => (roughness(tile) < roughness(best) ? tile : best));
}

/** The left half, and its mirror image in place of the right half. */
function symmetric(photo: Raster): Raster {
  const data = photo.data.slice();
  const { width, height } = photo;
  for (let y = 0; y < height; y++) {
    for (let x = Math.ceil(width / 2); x < width; x++) {
      const to = 3 * (y * width + x);
      const from = 3 * (y * width + width - 1 - x);
      for (let c = 0; c < 3; c++) data[to + c] = data[from + c]!;
    }
  }
  return { ...photo, data };
}

export type HardRow = ReturnType<typeof hardRows>[number];

/** What came of all cases of each kind. */
export function hardRows(results: readonly HardResult[]) {
  return (Object.keys(HARD_KINDS) as HardKind[]).map((kind) => {
    const of = results.filter((result) => result.kind === kind);
    const nearest = of.reduce<HardResult | undefined>(
      (best, one) => (best === undefined || one.distance < best.distance ? one : best),
      undefined,
    );
    const sum = (each: (result: HardResult) => number) =>
      of.reduce((all, one) => all + each(one), 0);
    return {
      kind,
      /** `same scene` and `same picture` are neither right nor wrong */
      counts: HARD_KINDS[kind],
      cases: of.length,
      pairs: sum(({ pairs }) => pairs),
      comparisons: sum(({ comparisons }) => comparisons),
      matches: sum(({ verdict }) => Number(verdict === 'match')),
      reviews: sum(({ verdict }) => Number(verdict === 'review')),
      matchesWithParts: sum(({ partsVerdict }) => Number(partsVerdict === 'match')),
      reviewsWithParts: sum(({ partsVerdict }) => Number(partsVerdict === 'review')),
      /** cases of which the pictures themselves are within the match distance */
      plainMatches: sum(({ plain }) => Number(plain <= POLICY.matchDistance)),
      nearest: nearest?.distance ?? FAR,
      nearestName: nearest?.name ?? '',
    };
  });
}
