import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, outside, screen } from '../parts/parts.js';
import { helpForChildren } from '../parts/places.js';

/**
 * Asks whether she was under 18, before any file is chosen. Both answers are side by side above all
 * other words, so that a phone shows them without scrolling.
 */
export function ageScreen(): HTMLElement {
  return screen(
    t('ageTitle'),
    h(
      'div',
      { class: 'answers' },
      button(t('ageChild'), () => go('child')),
      button(t('ageAdult'), () => go('choose')),
    ),
    h('p', {}, t('ageBody')),
    actions(
      undefined,
      button(t('startThreat'), () => go('threat'), 'quiet'),
      backButton(),
    ),
  );
}

/** Places for people with pictures of people under 18, by country. */
export function childScreen(): HTMLElement {
  const link = outside(t('childGo'), 'https://takeitdown.ncmec.org/');
  link.className = 'button primary';
  return screen(
    t('childTitle'),
    h('p', { class: 'lead' }, t('childBody')),
    h('p', {}, t('childSend')),
    helpForChildren(),
    h('p', { class: 'strong' }, t('helpDanger')),
    actions(link, backButton()),
  );
}
