import {
  checkArray,
  checkAsyncIterable,
  checkedOptions,
  checkObject,
  checkTypeOf,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import {
  checkDecision,
  type Decision,
  type DecisionReason,
  type Match,
} from '../../matching/decision.js';
import type {
  HashedVariant,
  Point,
  Rectangle,
  VariantGeometry,
  VariantName,
} from '../../variant.js';
import { DECODE_OPTIONS, type DecodeOptions } from '../decode/decode.js';
import { hashOutlines } from './hash-outline.js';
import { BLUE, GREY, timeLineOf, videoFacts } from './time-line.js';
import { type ShownVariant, variantPicture } from './variant-picture.js';

/** One picture of a report. */
export interface ReportedPicture {
  readonly decision: Decision;
  /**
   * sides of the displayed picture in pixels, for drawing geometries; absent if it was not decoded
   */
  width?: number | undefined;
  height?: number | undefined;
  /** file name, shown above the decision */
  file?: string | undefined;
  /**
   * the picture's file. If given, the page shows the picture and each match's variant. Set it only
   * if someone asked to see them
   */
  bytes?: Uint8Array | undefined;
  /**
   * if true, each match has the outlines that the hashes of its variant and its entry reveal, side
   * by side: the listed picture, blurred. Set it only for those who may see hashes
   */
  outlines?: boolean | undefined;
}

/** The meaning of a decision's reason. Reasons that are missing here explain themselves. */
export const REASON_WORDS: Partial<Record<DecisionReason, string>> = {
  'within-match-distance': 'an entry is within the match distance',
  'matched-parts': 'an entry is near, and its parts agree with those of the variant',
  'matched-video': 'frames of a listed video are near frames of the upload, on one line of time',
  'low-query-quality': 'an entry is within the match distance of a low-quality variant',
  'low-entry-quality': 'a low-quality entry is within the match distance',
  'review-only-list': 'an entry of a review-only list is within the match distance',
  'foreign-list': 'an entry of a foreign list is within the match distance',
  'unconfirmed-entry': 'an unconfirmed entry is within the match distance',
  'within-review-distance':
    'an entry is within the review distance, none within the match distance',
  flooded: 'an entry within the match distance has recently matched too many distinct uploads',
  'matched-remote': 'a remote list has it',
  unanswered: 'a remote list did not answer, and nothing matched',
  'odd-profile':
    'no entry is near, but its colour profile is odd: browsers may show another picture',
  'unseen-picture': 'no entry is near, but browsers may show a picture in it that was not checked',
  'unseen-frames': 'no entry is near, but not all of its frames were checked',
  'nothing-near': 'no entry is near enough',
  'nothing-comparable': 'the blocklist has no entry of this algorithm',
  'no-hash': 'nothing was hashed',
};

/** Light or dark, as the reader's system is set. Facts are beside the pictures if there is room. */
const STYLE = `:root{color-scheme:light dark;--ink:#222;--soft:#555;--ground:#fff;--line:#bbb}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#aeb6bf;--ground:#15181c;--line:#5c646d}}
body{font:16px/1.5 system-ui,sans-serif;background:var(--ground);color:var(--ink);max-width:60rem;margin:2rem auto;padding:0 1rem}
article,section{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:start;border-top:1px solid var(--line);margin-top:1.5rem}article{border-top:2px solid var(--soft)}
h2,h3,section{flex:0 0 100%;margin-bottom:0}dl{flex:1 1 20rem;display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}dt,figcaption{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
figure{margin:0}svg,img{display:block;max-width:16rem;max-height:20rem}img{border:1px solid var(--line)}figcaption{font-size:.85rem;max-width:16rem}
.outlines{flex:0 0 100%;display:flex;flex-wrap:wrap;gap:.3rem 1rem}.outlines p{flex:0 0 100%;margin:0;color:var(--soft)}.outline svg{width:10rem;background:#808080}.outline g{filter:blur(.6px)}
.time{flex:0 0 100%}.time svg,.time figcaption{max-width:none}table{border-collapse:collapse;margin-top:.5rem;font-variant-numeric:tabular-nums}th{color:var(--soft);font-weight:400}th,td{text-align:left;padding:.1rem 2rem .1rem 0}`;

/**
 * Explains decisions as one HTML page that loads nothing, with a section for each, in their order.
 * It shows each match's distance, tier and variant, and outlines the variant's place in the
 * picture. It has no hashes, nor their outlines unless asked for. But it has labels, perhaps file
 * names and, if given, pictures: show it only to people who may see those. The page comes in
 * pieces, so that only one picture is held at a time. A picture that cannot be decoded is not
 * shown; its decision is.
 * @param options for decoding the pictures that are shown
 * @throws {RangeError} if a side is not a number above 0
 * @throws {TypeError} if a decision, another member or an option is invalid
 * @example
 * await writeFile('report.html', matchReport([{ decision, width, height, file: 'upload.jpg' }]));
 */
export async function* matchReport(
  pictures: Iterable<ReportedPicture> | AsyncIterable<ReportedPicture>,
  options: DecodeOptions = {},
): AsyncGenerator<string, void, undefined> {
  checkAsyncIterable(pictures, 'an iterable of { decision, width, height }');
  checkedOptions(options, DECODE_OPTIONS);
  yield HEAD;
  for await (const picture of pictures) yield await article(picture, options);
  yield '</body></html>\n';
}

const HEAD = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Match report</title><style>${STYLE}</style></head>
<body><h1>Match report</h1>
`;

async function article(reported: ReportedPicture, options: DecodeOptions): Promise<string> {
  checkObject(reported, 'a picture: { decision, width, height }');
  const { decision, width, height, file, bytes, outlines } = reported;
  checkDecision(decision);
  const sides = [width, height].filter((side) => side !== undefined);
  // Number.isFinite is false for anything but a number
  if (sides.length === 1 || !sides.every((side) => Number.isFinite(side) && side > 0)) {
    throw new RangeError('expected width and height above 0, or neither');
  }
  checkTypeOf('file', file, 'string');
  checkTypeOf('outlines', outlines, 'boolean');
  if (bytes !== undefined) checkArray('bytes', bytes, Uint8Array);
  const { verdict, reason, matches, omitted, policy, frames, videos = [] } = decision;
  const frame =
    width === undefined || height === undefined ? undefined : { left: 0, top: 0, width, height };
  const facts: [string, string][] = [
    ['verdict', verdict],
    ['reason', REASON_WORDS[reason] ?? reason],
    ['match', `at most ${policy.matchDistance} bits`],
    ['review', `at most ${policy.reviewDistance} bits`],
    ['minimum quality', String(policy.minQuality)],
  ];
  if (frame) facts.splice(2, 0, ['picture', `${width} x ${height} pixels`]);
  if (frames) facts.push(['frames', `${frames.checked} of ${frames.total} checked`]);
  if (omitted !== undefined) facts.push(['not shown', `${omitted} more`]);
  const shown = bytes && (await picturesOf(bytes, matches, options));
  const sections = matches.map((match, at) =>
    section(match, at, { frame, outlines }, shown?.variants[at]),
  );
  const listed = videos.map((video, at) => {
    const name = video.variant as VariantName;
    const words = name === 'frame' ? 'the whole frame' : VARIANT_WORDS[name];
    const facts = [...videoFacts(video, matches), ['variant', `${name}: ${words}`] as const];
    return `<section><h3>Video ${at + 1}</h3>\n${list(facts)}\n${timeLineOf(video)}</section>\n`;
  });
  return `<article>${file === undefined ? '' : `<h2>${escapeHtml(file)}</h2>`}
${list(facts)}
${shown ? picture(shown.whole, 'the picture as displayed') : ''}
${listed.join('')}${sections.join('\n')}
</article>
`;
}

function section(
  match: Match,
  at: number,
  { frame, outlines }: { frame: Rectangle | undefined; outlines: boolean | undefined },
  shown: string | undefined,
): string {
  const { entry, distance, partsDistance, tier, variant } = match;
  const { quality, geometry, look } = variant;
  const facts: [string, string][] = [
    ['distance', `${distance} of ${8 * entry.hash.bytes.length} bits`],
    ['tier', tier],
    ['variant', `${variant.name}: ${variantWords(variant)}`],
    ['algorithm', entry.hash.algorithm],
  ];
  if (partsDistance !== undefined) facts.splice(1, 0, ['by parts', `${partsDistance} of 256 bits`]);
  if (quality !== undefined) facts.push(['quality', String(quality)]);
  if (entry.labels.length > 0) facts.push(['labels', entry.labels.join(', ')]);
  if (entry.list) facts.push(['list', entry.list]);
  if (entry.source !== undefined) facts.push(['source', entry.source]);
  if (entry.id !== undefined) facts.push(['entry', entry.id]);
  // Another reading has other sides.
  const placed = geometry !== undefined && frame !== undefined && look !== 'otherReading';
  if (placed) facts.push(...placeOf(geometry, frame));
  const pair = outlines ? hashOutlines(match) : undefined;
  const drawn =
    pair === undefined
      ? ''
      : `\n<div class="outlines"><p>what both hashes show, blurred and without colours</p>${pair}</div>`;
  return `<section><h3>Match ${at + 1}</h3>
${list(facts)}
${placed ? outlineOf(geometry, frame) : ''}
${shown === undefined ? '' : picture(shown, 'the matching part')}${drawn}</section>`;
}

/** The picture and each match's variant, as URLs of PNGs; undefined if it cannot be decoded. */
async function picturesOf(bytes: Uint8Array, matches: readonly Match[], options: DecodeOptions) {
  const png = async (variant: ShownVariant) => {
    const drawn = await variantPicture(bytes, variant, options);
    return `data:image/png;base64,${Buffer.from(drawn).toString('base64')}`;
  };
  try {
    const variants: string[] = [];
    // One by one: each decodes the picture again.
    for (const { variant } of matches) variants.push(await png(variant));
    return { whole: await png({ name: 'original' }), variants };
  } catch (error) {
    // The decision is shown without them.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function picture(url: string, caption: string): string {
  return `<figure><img src="${url}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`;
}

const list = (facts: readonly (readonly [string, string])[]) =>
  `<dl>${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;

/** The part or form of the upload that each variant is. */
const VARIANT_WORDS: Record<VariantName, string> = {
  original: 'the picture as displayed',
  stored: 'the picture as stored in the file, before its orientation tag is applied',
  onWhite: 'the picture with its transparent parts on white',
  onBlack: 'the picture with its transparent parts on black',
  asShown: 'the picture in the colours of its profile',
  frame: 'another frame of the file',
  otherReading: 'the picture as other browsers crop or turn it',
  otherResample: "the picture in PDQ's other size convention",
  inverted: 'with its brightness inverted',
  rotate90: 'a quarter turn counter-clockwise',
  rotate180: 'a half turn',
  rotate270: 'a quarter turn clockwise',
  flipX: 'upside down and mirrored',
  flipY: 'mirrored',
  flipPlus1: 'mirrored about the falling diagonal',
  flipMinus1: 'mirrored about the rising diagonal',
  unletterbox: 'without its borders of one colour',
  unblurBars: 'without its blurred bars',
  box: 'the part on a background of one colour',
  rectangle: 'the part enclosed by straight edges',
  quadrilateral: 'a tilted part, made upright',
  unturn: 'turned back, where a turn had enlarged the canvas',
  unturnCropped: 'turned back, where a turn had cut off the corners',
  uncrop: 'with cut-off parts filled by repeating its border',
  window1x1: 'its square crop',
  window4x5: 'its 4:5 crop',
  window16x9: 'its 16:9 crop',
  window9x16: 'its 9:16 crop',
  inner: 'a picture in it',
  file: 'the whole file, byte for byte',
};

/** Describes a variant: its part or form of the upload, and its look. */
export function variantWords({
  name,
  look,
  frame,
}: Pick<HashedVariant, 'name' | 'look' | 'frame'>): string {
  const of = look === undefined ? '' : ` of ${VARIANT_WORDS[look]}`;
  // A later version may have named it.
  const own = Object.hasOwn(VARIANT_WORDS, name) ? VARIANT_WORDS[name] : name;
  return `${own}${of}${frame === undefined ? '' : `, frame ${frame}`}`;
}

/**
 * A variant's place in a picture, in words: a name and a value for each fact.
 * @param frame the picture as displayed, in pixels
 */
export function placeOf(
  { rectangle, angle, dihedral }: VariantGeometry,
  frame: Rectangle,
): [string, string][] {
  const { left, top, width, height } = rectangle;
  const right = frame.width - left - width;
  const bottom = frame.height - top - height;
  const facts: [string, string][] = [
    ['rectangle', `${round(width)} x ${round(height)} pixels at ${round(left)}, ${round(top)}`],
    [
      'margins',
      `left ${round(left)}, top ${round(top)}, right ${round(right)}, bottom ${round(bottom)} pixels (below 0: outside the picture)`,
    ],
  ];
  if (angle !== undefined) facts.push(['turned', `${round(angle)} degrees clockwise`]);
  if (dihedral !== undefined) facts.push(['then', VARIANT_WORDS[dihedral]]);
  return facts;
}

/**
 * Draws a picture's frame and the outline of a variant in it, to scale, as an HTML figure. It
 * contains only numbers.
 */
export function outlineOf(geometry: VariantGeometry, frame: Rectangle): string {
  const { rectangle, corners, angle = 0 } = geometry;
  const { left, top, width, height } = rectangle;
  const centreX = left + width / 2;
  const centreY = top + height / 2;
  const reach = Math.hypot(width, height) / 2;
  // An upright rectangle is its own bound; a turned one is bounded by the circle around it.
  const [reachX, reachY] = angle === 0 ? [width / 2, height / 2] : [reach, reach];
  const margin = 0.03 * Math.max(frame.width, frame.height);
  const x = Math.min(0, centreX - reachX) - margin;
  const y = Math.min(0, centreY - reachY) - margin;
  const right = Math.max(frame.width, centreX + reachX) + margin;
  const bottom = Math.max(frame.height, centreY + reachY) + margin;
  const line = round(Math.max(right - x, bottom - y) / 160);
  const box = (r: Rectangle, more: string) =>
    `<rect x="${round(r.left)}" y="${round(r.top)}" width="${round(r.width)}" height="${round(r.height)}" ${more} stroke-width="${line}"/>`;
  const turn =
    angle === 0 ? '' : `transform="rotate(${round(angle)} ${round(centreX)} ${round(centreY)})"`;
  return `<figure><svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="the part that matched, in the picture's frame" viewBox="${[x, y, right - x, bottom - y].map(round).join(' ')}">
${box(frame, GREY)}
${corners === undefined ? box(rectangle, `${BLUE} ${turn}`) : polygon(corners, `${BLUE} stroke-width="${line}"`)}
</svg><figcaption>grey: the picture; blue: the part that matched</figcaption></figure>`;
}

const polygon = (corners: readonly Point[], more: string) =>
  `<polygon points="${corners.map((corner) => corner.map(round).join()).join(' ')}" ${more}/>`;

const round = (value: number) => String(Math.round(100 * Number(value)) / 100);

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text escaped for HTML, between tags and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  String(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
