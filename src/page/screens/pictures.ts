import { button, h } from '../parts/element.js';
import { counted, t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, screen } from '../parts/parts.js';
import { hasContent, type Picture, session } from '../parts/session.js';
import { announce } from '../parts/status.js';
import { isReady, pictureRow } from '../pictures/picture-row.js';
import { widen } from './wide.js';

/** From so many ready pictures on, their rows are folded: what needs her is seen at once. */
const FOLDED = 12;

/** Chooses more pictures; Back returns here. */
const add = () => go('choose', { onward: true });

/** A row for each picture, those that need her first. A picture keeps its number. */
export function picturesScreen(): HTMLElement {
  const need = h('p', { class: 'lead' });
  const next = button('', () => (hasContent() ? widen() : add()), 'primary');
  const update = () => {
    const { length: total } = session.pictures;
    const ready = session.pictures.filter(isReady).length;
    section.querySelector('h1')!.textContent = t('checkReady', { ready, total });
    need.textContent = ready < total ? counted('checkNeed', total - ready) : t('checkAll');
    next.textContent = t(hasContent() ? 'next' : 'pictureAdd');
  };
  const rows = (pictures: readonly Picture[]) =>
    h('ul', { class: 'pictures' }, ...pictures.map((picture) => rowOf(picture, update)));
  const ready = session.pictures.filter(isReady);
  const section = screen(
    '',
    need,
    rows(session.pictures.filter((picture) => !isReady(picture))),
    ready.length > FOLDED
      ? h('details', {}, h('summary', {}, counted('checkFolded', ready.length)), rows(ready))
      : rows(ready),
    actions(next, button(t('pictureAdd'), add, 'quiet'), backButton()),
  );
  update();
  return section;
}

function rowOf(picture: Picture, update: () => void): HTMLElement {
  const row = pictureRow(picture, {
    onChange: update,
    onRemove: () => {
      session.pictures = session.pictures.filter((other) => other !== picture);
      if (session.pictures.length === 0) {
        go('choose');
        return;
      }
      // The others stay where they are, and the keyboard goes on from the next.
      const following = item.nextElementSibling ?? item.previousElementSibling;
      const heading = following?.querySelector('h2') ?? document.querySelector('h1');
      item.remove();
      update();
      heading?.focus({ preventScroll: true });
      announce(t('pictureRemoved', { n: picture.number }));
    },
  });
  const item = h('li', {}, row);
  return item;
}
