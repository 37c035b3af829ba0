import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backTo, checkYourself, screen } from '../parts/parts.js';

const TRUTHS = [
  'truthStays',
  'truthNumbers',
  'truthServices',
  'truthEdited',
  'truthOutline',
  'truthDownload',
  'truthEvidence',
  'truthPay',
] as const;

/** Facts that a person should know before choosing a picture. */
export function truthScreen(): HTMLElement {
  return screen(
    t('truthTitle'),
    h('ul', { class: 'truths' }, ...TRUTHS.map((key) => h('li', {}, t(key)))),
    checkYourself(),
    actions(
      button(t('next'), () => go('choose'), 'primary'),
      backTo('age'),
    ),
  );
}
