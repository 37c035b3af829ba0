import type { Bundle, WrittenBundle } from '../../index.js';
import { postToShell, type ShellMessage } from '../frame-message.js';
import { button } from './element.js';
import { counted, dayWords, type TextKey, t } from './language.js';

/** The service that takes files here, by its host: the shell names the frame so. Empty: none. */
export const taker = (): string => window.name;

/** The most that it takes. */
export const MOST_BYTES = 2 ** 20;
const MOST_NUMBERS = 4096;

/** The count of numbers in a file. */
export const numbersIn = ({ hashes, unknown = [], digests = [] }: Bundle): number =>
  hashes.length + unknown.length + digests.length;

/** What is in a file, in words: its numbers, those of videos, and its day. */
export function summaryOf(bundle: Bundle): string {
  const videos = bundle.digests?.length ?? 0;
  const numbers = numbersIn(bundle) - videos;
  return [
    ...(numbers > 0 ? [counted('codeNumbers', numbers)] : []),
    ...(videos > 0 ? [counted('codeVideos', videos)] : []),
    t('codeDay', { day: dayWords(bundle.day) }),
  ].join(' ');
}

/** True if the service would take so large a file. */
export const isSendable = (bundle: WrittenBundle): boolean =>
  numbersIn(bundle) <= MOST_NUMBERS && bundle.text.length <= MOST_BYTES;

/** A text about that service, or another one where none takes files. */
export const takenOr = (here: TextKey, otherwise: TextKey): string =>
  taker() ? t(here, { host: taker() }) : t(otherwise);

/** A button to the shell's screen that asks the service for a state; none without a service. */
export const askButton = (): HTMLElement | undefined =>
  taker() ? button(t('askTitle'), () => postToShell({ open: 'ask' }), 'quiet') : undefined;

/** Calls `heard` with the messages of the shell alone. */
export function whenShellSays(heard: (message: ShellMessage) => void): void {
  addEventListener('message', ({ source, data }) => {
    if (source === parent) heard(data);
  });
}
