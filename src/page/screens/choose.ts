import { startHashing } from '../hashing.js';
import { takeDropped } from '../parts/dropped.js';
import { h } from '../parts/element.js';
import { filePicker } from '../parts/file-picker.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backTo, screen } from '../parts/parts.js';
import { session } from '../parts/session.js';

/** Asks for pictures, and if they should get more numbers. */
export function chooseScreen(): HTMLElement {
  const take = (files: readonly Blob[]) => {
    void startHashing(files);
    go('working');
  };
  takeDropped(take);
  return screen(
    t('chooseTitle'),
    h('p', { class: 'lead' }, t('chooseBody')),
    h('p', {}, t('truthStays')),
    shapesChoice(),
    actions(
      filePicker('files', t('chooseButton'), 'image/*', true, take),
      backTo(session.pictures.length > 0 ? 'pictures' : 'truth'),
    ),
    h('p', { class: 'note with-mouse' }, t('chooseDrop')),
    h('p', { class: 'note' }, t('chooseVideo')),
  );
}

/** Offers more numbers, with what they find and what they reveal. Off until it is ticked. */
function shapesChoice(): HTMLElement {
  const box = h('input', {
    type: 'checkbox',
    id: 'shapes',
    autocomplete: 'off',
    checked: session.shapes,
    'aria-describedby': 'shapes-body',
    change: () => {
      session.shapes = box.checked;
    },
  });
  return h(
    'div',
    { class: 'card' },
    h('span', { class: 'tick' }, box, h('label', { for: 'shapes' }, t('chooseShapes'))),
    h('p', { class: 'note', id: 'shapes-body' }, t('chooseShapesBody')),
  );
}
