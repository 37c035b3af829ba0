import { button, h } from '../element.js';
import { t } from '../language.js';
import { go } from '../navigation.js';
import { backTo, heading, outside } from '../parts.js';

/** Asks whether anyone in the picture was under 18, before any file is chosen. */
export function ageScreen(): HTMLElement {
  return h(
    'section',
    {},
    heading(t('ageTitle')),
    h('p', {}, t('ageBody')),
    h(
      'div',
      { class: 'actions answers' },
      button(t('ageAdult'), () => go('truth')),
      button(t('ageChild'), () => go('child')),
      backTo('welcome'),
    ),
  );
}

/** Where to go with pictures of people under 18. */
export function childScreen(): HTMLElement {
  const link = outside(t('childGo'), 'https://takeitdown.ncmec.org/');
  link.className = 'button primary';
  return h(
    'section',
    {},
    heading(t('childTitle')),
    h('p', { class: 'lead' }, t('childBody')),
    h('div', { class: 'actions' }, link, backTo('age')),
    h('p', { class: 'strong' }, t('helpDanger')),
  );
}
