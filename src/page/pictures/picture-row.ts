import { type HashedVariant, hashToHex, type Listing, listedPicture } from '../../index.js';
import { blurredView } from '../copies.js';
import { button, h } from '../parts/element.js';
import { counted, type TextKey, t } from '../parts/language.js';
import {
  type HashedPicture,
  innerOf,
  listedOf,
  type Picture,
  type Problem,
} from '../parts/session.js';
import { outlineCanvas, pixelCanvas } from './canvas.js';
import { copiesPart } from './copies-part.js';
import { digestOf } from './video.js';

/**
 * Below this quality a match means little. The library's default policy never matches such a hash
 * by itself.
 */
const WEAK_QUALITY = 50;
const TINY_SIDE = 128;

/** True if a picture frames so many that it is never listed beside them. */
const isCollage = (picture: Picture) =>
  innerOf(picture).length > 0 && listedPicture(picture.image!, 'both') !== picture.image;

/** The state of a picture, in its row. */
type State = 'ready' | 'screenshot' | 'plain' | 'video' | 'failed';

const STATE_WORDS = {
  ready: 'rowReady',
  screenshot: 'rowScreenshot',
  plain: 'rowPlain',
  video: 'rowVideo',
  failed: 'rowFailed',
} as const satisfies Record<State, TextKey>;

function stateOf(picture: Picture): State {
  const { image, error, digest, isChosen } = picture;
  if (image === undefined) {
    if (error !== 'video') return 'failed';
    return digest === undefined ? 'video' : 'ready';
  }
  if (innerOf(picture).length > 0 && !isChosen && !isCollage(picture)) return 'screenshot';
  return isChosen || !isPlain(picture as HashedPicture) ? 'ready' : 'plain';
}

/** True if nothing is left to decide about a picture. */
export const isReady = (picture: Picture): boolean => stateOf(picture) === 'ready';

const isTiny = ({ width, height }: { width: number; height: number }) =>
  Math.min(width, height) < TINY_SIDE;

const isFlat = ({ quality = 0 }: { quality?: number }) => quality < WEAK_QUALITY;

/** True if services may not use the number of a picture. Those in a screenshot are large enough. */
const isPlain = (picture: HashedPicture) =>
  isFlat(listedOf(picture)) || (innerOf(picture).length === 0 && isTiny(picture.image));

/**
 * The row of a picture: its blurred view, what is to be said of it in a few words, a question if
 * there is one, and a button to take it out.
 * @param onChange is called after an answer
 */
export function pictureRow(
  picture: Picture,
  { onChange, onRemove }: { onChange: () => void; onRemove: () => void },
): HTMLElement {
  const id = `picture-${picture.number}`;
  const words = h('p', { class: 'state' });
  const body = h('div', { class: 'row-body' });
  const removal = button('×', onRemove, 'quiet', {
    'aria-label': t('rowRemove', { n: picture.number }),
    title: t('rowRemove', { n: picture.number }),
  });
  const article = h(
    'article',
    { class: 'picture', 'aria-labelledby': id },
    h('div', { class: 'views' }),
    h(
      'div',
      { class: 'row-words' },
      h('h2', { id, tabindex: '-1' }, t('picture', { n: picture.number })),
      words,
    ),
    removal,
    body,
  );
  const show = () => {
    const state = stateOf(picture);
    article.setAttribute('data-state', state);
    words.textContent = t(STATE_WORDS[state]);
  };
  const decide = (change: () => void) => {
    change();
    show();
    onChange();
  };
  show();
  if (picture.image === undefined) body.append(...unhashed(picture, decide));
  else {
    const hashed = picture as HashedPicture;
    showViews(hashed, article.firstElementChild!);
    body.append(...question(hashed, decide), more(hashed));
  }
  return article;
}

type Decide = (change: () => void) => void;

/** The page's words for a problem; any other problem means that the file could not be read. */
const PROBLEM_WORDS: Readonly<Partial<Record<Problem, TextKey>>> = {
  empty: 'errorEmpty',
  unreadable: 'errorUnreadable',
  unsupported: 'errorUnsupported',
  'not-a-picture': 'errorUnsupported',
  heic: 'errorHeic',
  video: 'videoBody',
  corrupt: 'errorCorrupt',
  'too-many-bytes': 'errorTooLarge',
  'too-many-pixels': 'errorTooLarge',
  timeout: 'errorTimeout',
  poisoned: 'errorPoisoned',
};

/** Advice about a file without a hash. */
function unhashed(picture: Picture, decide: Decide): HTMLElement[] {
  const { error } = picture;
  const words = h(
    'p',
    { class: 'note problem' },
    t((error && PROBLEM_WORDS[error]) ?? 'errorOther'),
  );
  if (error !== 'video') return [words];
  const toggle = button(
    t(picture.digest === undefined ? 'videoAdd' : 'videoLeave'),
    async () => {
      if (picture.digest === undefined) {
        toggle.disabled = true;
        const digest = await digestOf(picture.file);
        toggle.disabled = false;
        if (digest === undefined) words.textContent = t('errorTooLarge');
        else decide(() => Object.assign(picture, { digest }));
      } else decide(() => delete picture.digest);
      toggle.textContent = t(picture.digest === undefined ? 'videoAdd' : 'videoLeave');
    },
    'plain',
  );
  return [words, toggle];
}

const ANSWERS = {
  inner: 'innerYes',
  whole: 'innerNo',
  both: 'innerBoth',
} as const satisfies Record<Listing, TextKey>;

/** The question about a hashed picture, or advice, if there is any. */
function question(picture: HashedPicture, decide: Decide): HTMLElement[] {
  const inner = innerOf(picture);
  if (isCollage(picture)) return [h('p', { class: 'note' }, counted('innerCollage', inner.length))];
  if (inner.length === 0) return isPlain(picture) ? advice(picture, decide) : [];
  const name = `listing-${picture.number}`;
  const answers = (Object.entries(ANSWERS) as [Listing, TextKey][]).map(([listing, key]) => {
    const id = `${name}-${listing}`;
    const choice = h('input', {
      type: 'radio',
      name,
      id,
      autocomplete: 'off',
      checked: picture.isChosen === true && picture.listing === listing,
      change: () => decide(() => Object.assign(picture, { listing, isChosen: true })),
    });
    return h(
      'span',
      { class: 'option' },
      choice,
      h('label', { for: id, class: 'button plain' }, t(key)),
    );
  });
  return [
    h(
      'fieldset',
      { class: 'options' },
      h('legend', {}, counted('innerQuestion', inner.length), ' ', t('innerWhy')),
      ...answers,
    ),
  ];
}

function advice(picture: HashedPicture, decide: Decide): HTMLElement[] {
  const reason = isTiny(picture.image) ? 'weakTiny' : 'weakFlat';
  const words = h('p', { class: 'note' }, `${t(reason)} ${t('weakHelp')}`);
  if (picture.isChosen) return [words];
  const keep = button(t('weakKeep'), () => {
    decide(() => Object.assign(picture, { isChosen: true }));
    keep.remove();
  });
  return [words, keep];
}

/** Blurred views are made when they come into view: three hundred would take as long as hashing. */
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    target.dispatchEvent(new Event('seen'));
  }
});

/** Shows which picture it is, or which ones are in it, so blurred that only colours are seen. */
function showViews(picture: HashedPicture, place: Element): void {
  const inner = innerOf(picture);
  place.addEventListener('seen', async () => {
    const shown: (HashedVariant | undefined)[] = inner.length > 0 ? inner.slice(0, 4) : [undefined];
    for (const each of shown) {
      const pixels = await blurredView(picture, each?.geometry?.rectangle);
      const label = t('blurAlt', { n: picture.number });
      if (pixels) place.append(pixelCanvas(pixels, 'blurred', label));
    }
  });
  seen.observe(place);
}

/** On request: the copies that would be found, and what the numbers give away. */
function more(picture: HashedPicture): HTMLElement {
  const { width, height } = picture.image;
  return unfolding(t('rowMore'), () => {
    const listed = listedOf(picture);
    return [
      h('p', { class: 'note' }, t('pictureSize', { width, height })),
      copiesPart(picture),
      h('h3', {}, t('outlineTitle')),
      h('p', {}, t('outlineBody')),
      outlineCanvas(listed.hash, t('outlineAlt', { n: picture.number })),
      h('p', { class: 'note' }, t('pictureNumbers')),
      ...[listed, ...listed.variants].map(({ hash }) =>
        h('code', { class: 'hash', dir: 'ltr' }, hashToHex(hash)),
      ),
    ];
  });
}

/** A collapsed part whose content is made when it is opened, as it is then. */
function unfolding(title: string, content: () => HTMLElement[]): HTMLElement {
  const summary = h('summary', {}, title);
  const details = h(
    'details',
    {
      toggle: () => {
        details.replaceChildren(summary, ...(details.open ? content() : []));
      },
    },
    summary,
  );
  return details;
}
