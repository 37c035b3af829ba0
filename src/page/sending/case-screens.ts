import { createStateProof, createWithdrawal } from '../../index.js';
import { codeField } from '../parts/code-field.js';
import { button, h } from '../parts/element.js';
import { dayWords, type TextKey, t } from '../parts/language.js';
import { actions, screen } from '../parts/parts.js';
import { showResult } from '../parts/status.js';
import { back, backButton, finallyOnto, onto, sendButton, uncover } from './over-frame.js';
import { named, type Reply, stateOf, takeBack } from './service.js';
import { waitFor } from './waiting.js';

/** The titles of the states of a case, and what they mean. */
const STATES: Readonly<Record<string, readonly [title: TextKey, body: TextKey]>> = {
  received: ['stateReceived', 'stateReceivedBody'],
  'looked-at': ['stateLookedAt', 'stateLookedAtBody'],
  listed: ['stateListed', 'stateListedBody'],
  refused: ['stateRefused', 'stateRefusedBody'],
  withdrawn: ['stateWithdrawn', 'stateWithdrawnBody'],
  dropped: ['stateDropped', 'stateDroppedBody'],
};

/** Reasons for which numbers are not on the list. */
const LEFT: Readonly<Record<string, TextKey>> = {
  'unknown-algorithm': 'stateUnknown',
  'too-plain': 'statePlain',
  withdrawn: 'stateBack',
};

/** Asks for a code. `make` makes what the service needs of it, which `use` gets. */
function codeScreen<T>(
  [title, body, go]: readonly [TextKey, TextKey, TextKey],
  make: (code: string) => Promise<T>,
  use: (made: T) => void,
): () => HTMLElement {
  const code = codeField();
  const read = async () => {
    const made = await make(code.value).catch((error: Error) => error);
    // Another press was faster, and led on or back.
    if (!code.isConnected) return;
    if (!(made instanceof Error)) return use(made);
    // Without digests, as on a page that is not served safely, no code can be read.
    const isWrong = made instanceof RangeError;
    showResult(isWrong ? t('withdrawBadCode') : named('sendDown'), 'failed', 'buttons');
    code.focus();
  };
  return () =>
    screen(
      named(title),
      h('p', { class: 'lead' }, named(body)),
      h('label', { for: 'withdraw-code', class: 'label' }, t('withdrawCode')),
      code,
      actions(
        sendButton(named(go), () => void read()),
        backButton(),
      ),
    );
}

/** Asks for the code, and then the service for the state of its case. It gets a proof alone. */
export const askScreen = (): (() => HTMLElement) =>
  codeScreen(['askTitle', 'askBody', 'askGo'], createStateProof, async ({ case: id, proof }) => {
    const found = await waitFor(() => stateOf(id, proof), 200);
    if (found !== undefined) onto(() => stateScreen(found));
  });

/** Asks for the code, asks once more, and takes the case back. */
export const takeBackScreen = (): (() => HTMLElement) =>
  codeScreen(['withdrawHere', 'backBody', 'next'], createWithdrawal, (withdrawal) => {
    const take = async () => {
      const taken = await waitFor(() => takeBack(withdrawal), 200);
      if (taken !== undefined) finallyOnto(() => stateScreen({ state: 'withdrawn' }));
    };
    onto(() =>
      screen(
        t('backTitle'),
        h('p', { class: 'lead' }, named('backCheck')),
        actions(
          sendButton(t('backYes'), () => void take()),
          button(t('backNo'), back, 'quiet'),
        ),
      ),
    );
  });

/** The screen of a case's state. Texts of the service are inserted as text, never as HTML. */
function stateScreen(found: Reply['body']): HTMLElement {
  const state = STATES[String(found.state)];
  const { reports } = found;
  const { of, listed, left } = { ...(found.listing as Reply['body']) };
  const amounts = { listed: countOf(listed), of: countOf(of) };
  return screen(
    named(state?.[0] ?? 'sendDown'),
    state && h('p', { class: 'lead' }, named(state[1], amounts)),
    found.state === 'refused' ? h('blockquote', {}, wordsOf(found.reason, 500)) : undefined,
    listOf(left, ({ why, count }) => {
      const key = LEFT[String(why)];
      return key && t(key, { n: countOf(count) });
    }),
    ...(Array.isArray(reports) && (reports.length > 0 || found.state === 'listed')
      ? [
          h('h2', {}, t('stateReports')),
          listOf(reports, ({ platform, atLeast }) => {
            const n = countOf(atLeast);
            return t(n > 0 ? 'stateReport' : 'stateFew', { platform: wordsOf(platform, 80), n });
          }) ?? h('p', {}, t('stateNone')),
          isDay(found.reportsUntil)
            ? h('p', { class: 'note' }, t('stateUntil', { day: dayWords(found.reportsUntil) }))
            : undefined,
        ]
      : []),
    actions(button(t('back'), () => uncover('back'), 'primary')),
  );
}

/** A list of lines; none without any. */
function listOf(
  items: unknown,
  line: (item: Record<string, unknown>) => string | undefined,
): HTMLElement | undefined {
  const lines = Array.isArray(items) ? items.map((item) => line({ ...item })) : [];
  const said = lines.filter((text) => text !== undefined);
  return said.length > 0 ? h('ul', {}, ...said.map((text) => h('li', {}, text))) : undefined;
}

export const isDay = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
const countOf = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);
const wordsOf = (value: unknown, most: number): string => String(value ?? '').slice(0, most);
