import { button, h } from '../element.js';
import { t } from '../language.js';
import { go } from '../navigation.js';
import { heading, helplines } from '../parts.js';

/** The first screen: whose fault it is not, and who can help. */
export function welcomeScreen(): HTMLElement {
  return h(
    'section',
    {},
    heading(t('welcomeTitle')),
    h('p', { class: 'lead' }, t('welcomeBody')),
    h('p', {}, t('welcomeStop')),
    helplines(),
    h(
      'div',
      { class: 'actions' },
      button(t('welcomeStart'), () => go('age'), 'primary'),
      button(t('welcomeWithdraw'), () => go('withdraw'), 'quiet'),
    ),
    h('p', { class: 'note' }, t('demo')),
  );
}
