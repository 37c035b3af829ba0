import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Sharp } from 'sharp';
import type { Blocklist } from '../../../src/blocklist/blocklist.js';
import { hashToHex } from '../../../src/hash.js';
import { isResampled } from '../../../src/hashing/pdq.js';
import { rankedPdq } from '../../../src/hashing/pdq-ranks.js';
import { pdqRegion } from '../../../src/hashing/pdq-region.js';
import { hasKernels, inJavaScript, leaseArena } from '../../../src/kernels/simd/arena.js';
import { match } from '../../../src/matching/match.js';
import { decode } from '../../../src/node/decode/decode.js';
import { hash } from '../../../src/node/hash-file.js';
import type { CheckedPixels } from '../../../src/pixels.js';
import type { HashedVariant } from '../../../src/variant.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { thoroughVariants } from '../../../src/variants/thorough.js';
import { MOST_HASHES } from '../../../src/variants/variant-profile.js';
import { viewOf } from '../../../src/variants/view.js';
import { planeOf, planeOfPart } from '../../../src/variants/working-plane.js';
import type { BenchContext } from '../../harness.js';
import { madeList } from '../../lists/made-list.js';
import { median, timingOf, turns } from '../../race.js';
import { sharpAndPhotos } from '../photos.js';
import { NO_SIMD } from './kernels.js';
import { type Bar, STAGES, type Stage } from './stages-plot.js';

/*
 * Where the time of a check goes: a JPEG file is decoded (as a draft if it is large), and all its
 * variants are hashed and searched. Stages run as in the pipeline, in SIMD and in JavaScript by
 * turns in one process.
 */

export interface StageScale {
  readonly sizes: readonly (readonly [name: string, width: number, height: number])[];
  readonly photos: number;
  /** of each further kind of picture */
  readonly ofKind: number;
  readonly rounds: number;
  /** of the list that is searched */
  readonly entries: number;
}

export const FULL_STAGES: StageScale = {
  sizes: [
    ['0.3 MP', 632, 474],
    ['1 MP', 1155, 866],
    ['3 MP', 2000, 1500],
    ['12 MP', 4000, 3000],
    ['48 MP', 8000, 6000],
  ],
  photos: 9,
  ofKind: 4,
  rounds: 15,
  entries: 1e6,
};

const DRAFT = { decoding: 'draft' } as const;
const PROFILES = ['none', 'quick', 'thorough'] as const;
const FORMS = { SIMD: <R>(work: () => R) => work(), JavaScript: inJavaScript };
type Form = keyof typeof FORMS;
type Profile = (typeof PROFILES)[number];

/** Milliseconds of a picture, without and with those of collections. */
interface Times {
  net: number;
  collected: number;
}

/** One kind of picture in one size. */
export interface StageRow {
  readonly size: string;
  readonly kind: string;
  readonly pictures: number;
  /** CPU of sharp's decoding in full */
  readonly bare: number;
  /** CPU of `hash` of the file by `thorough` */
  readonly file: number;
  readonly forms: Record<
    Form,
    { stages: Record<Stage, number>; whole: number; after: Record<Profile, number> }
  >;
}

/** Stages of each size and kind. @returns rows for the record */
export async function stagesPart(context: BenchContext, scale: StageScale): Promise<StageRow[]> {
  const { sharp, files } = await sharpAndPhotos();
  sharp.cache(false);
  if (!hasKernels()) context.note(NO_SIMD);
  const list = await madeList(scale.entries);
  const jpeg = (picture: Sharp) => picture.jpeg({ quality: 90 }).toBuffer();
  const rows: StageRow[] = [];
  for (const [size, width, height] of scale.sizes) {
    const bodies: Buffer[] = [];
    for (const { path } of files.slice(0, scale.photos))
      bodies.push(await jpeg(sharp(path).resize(width, height, { fit: 'fill' })));
    rows.push(await rowOf(context, scale, list, { size, kind: 'photos' }, bodies));
  }
  // It stands on sharp, which whoever installed this package may not have.
  const { picturesByKind } = await import('../variants-pictures.js');
  for (const [kind, pictures] of scale.ofKind > 0 ? await picturesByKind(scale.ofKind) : []) {
    const bodies = pictures.map(({ data, width, height, channels = 3 }) =>
      jpeg(sharp(data, { raw: { width, height, channels } })),
    );
    rows.push(await rowOf(context, scale, list, { size: '1 MP', kind }, await Promise.all(bodies)));
  }
  for (const form of Object.keys(FORMS) as Form[]) {
    const beyond = ({ forms }: StageRow) => forms[form].after.thorough - forms[form].after.none;
    const [worst] = rows
      .filter(({ size }) => size === '1 MP')
      .sort((a, b) => beyond(b) - beyond(a));
    if (worst) context.figure(`the worst kind of 1 MP, ${form}: ${worst.kind}, ms`, beyond(worst));
  }
  return rows;
}

async function rowOf(
  context: BenchContext,
  { rounds }: StageScale,
  list: Blocklist,
  named: { size: string; kind: string },
  bodies: readonly Buffer[],
): Promise<StageRow> {
  const name = `${named.size}, ${named.kind}`;
  const pictures: CheckedPixels[] = [];
  for (const body of bodies) pictures.push((await decode(body, DRAFT)).pixels);
  for (const pixels of pictures) checkAnswers(name, pixels);
  const { decoding, bare, thorough: file } = await cpuOf(bodies, rounds);
  const times = await timesOf(pictures, list, rounds);
  const formOf = (form: Form) => {
    const of = (what: string): Times => times[form].get(what)!;
    const sum = ({ net, collected }: Times) => net + collected;
    const stages = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
    stages.decode = decoding;
    for (const stage of TIMED) {
      stages[stage] = of(stage).net;
      stages.collection += of(stage).collected;
    }
    const whole = decoding + sum(of('whole'));
    const known = STAGES.reduce((all, stage) => all + stages[stage], 0);
    stages.other = whole - known;
    context.figure(`${name}, ${form}: sum of the stages, of the whole`, known / whole);
    const after = (profile: Profile) => sum(of(profile));
    return {
      stages,
      whole,
      after: { none: after('none'), quick: after('quick'), thorough: after('thorough') },
    };
  };
  const forms = { SIMD: formOf('SIMD'), JavaScript: formOf('JavaScript') };
  const byRound = (form: Form) => times[form].get('thorough')!.rounds;
  const timings = (['SIMD', 'JavaScript'] as const).map((form) =>
    timingOf(form, byRound(form), byRound('SIMD')),
  );
  context.report({ title: `${name}, thorough, decoded`, timings, notes: [] });
  const { SIMD, JavaScript } = forms;
  context.table(`A JPEG, ${name}, by thorough, ms a picture`, [
    ...STAGES.map((stage) => ({
      stage,
      SIMD: SIMD.stages[stage],
      JavaScript: JavaScript.stages[stage],
    })),
    { stage: 'whole', SIMD: SIMD.whole, JavaScript: JavaScript.whole },
  ]);
  for (const [form, { after }] of Object.entries(forms)) {
    const figure = (what: string, value: number) =>
      context.figure(`${name}, ${form}: ${what}`, value);
    figure('thorough beyond the plain hash, ms', after.thorough - after.none);
    figure('quick beyond the plain hash, ms', after.quick - after.none);
    figure('the plain hash beyond bare decoding, ms', decoding + after.none - bare);
    for (const profile of PROFILES)
      figure(`${profile}, of bare decoding`, (decoding + after[profile]) / bare);
  }
  context.figure(
    `${name}: a file by thorough, of decoding and hashing`,
    file / (decoding + SIMD.after.thorough),
  );
  return { ...named, pictures: pictures.length, bare, file, forms };
}

const TIMED = ['planes', 'detectors', 'hashing', 'search'] as const;
type Clock = <R>(what: string, work: () => R) => R;

/** All of `thorough`, stage by stage, as `furtherVariants` has it. */
function staged(pixels: CheckedPixels, list: Blocklist | undefined, time: Clock): HashedVariant[] {
  const view = viewOf(pixels);
  const { width, height } = view;
  const whole = { rectangle: { left: 0, top: 0, width, height } };
  const all: HashedVariant[] = [
    time('hashing', () => ({ name: 'original', ...rankedPdq(pixels) })),
  ];
  const lease = leaseArena();
  const plane = time('planes', () => planeOf(view, undefined, lease.arena));
  const places = thoroughVariants(plane);
  const placed = (
    name: HashedVariant['name'],
    geometry: typeof whole,
    own = plane as Parameters<typeof pdqRegion>[0],
    as: 512 | 'none' = 512,
  ) => all.push({ name, geometry, ...time('hashing', () => pdqRegion(own, geometry, as)) });
  if (isResampled(width, height, 512))
    placed('otherResample', whole, planeOfPart(plane, whole), 'none');
  while (all.length < MOST_HASHES) {
    const { value: place, done } = time('detectors', () => places.next());
    if (done || !place) break;
    const { name, geometry } = place;
    // The original's bits changed: no work.
    if (name === 'inverted') all.push({ ...all[0]!, name, geometry });
    else placed(name, geometry, place.plane ?? time('planes', () => planeOfPart(plane, geometry)));
  }
  time('planes', () => lease.giveBack());
  if (list) time('search', () => match(all, list));
  return all;
}

/** Stages and pipeline give the same hashes in both forms. */
function checkAnswers(name: string, pixels: CheckedPixels): void {
  const text = (variants: Iterable<HashedVariant>) =>
    Array.from(variants, (variant) =>
      variant.name === 'inverted' ? variant.name : `${variant.name} ${hashToHex(variant.hash)}`,
    ).join();
  const once: Clock = (_, work) => work();
  const answers = Object.values(FORMS).flatMap((form) => [
    form(() => text(staged(pixels, undefined, once))),
    form(() => text(variantsOf(pixels, { variants: 'thorough' }))),
  ]);
  if (new Set(answers).size > 1) throw new Error(`${name}: hashes differ`);
}

/** Each form's times a picture: medians over the rounds, and means of collections. */
async function timesOf(
  pictures: readonly CheckedPixels[],
  list: Blocklist,
  rounds: number,
): Promise<Record<Form, Map<string, Times & { rounds: number[] }>>> {
  const forms = Object.keys(FORMS) as Form[];
  const sums = { SIMD: new Map<string, Times[]>(), JavaScript: new Map<string, Times[]>() };
  const watch = collections();
  for (const { round, at } of turns(rounds + 1, forms.length)) {
    const form = forms[at]!;
    for (const pixels of pictures) {
      const spans: Span[] = [];
      const time: Clock = (what, work) => {
        const start = performance.now();
        const result = work();
        spans.push({ what, start, end: performance.now() });
        return result;
      };
      FORMS[form](() => {
        staged(pixels, list, time);
        time('whole', () => match(variantsOf(pixels, { variants: 'thorough' }), list));
        for (const variants of PROFILES)
          time(variants, () => [...variantsOf(pixels, { variants })]);
      });
      const collected = await watch.taken();
      // The first round warms up.
      if (round > 0) addTo(sums[form], round - 1, spans, collected, pictures.length);
    }
  }
  watch.stop();
  const ended = (of: Map<string, Times[]>) =>
    new Map(
      [...of].map(([what, each]) => {
        const collected = each.reduce((sum, time) => sum + time.collected, 0) / each.length;
        const all = each.map(({ net }) => net);
        return [what, { net: median(all), collected, rounds: all.map((ms) => 1000 * ms) }];
      }),
    );
  return { SIMD: ended(sums.SIMD), JavaScript: ended(sums.JavaScript) };
}

interface Span {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

type Collection = Pick<PerformanceEntry, 'startTime' | 'duration'>;

/** Adds the times of one picture. A collection falls to the span in which it began. */
function addTo(
  sums: Map<string, Times[]>,
  round: number,
  spans: readonly Span[],
  collected: readonly Collection[],
  pictures: number,
): void {
  for (const { what, start, end } of spans) {
    let lost = 0;
    for (const { startTime, duration } of collected) {
      if (startTime >= start && startTime < end) lost += duration;
    }
    if (!sums.has(what)) sums.set(what, []);
    const rounds = sums.get(what)!;
    rounds[round] ??= { net: 0, collected: 0 };
    rounds[round].net += (end - start - lost) / pictures;
    rounds[round].collected += lost / pictures;
  }
}

/** The collections of V8, of which it reports a while later. */
function collections() {
  let entries: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return {
    async taken() {
      for (let turn = 0; turn < 3; turn++) await setImmediate();
      const taken = entries;
      entries = [];
      return taken;
    },
    stop: () => observer.disconnect(),
  };
}

/** CPU in ms a file, of all threads: long spans, since some systems count in ticks of 10 ms. */
async function cpuOf(bodies: readonly Buffer[], rounds: number) {
  const { sharp } = await sharpAndPhotos();
  const careful = { failOn: 'warning', ignoreIcc: true, sequentialRead: true } as const;
  const ways = {
    bare: (body: Buffer) => sharp(body, careful).toColourspace('srgb').raw().toBuffer(),
    decoding: (body: Buffer) => decode(body, DRAFT),
    thorough: (body: Buffer) => hash(body, { ...DRAFT, variants: 'thorough' }),
  };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  const sums = { bare: 0, decoding: 0, thorough: 0 };
  for (const { round, at } of turns(rounds + 1, names.length)) {
    const name = names[at]!;
    const before = process.cpuUsage();
    for (const body of bodies) await ways[name](body);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) sums[name] += (user + system) / 1000 / bodies.length / rounds;
  }
  return sums;
}

/** The bars of the photos, for a plot. */
export const barsOf = (rows: readonly StageRow[]): Bar[] =>
  rows
    .filter(({ kind }) => kind === 'photos')
    .flatMap(({ size, forms }) =>
      (['SIMD', 'JavaScript'] as const).map((form) => ({ size, form, stages: forms[form].stages })),
    );
