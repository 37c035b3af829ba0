import { h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, row, screen } from '../parts/parts.js';
import { hashedPictures, session } from '../parts/session.js';
import { outlineCanvas } from '../pictures/canvas.js';
import { shapeNumbers } from '../pictures/shape-numbers.js';
import { makeFile } from './code.js';

/** The picture that shows what both choices give away: the first that has numbers for shapes. */
const shownOne = () =>
  hashedPictures().find(({ image, listing }) =>
    listing === 'whole' || !image.variants.some(({ name }) => name === 'inner')
      ? shapeNumbers(image).length > 0
      : false,
  );

/** Goes on from the pictures: asks how widely copies are to be found, if there is a choice. */
export function widen(): void {
  if (shownOne() === undefined) void makeFile();
  else go('wide');
}

/** Asks how widely copies are to be found, and shows what each choice gives away. */
export function wideScreen(): HTMLElement {
  const picture = shownOne();
  const choose = (shapes: boolean) => () => {
    session.shapes = shapes;
    void makeFile();
  };
  const outlines = picture && [picture.image, ...shapeNumbers(picture.image).slice(0, 1)];
  return screen(
    t('wideTitle'),
    row(t('wideOnly'), t('wideOnlyBody'), choose(false)),
    row(t('wideShapes'), t('wideShapesBody'), choose(true)),
    h('p', {}, t('wideGives')),
    h(
      'div',
      { class: 'pair' },
      ...(outlines ?? []).map(({ hash }, at) => {
        const words = t(at === 0 ? 'wideOnly' : 'wideShapes');
        return h(
          'figure',
          {},
          outlineCanvas(hash, t('outlineAlt', { n: picture!.number })),
          h('figcaption', { class: 'note' }, words),
        );
      }),
    ),
    h('p', { class: 'strong' }, t('wideCode')),
    actions(undefined, backButton()),
  );
}
