import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, screen } from '../parts/parts.js';
import { clearSession } from '../parts/session.js';
import { showResult } from '../parts/status.js';

/** Asks before an unsaved file is lost. */
export function clearScreen(): HTMLElement {
  return screen(
    t('clearTitle'),
    h('p', { class: 'lead' }, t('clearBody')),
    actions(
      button(t('clearBack'), () => go('code'), 'primary'),
      button(t('doneClear'), clearAll),
    ),
  );
}

/** Forgets everything, confirms it, and starts over. */
export function clearAll(): void {
  clearSession();
  go('welcome');
  showResult(t('cleared'), 'done', 'heading');
}
