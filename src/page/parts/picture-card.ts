import type { DisplayedPixels } from '../../browser/index.js';
import { type Hash, hashToHex } from '../../index.js';
import { blurredView } from '../copies.js';
import { copiesPart } from './copies-part.js';
import { button, h } from './element.js';
import { type TextKey, t } from './language.js';
import { outlineOf } from './outline.js';
import type { HashedPicture, Picture, Problem } from './session.js';
import { shapeNumbers } from './shape-numbers.js';

/**
 * Below this quality a match means little. The library's default policy never matches such a hash
 * by itself.
 */
const WEAK_QUALITY = 50;
const TINY_SIDE = 128;

/**
 * The result for one picture, without showing it: its number and size, the quality of its hash, and
 * the copies that the hash would find.
 */
export function pictureCard(
  picture: Picture,
  { unasked, onRemove }: { unasked: boolean; onRemove: () => void },
): HTMLElement {
  const id = `picture-${picture.number}`;
  const removal = button(t('pictureRemove'), onRemove, 'quiet', { 'aria-describedby': id });
  return h(
    'article',
    { class: 'card', 'aria-labelledby': id },
    h('h2', { id }, t('picture', { n: picture.number })),
    ...(picture.image === undefined
      ? [h('p', { class: 'weak problem' }, errorWords(picture))]
      : resultParts(picture as HashedPicture, unasked)),
    removal,
  );
}

function resultParts(picture: HashedPicture, unasked: boolean): HTMLElement[] {
  const { width, height } = picture.image;
  return [
    h('p', { class: 'note' }, t('pictureSize', { width, height })),
    ...strength(picture),
    copiesPart(picture, unasked),
    outlinePart(picture),
    blurredPart(picture),
  ];
}

/** The page's words for a problem; any other problem means that the file could not be read. */
const PROBLEM_WORDS: Readonly<Partial<Record<Problem, TextKey>>> = {
  empty: 'errorEmpty',
  unreadable: 'errorUnreadable',
  unsupported: 'errorUnsupported',
  'not-a-picture': 'errorUnsupported',
  heic: 'errorHeic',
  video: 'errorVideo',
  corrupt: 'errorCorrupt',
  'too-many-bytes': 'errorTooLarge',
  'too-many-pixels': 'errorTooLarge',
  timeout: 'errorTimeout',
  poisoned: 'errorPoisoned',
};

function errorWords({ error }: Picture): string {
  const words = t((error && PROBLEM_WORDS[error]) ?? 'errorOther');
  return error === 'video' ? `${words} ${t('chooseVideo')}` : words;
}

function strength({ image }: HashedPicture): HTMLElement[] {
  const tiny = Math.min(image.width, image.height) < TINY_SIDE;
  const flat = (image.quality ?? 0) < WEAK_QUALITY;
  if (!tiny && !flat) return [h('p', { class: 'good' }, t('strong'))];
  return [
    h('p', { class: 'weak' }, t('weak')),
    h('p', {}, [tiny ? t('weakTiny') : '', flat ? t('weakFlat') : '', t('weakHelp')].join(' ')),
  ];
}

/** The outlines that the hashes reveal, and the hashes themselves. */
function outlinePart({ number, image }: HashedPicture): HTMLElement {
  return unfolding(t('outlineTitle'), () => [
    h('p', {}, t('outlineBody')),
    outlineCanvas(image.hash, t('outlineAlt', { n: number })),
    ...shapeNumbers(image).map(({ shape, variant }) =>
      h(
        'figure',
        {},
        outlineCanvas(variant.hash, t('outlineShapeAlt', { n: number, shape })),
        h('figcaption', { class: 'note' }, t('outlineShape', { shape })),
      ),
    ),
    h('p', { class: 'note' }, t('pictureNumbers')),
    ...[image, ...shapeNumbers(image).map(({ variant }) => variant)].map(({ hash }) =>
      h('code', { class: 'hash', dir: 'ltr' }, hashToHex(hash)),
    ),
  ]);
}

function outlineCanvas(hash: Hash, label: string): HTMLElement {
  const greys = outlineOf(hash.bytes);
  const data = new Uint8ClampedArray(4 * greys.length).fill(255);
  for (let i = 0; i < greys.length; i++) data.fill(greys[i]!, 4 * i, 4 * i + 3);
  return pixelCanvas({ data, width: 64, height: 64 }, 'outline', label);
}

/** Shows pixels and never reads them back, so tracking protection does not alter them. */
function pixelCanvas(
  { data, width, height }: Pick<DisplayedPixels, 'data' | 'width' | 'height'>,
  kind: 'outline' | 'blurred',
  label: string,
): HTMLElement {
  const canvas = h('canvas', {
    width: String(width),
    height: String(height),
    class: kind,
    role: 'img',
    'aria-label': label,
  });
  canvas.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/** Shows which picture it is, very blurred, and only on request. */
function blurredPart({ number, file }: HashedPicture): HTMLElement {
  const place = h('div');
  const toggle = button(
    t('blurShow'),
    async () => {
      if (place.firstChild) {
        place.replaceChildren();
        toggle.textContent = t('blurShow');
        return;
      }
      const pixels = await blurredView(file);
      place.replaceChildren(
        pixels
          ? pixelCanvas(pixels, 'blurred', t('blurAlt', { n: number }))
          : h('p', { role: 'status' }, t('blurNot')),
      );
      if (!pixels) return;
      toggle.textContent = t('blurHide');
    },
    'plain',
  );
  return unfolding(t('blurTitle'), () => [toggle, place]);
}

/** A collapsed part whose content is made when it is first opened. */
function unfolding(title: string, content: () => HTMLElement[]): HTMLElement {
  const details = h(
    'details',
    {
      toggle: () => {
        if (details.open && details.childElementCount === 1) details.append(...content());
      },
    },
    h('summary', {}, title),
  );
  return details;
}
