import { type MeasuredCopy, measureCopies } from '../copies.js';
import { button, h } from '../parts/element.js';
import { type TextKey, t } from '../parts/language.js';
import { type HashedPicture, innerOf, listedOf } from '../parts/session.js';
import { announce } from '../parts/status.js';
import { drawing } from './drawing.js';

const WORDS = {
  smaller: 'copySmaller',
  again: 'copyAgain',
  captioned: 'copyCaptioned',
  mirrored: 'copyMirrored',
  cropped: 'copyCropped',
  screenshot: 'copyScreenshot',
  collage: 'copyCollage',
  story: 'copyStory',
} as const satisfies Record<MeasuredCopy['name'], TextKey>;

const VERDICTS = { match: 'copyFound', review: 'copyReview' } as const;

/** Tests on request which changed copies of a picture would be found. */
export function copiesPart(picture: HashedPicture): HTMLElement {
  const result = h('div', { class: 'copies' });
  const [first] = innerOf(picture);
  const measure = async () => {
    result.replaceChildren(h('p', {}, t('copiesWorking')));
    const place = picture.listing === 'whole' ? undefined : first?.geometry?.rectangle;
    result.replaceChildren(...resultOf(await measureCopies(picture, listedOf(picture), place)));
    announce(t('copiesTitle'));
  };
  result.append(button(t('copiesMeasure'), measure));
  return h('section', {}, h('h3', {}, t('copiesTitle')), result);
}

function resultOf(copies: readonly MeasuredCopy[] | 'unmeasured'): HTMLElement[] {
  if (copies === 'unmeasured') return [h('p', {}, t('copiesUnmeasured'))];
  const cell = (verdict: MeasuredCopy['simple']) =>
    h(
      'td',
      { 'data-verdict': verdict },
      t(verdict === 'match' || verdict === 'review' ? VERDICTS[verdict] : 'copyMissed'),
    );
  return [
    h('p', { class: 'note' }, t('copiesBody')),
    h(
      'table',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, t('copiesCopy')),
        h('th', { scope: 'col' }, t('copiesSimple')),
        h('th', { scope: 'col' }, t('copiesThorough')),
      ),
      ...copies.map(({ name, simple, thorough }) =>
        h(
          'tr',
          { 'data-copy': name },
          h('th', { scope: 'row' }, drawing(name), t(WORDS[name])),
          cell(simple),
          cell(thorough),
        ),
      ),
    ),
  ];
}
