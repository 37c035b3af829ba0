import { type Job, stopHashing, watchJob } from '../hashing.js';
import { button, h } from '../parts/element.js';
import { counted, t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, screen } from '../parts/parts.js';
import { hashedPictures, session } from '../parts/session.js';
import { announce, showResult } from '../parts/status.js';
import { makeFile } from './code.js';

/** The shortest time between two announcements of progress. */
const ANNOUNCE_EVERY_MILLISECONDS = 4000;

/** Shows the progress of hashing in words, and a button to stop it. */
export function workingScreen(): HTMLElement {
  const bar = h('progress', { max: '1', 'aria-labelledby': 'working-words' });
  const words = h('p', { id: 'working-words', class: 'lead' });
  const failed = h('p', { class: 'note' });
  let announced = Date.now();
  watchJob((job) => {
    if (job.state !== 'running') {
      leaveFor(job);
      return;
    }
    bar.value = job.done / Math.max(1, job.total);
    words.textContent = counted('workingBody', job.done, { total: job.total });
    failed.textContent = job.failed > 0 ? counted('workingFailed', job.failed) : '';
    if (Date.now() - announced < ANNOUNCE_EVERY_MILLISECONDS) return;
    announced = Date.now();
    announce(words.textContent);
  });
  return screen(
    t('workingTitle'),
    words,
    bar,
    failed,
    actions(button(t('workingStop'), stopHashing)),
  );
}

function leaveFor({ of, state }: Job): void {
  watchJob(() => {});
  if (of === 'shapes') {
    // She stays there if no file can be made.
    go('wide');
    if (state === 'done') void makeFile();
    return;
  }
  go(session.pictures.length > 0 ? 'pictures' : 'choose');
  if (state === 'stopped') showResult(t('stoppedStatus'), 'done', 'heading');
  else announce(counted('doneStatus', hashedPictures().length));
}
