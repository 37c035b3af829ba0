import { button, h } from '../parts/element.js';
import { counted, t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, screen } from '../parts/parts.js';
import { pictureCard } from '../parts/picture-card.js';
import { hashedPictures, type Picture, session } from '../parts/session.js';
import { showResult } from '../parts/status.js';

/** Up to this many pictures are tested without asking. */
const TESTED_UNASKED = 6;

/** Chooses more pictures; Back returns here. */
const add = (kind: 'primary' | 'quiet') =>
  button(t('pictureAdd'), () => go('choose', { onward: true }), kind);

/** The result for each picture. */
export function picturesScreen(): HTMLElement {
  const hashed = hashedPictures().length;
  const unasked = hashed <= TESTED_UNASKED;
  return screen(
    counted('picturesTitle', session.pictures.length),
    h('p', { class: 'lead' }, hashed > 0 ? t('picturesBody') : t('picturesNone')),
    h(
      'ul',
      { class: 'pictures' },
      ...session.pictures.map((picture) =>
        h('li', {}, pictureCard(picture, { unasked, onRemove: () => remove(picture) })),
      ),
    ),
    hashed > 0
      ? actions(
          button(t('next'), () => go('bundle'), 'primary'),
          add('quiet'),
          backButton(),
        )
      : actions(add('primary'), backButton()),
  );
}

function remove(picture: Picture): void {
  session.pictures = session.pictures.filter((other) => other !== picture);
  go(session.pictures.length > 0 ? 'pictures' : 'choose');
  showResult(t('pictureRemoved', { n: picture.number }), 'done', 'heading');
}
