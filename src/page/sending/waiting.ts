import { button, h } from '../parts/element.js';
import { counted, type TextKey, t } from '../parts/language.js';
import { actions, screen } from '../parts/parts.js';
import { announce, showResult } from '../parts/status.js';
import { back, onto } from './over-frame.js';
import { named, type Reply, serviceHost, stopRequest } from './service.js';

/** The longest wait that is shown in seconds. */
const MOST_SECONDS = 600;

/**
 * Shows that the service is waited for, with a button to stop, until it has answered. Then shows
 * the screen before it again, with the reason if it did not do as asked.
 * @param done the status that means it did: 201 for a file, 200 for what is asked by a code
 * @returns the body of its answer; undefined if it did not
 */
export async function waitFor(
  request: (working: () => void) => Promise<Reply>,
  done: number,
): Promise<Reply['body'] | undefined> {
  let key: TextKey = 'sendWaitBody';
  const waiting = h('p', { class: 'lead' });
  onto(() => {
    waiting.textContent = named(key);
    return screen(t('sendWait'), waiting, actions(button(t('workingStop'), stopRequest)));
  }, stopRequest);
  const reply = await request(() => {
    key = 'sendWork';
    waiting.textContent = named(key);
    announce(named(key));
  });
  back();
  if (reply.status === done) return reply.body;
  const isMissing = reply.status === 404 && done === 200;
  showResult(isMissing ? named('askNothing') : failureOf(reply), 'failed', 'buttons');
  return undefined;
}

/** What a person can do about an answer, or about none. */
function failureOf({ status, seconds }: Reply): string {
  if (status === 'stopped') return t('sendStopped');
  if (status === 0) return named('sendOffline');
  if (seconds >= 1 && seconds <= MOST_SECONDS) {
    return counted('sendBusy', Math.ceil(seconds), { host: serviceHost() });
  }
  const isRefused = status >= 400 && status < 500 && status !== 428 && status !== 429;
  return named(isRefused ? 'sendRefused' : 'sendDown');
}
