import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, outside, screen } from '../parts/parts.js';
import { helplines, TOOLS } from '../parts/places.js';
import { session } from '../parts/session.js';
import { askButton, takenOr } from '../parts/taker.js';
import { clearAll } from './clear.js';

/** The last screen, by what happened: the file is sent, saved, or neither. */
export function doneScreen(): HTMLElement {
  const isSent = session.made?.isSent === true;
  const isSaved = isSent || session.made?.isSaved === true;
  return screen(
    t(isSent ? 'doneSent' : isSaved ? 'doneSaved' : 'doneUnsaved'),
    h('p', { class: 'lead' }, isSent ? takenOr('doneTaken', 'doneNobody') : t('doneNobody')),
    ...TOOLS.map(({ name, url, words }) => {
      const link = outside(name, url);
      link.className = 'row';
      link.append(h('span', { class: 'note' }, t(words)));
      return link;
    }),
    h('p', {}, t('takersInstead')),
    h('p', {}, takenOr('takersHere', 'takersNone')),
    helplines(),
    actions(
      isSaved ? undefined : button(t('clearBack'), () => go('code'), 'primary'),
      askButton(),
      button(t('doneClear'), isSaved ? clearAll : () => go('clear'), 'quiet'),
      backButton(),
    ),
  );
}
