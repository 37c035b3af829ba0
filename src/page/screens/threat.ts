import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, screen } from '../parts/parts.js';
import { helplines } from '../parts/places.js';

const FIRST = ['threatPay', 'threatProof', 'childSend'] as const;

/** For a person who is threatened now: what to do, and people who help. */
export function threatScreen(): HTMLElement {
  return screen(
    t('threatTitle'),
    h('ul', { class: 'truths' }, ...FIRST.map((key) => h('li', {}, t(key)))),
    helplines(),
    actions(
      button(t('startMake'), () => go('age'), 'primary'),
      button(t('startChild'), () => go('child'), 'quiet'),
      backButton(),
    ),
  );
}
