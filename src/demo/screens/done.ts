import { button, h } from '../element.js';
import { t } from '../language.js';
import { go } from '../navigation.js';
import { backTo, heading, helplines } from '../parts.js';
import { clearSession } from '../session.js';
import { announce } from '../status.js';

/** The end: nothing was sent, who can help, and a way to clear it all. */
export function doneScreen(): HTMLElement {
  const clear = () => {
    clearSession();
    go('welcome');
    announce(t('cleared'));
  };
  return h(
    'section',
    {},
    heading(t('doneTitle')),
    h('p', { class: 'lead' }, t('doneBody')),
    h('p', {}, t('doneRegister')),
    helplines(),
    h('div', { class: 'actions' }, button(t('doneClear'), clear, 'primary'), backTo('preview')),
    h('p', { class: 'note' }, t('exitHistory')),
  );
}
