import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { heading, row } from '../parts/parts.js';
import { helplines, takers } from '../parts/places.js';
import { askButton, takenOr } from '../parts/taker.js';

/** The first screen: it is not your fault, three ways on, and who takes the file made here. */
export function welcomeScreen(): HTMLElement {
  return h(
    'section',
    {},
    heading(t('welcomeTitle')),
    ...(canMakeFiles()
      ? [
          row(t('startThreat'), t('startThreatBody'), () => go('threat')),
          row(t('startChild'), t('startChildBody'), () => go('child')),
          row(t('startMake'), t('startMakeBody'), () => go('age')),
        ]
      : [h('p', { class: 'weak', role: 'alert' }, t('insecure'))]),
    h('p', { class: 'notice' }, takenOr('demoTaken', 'demo')),
    ...(canMakeFiles()
      ? [button(t('welcomeWithdraw'), () => go('withdraw'), 'quiet'), askButton() ?? '']
      : []),
    h('p', {}, t('welcomeBody')),
    h('p', {}, t('welcomeStop')),
    helplines(),
    takers(),
  );
}

/**
 * Over plain http a browser offers no digests, and the page may have been altered in transit. So
 * nothing starts there.
 */
const canMakeFiles = () => (crypto as Partial<Crypto>).subtle !== undefined;
