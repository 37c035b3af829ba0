import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, screen } from '../parts/parts.js';
import { helplines, takers } from '../parts/places.js';
import { session } from '../parts/session.js';
import { clearAll } from './clear.js';

/**
 * The last screen: nothing was sent, who takes the file, who can help, and how to clear everything.
 */
export function doneScreen(): HTMLElement {
  const unsaved = session.made?.saved === false;
  return screen(
    t('doneTitle'),
    h('p', { class: 'lead' }, t('doneBody')),
    unsaved ? h('p', { class: 'maybe' }, t('doneUnsaved')) : undefined,
    takers(),
    helplines(),
    actions(
      button(t('doneClear'), unsaved ? () => go('clear') : clearAll, 'primary'),
      backButton(),
    ),
  );
}
