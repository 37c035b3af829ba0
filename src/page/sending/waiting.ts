import { button, h } from '../parts/element.js';
import { counted, t } from '../parts/language.js';
import { actions, screen } from '../parts/parts.js';
import { announce, showResult } from '../parts/status.js';
import { back, onto } from './over-frame.js';
import { type Reply, serviceHost, stopRequest } from './service.js';

/** The longest wait that is shown in seconds. */
const MOST_SECONDS = 600;

/**
 * Shows that the service is waited for, with a button to stop, until it has answered. Then shows
 * the screen before it again, with the reason if it did not do as asked.
 * @param done the status that means it did
 * @param missing says what 404 means
 * @returns the body of its answer; undefined if it did not
 */
export async function waitFor(
  request: (working: () => void) => Promise<Reply>,
  done: number,
  missing?: () => string,
): Promise<Reply['body'] | undefined> {
  let key: 'sendWaitBody' | 'sendWork' = 'sendWaitBody';
  const words = () => t(key, { host: serviceHost() });
  const waiting = h('p', { class: 'lead' });
  onto(() => {
    waiting.textContent = words();
    return screen(t('sendWait'), waiting, actions(button(t('workingStop'), stopRequest)));
  }, stopRequest);
  const reply = await request(() => {
    key = 'sendWork';
    waiting.textContent = words();
    announce(words());
  });
  back();
  if (reply.status === done) return reply.body;
  const isMissing = reply.status === 404 && missing !== undefined;
  showResult(isMissing ? missing() : failureOf(reply), 'failed', 'buttons');
  return undefined;
}

/** What a person can do about an answer, or about none. */
function failureOf({ status, seconds }: Reply): string {
  const host = { host: serviceHost() };
  if (status === 'stopped') return t('sendStopped');
  if (status === 0) return t('sendOffline', host);
  if (seconds >= 1 && seconds <= MOST_SECONDS) return counted('sendBusy', Math.ceil(seconds), host);
  const isRefused = status >= 400 && status < 500 && status !== 428 && status !== 429;
  return t(isRefused ? 'sendRefused' : 'sendDown', host);
}
