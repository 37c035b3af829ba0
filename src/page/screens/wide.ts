import { startShapes } from '../hashing.js';
import { h } from '../parts/element.js';
import { type TextKey, t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, row, screen } from '../parts/parts.js';
import { hashedPictures, isWhole, session } from '../parts/session.js';
import { outlineCanvas } from '../pictures/canvas.js';
import { shapesOf } from '../pictures/shape-numbers.js';
import { makeFile } from './code.js';

/** The picture that shows what both choices give away. */
const shownOne = () => hashedPictures().find(isWhole);

/** Goes on from the pictures: asks how widely copies are to be found, if there is a choice. */
export function widen(): void {
  if (shownOne() === undefined) void makeFile();
  else go('wide');
}

/** Asks how widely copies are to be found, and shows what each choice gives away. */
export function wideScreen(): HTMLElement {
  const pair = h('div', { class: 'pair' });
  void showOutlines(pair);
  return screen(
    t('wideTitle'),
    row(t('wideOnly'), t('wideOnlyBody'), () => {
      session.shapes = false;
      void makeFile();
    }),
    row(t('wideShapes'), t('wideShapesBody'), () => {
      session.shapes = true;
      void startShapes();
      go('working');
    }),
    h('p', {}, t('wideGives')),
    pair,
    h('p', { class: 'strong' }, t('wideCode')),
    actions(undefined, backButton()),
  );
}

/** The outline of a picture, and that of a part cut out of it, which takes a moment to make. */
async function showOutlines(place: HTMLElement): Promise<void> {
  const picture = shownOne();
  if (picture === undefined) return;
  const label = t('outlineAlt', { n: picture.number });
  const figure = (hash: typeof picture.image.hash, words: TextKey) =>
    h('figure', {}, outlineCanvas(hash, label), h('figcaption', { class: 'note' }, t(words)));
  place.append(figure(picture.image.hash, 'wideOnly'));
  const [shape] = await shapesOf(picture);
  if (shape) place.append(figure(shape.hash, 'wideShapes'));
}
