import { readBundle } from '../../index.js';
import { isSendable, MOST_BYTES } from '../parts/taker.js';
import { askScreen, takeBackScreen } from './case-screens.js';
import { isOver, layOver } from './over-frame.js';
import { sendScreen } from './send-screens.js';

/**
 * Opens the screen that the frame requests, unless one is open. A file is read here down to the
 * last member and written again, so nothing of the frame's own text is kept. A text that is no
 * file, or too large for the service, opens nothing.
 */
export function openSending(
  { send, open }: { send?: unknown; open?: unknown },
  frame: HTMLIFrameElement,
): void {
  if (isOver()) return;
  if (open === 'ask') layOver(frame, askScreen());
  else if (open === 'takeBack') layOver(frame, takeBackScreen());
  else if (typeof send === 'string') {
    const bundle = readBundle(send, { padded: true, maxBytes: MOST_BYTES });
    if (isSendable(bundle)) layOver(frame, () => sendScreen(bundle));
  }
}
