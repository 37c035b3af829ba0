import { startHashing } from '../hashing.js';
import { takeDropped } from '../parts/dropped.js';
import { button, h } from '../parts/element.js';
import { filePicker } from '../parts/file-picker.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, checkYourself, screen } from '../parts/parts.js';
import { session } from '../parts/session.js';

/** Facts that a person should know before choosing a picture. */
const TRUTHS = ['chooseServices', 'chooseEdited', 'chooseDownload', 'chooseAnew'] as const;

/** Asks for pictures, and states what is true of them. */
export function chooseScreen(): HTMLElement {
  const take = (files: readonly Blob[]) => {
    void startHashing(files);
    go('working');
  };
  takeDropped(take);
  return screen(
    t('chooseTitle'),
    h('p', { class: 'lead strong' }, t('chooseStays')),
    h('ul', { class: 'truths' }, ...TRUTHS.map((key) => h('li', {}, t(key)))),
    h('p', {}, t('chooseBody')),
    h('p', { class: 'note with-mouse' }, t('chooseDrop')),
    h('p', { class: 'note' }, t('chooseVideo')),
    checkYourself(),
    actions(
      filePicker('files', t('chooseButton'), 'image/*,video/*', true, take),
      session.pictures.length > 0 ? button(t('next'), () => go('pictures'), 'quiet') : undefined,
      backButton(),
    ),
  );
}
