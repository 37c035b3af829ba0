import { takeDropped } from '../dropped.js';
import { h } from '../element.js';
import { filePicker } from '../file-picker.js';
import { startHashing } from '../hashing.js';
import { t } from '../language.js';
import { go } from '../navigation.js';
import { backTo, heading } from '../parts.js';
import { session } from '../session.js';

/** Asks for pictures. */
export function chooseScreen(): HTMLElement {
  const take = (files: readonly Blob[]) => {
    void startHashing(files);
    go('working');
  };
  takeDropped(take);
  return h(
    'section',
    {},
    heading(t('chooseTitle')),
    h('p', { class: 'lead' }, t('chooseBody')),
    h('p', {}, t('truthStays')),
    h(
      'div',
      { class: 'actions' },
      filePicker('files', t('chooseButton'), 'image/*', true, take),
      backTo(session.pictures.length > 0 ? 'pictures' : 'truth'),
    ),
    h('p', { class: 'note with-mouse' }, t('chooseDrop')),
    h('p', { class: 'note' }, t('chooseVideo')),
  );
}
