import { button, h } from '../element.js';
import { t } from '../language.js';
import { go } from '../navigation.js';
import { actions, screen } from '../parts.js';
import { clearSession } from '../session.js';
import { tell } from '../status.js';

/** Asks before an unsaved file is lost. */
export function clearScreen(): HTMLElement {
  return screen(
    t('clearTitle'),
    h('p', { class: 'lead' }, t('clearBody')),
    actions(
      button(t('clearBack'), () => go('preview'), 'primary'),
      button(t('doneClear'), clearAll),
    ),
  );
}

/** Forgets everything, says so, and starts over. */
export function clearAll(): void {
  clearSession();
  go('welcome');
  tell(t('cleared'), 'done', 'heading');
}
