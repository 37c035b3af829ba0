import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, outside, screen } from '../parts/parts.js';
import { helplines, TOOLS } from '../parts/places.js';
import { session } from '../parts/session.js';
import { clearAll } from './clear.js';

/** The last screen, by what happened: whether the file is saved, and that nobody has it. */
export function doneScreen(): HTMLElement {
  const isSaved = session.made?.isSaved === true;
  return screen(
    t(isSaved ? 'doneSaved' : 'doneUnsaved'),
    h('p', { class: 'lead' }, t('doneNobody')),
    h('p', {}, t('takersNone')),
    h('p', {}, t('takersInstead')),
    ...TOOLS.map(({ name, url, words }) => {
      const link = outside(name, url);
      link.className = 'row';
      link.append(h('span', { class: 'note' }, t(words)));
      return link;
    }),
    helplines(),
    actions(
      isSaved ? undefined : button(t('clearBack'), () => go('code'), 'primary'),
      button(t('doneClear'), isSaved ? clearAll : () => go('clear'), 'quiet'),
      backButton(),
    ),
  );
}
