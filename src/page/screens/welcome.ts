import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, heading, helplines, takers } from '../parts/parts.js';

/** The first screen: it is not your fault, who can help, and who takes the file made here. */
export function welcomeScreen(): HTMLElement {
  return h(
    'section',
    {},
    h('p', { class: 'notice' }, t('demo')),
    heading(t('welcomeTitle')),
    canMakeFiles() ? undefined : h('p', { class: 'weak', role: 'alert' }, t('insecure')),
    h('p', { class: 'lead' }, t('welcomeBody')),
    h('p', {}, t('welcomeStop')),
    helplines(),
    takers(),
    canMakeFiles()
      ? actions(
          button(t('welcomeStart'), () => go('age'), 'primary'),
          button(t('welcomeWithdraw'), () => go('withdraw'), 'quiet'),
        )
      : undefined,
  );
}

/**
 * Over plain http a browser offers no digests, and the page may have been altered in transit. So
 * nothing starts there.
 */
const canMakeFiles = () => (crypto as Partial<Crypto>).subtle !== undefined;
