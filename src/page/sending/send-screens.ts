import type { WrittenBundle } from '../../index.js';
import { button, h } from '../parts/element.js';
import { counted, dayWords, t } from '../parts/language.js';
import { actions, screen, verbatim } from '../parts/parts.js';
import { numbersIn, summaryOf } from '../parts/taker.js';
import { isDay } from './case-screens.js';
import { backButton, finallyOnto, sendButton, tellFrame, uncover } from './over-frame.js';
import { named, sendBundle, serviceHost } from './service.js';
import { waitFor } from './waiting.js';

/** Asks whether a file is to be sent, and shows every byte of it. */
export function sendScreen(bundle: WrittenBundle): HTMLElement {
  return screen(
    named('sendTitle'),
    h('p', { class: 'strong' }, summaryOf(bundle)),
    h('p', { id: 'limit' }, t('sendLimit')),
    h('details', {}, h('summary', {}, t('codeBytes')), verbatim(bundle.text, t('previewLabel'))),
    actions(
      sendButton(
        counted('sendGo', numbersIn(bundle), { host: serviceHost() }),
        () => void send(bundle),
      ),
      button(t('sendKeep'), () => uncover('onward'), 'quiet'),
      backButton(),
    ),
  );
}

async function send(bundle: WrittenBundle): Promise<void> {
  const receipt = await waitFor((working) => sendBundle(bundle, working), 201);
  if (receipt === undefined) return;
  tellFrame({ received: bundle.case });
  finallyOnto(() => receiptScreen(bundle, isDay(receipt.day) ? receipt.day : bundle.day));
}

/** The receipt. Nothing of it need be kept: the code is enough. */
const receiptScreen = ({ case: id }: WrittenBundle, day: string): HTMLElement =>
  screen(
    named('sendReceived'),
    h('p', { class: 'lead' }, named('sendReceipt', { case: id.slice(0, 8), day: dayWords(day) })),
    h('p', {}, t('sendPaper')),
    actions(button(t('next'), () => uncover('onward'), 'primary')),
  );
