import type { Bundle } from '../../index.js';
import { h } from './element.js';
import { counted, dayWords, t } from './language.js';
import { TOOLS } from './places.js';

/**
 * A page to print: the case, the day, the count, a line for the code, and what to do next. It has no
 * numbers of pictures. The screen does not show it.
 */
export function printSheet({ case: number, day, hashes, digests = [] }: Bundle): HTMLElement {
  const numbers = hashes.length + digests.length;
  return h(
    'section',
    { class: 'print' },
    h('h2', {}, t('printTitle')),
    h('p', {}, counted('codeNumbers', numbers), ' ', t('codeDay', { day: dayWords(day) })),
    h('p', {}, t('printCase'), ' ', h('bdi', { class: 'hash' }, number.match(/.{8}/g)!.join(' '))),
    h('p', { class: 'blank' }, t('printCode')),
    h('p', {}, t('codeBody')),
    h(
      'ul',
      {},
      ...(['threatPay', 'threatProof', 'printKeep', 'printBack'] as const).map((key) =>
        h('li', {}, t(key)),
      ),
      ...TOOLS.map(({ url, words }) =>
        h('li', {}, h('bdi', { dir: 'ltr' }, url), h('br'), t(words)),
      ),
    ),
  );
}
