import { type MeasuredCopy, measureCopies } from '../copies.js';
import type { CopyName } from '../copies-message.js';
import { button, h } from './element.js';
import { t } from './language.js';
import type { HashedPicture } from './session.js';

const WORDS = {
  jpeg30: 'copyJpeg30',
  half: 'copyHalf',
  caption: 'copyCaption',
  mirror: 'copyMirror',
  square: 'copySquare',
  crop5: 'copyCrop5',
  crop10: 'copyCrop10',
  crop20: 'copyCrop20',
} as const satisfies Record<CopyName, string>;

/**
 * Shows which changed copies of a picture its hash would find. Measures them at once if `unasked`.
 */
export function copiesPart(picture: HashedPicture, unasked: boolean): HTMLElement {
  const result = h('div', { class: 'copies' });
  const measure = async () => {
    result.replaceChildren(h('p', {}, t('copiesWorking')));
    picture.copies ??= await measureCopies(picture.file, picture.image);
    result.replaceChildren(...resultWords(picture.copies));
  };
  if (unasked || picture.copies) void measure();
  else result.append(button(t('copiesMeasure'), measure));
  return h('section', {}, h('h3', {}, t('copiesTitle')), result);
}

function resultWords(copies: NonNullable<HashedPicture['copies']>): HTMLElement[] {
  if (copies === 'unmeasured') return [h('p', {}, t('copiesUnmeasured'))];
  const those = (wanted: MeasuredCopy['verdict']) =>
    copies.filter(({ verdict }) => verdict === wanted);
  return [
    h('p', { class: 'note' }, t('copiesBody')),
    ...tier('good', t('copiesFound'), those('match')),
    ...tier('maybe', t('copiesReview'), those('review')),
    ...tier('weak', t('copiesMissed'), those('none')),
  ];
}

function tier(kind: string, title: string, copies: readonly MeasuredCopy[]): HTMLElement[] {
  if (copies.length === 0) return [];
  return [
    h('p', { class: kind }, title),
    h('ul', {}, ...copies.map(({ name }) => h('li', { 'data-copy': name }, t(WORDS[name])))),
  ];
}
