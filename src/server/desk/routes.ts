/*
 * The desk's pages: people who send cases speak with somebody there, who then confirms, holds or
 * refuses the case. They are HTML without scripts, for signed-in callers of the role `desk`.
 */

import type { Algorithm } from '../../hash.js';
import { isServed } from '../../services/stop-ncii/serve.js';
import { MOST_NOTES, MOST_REASON } from '../../store/cases/cases.js';
import { SPOKEN_BY, type SpokenBy } from '../../store/cases/filed-case.js';
import type { Cases, Sessions } from '../../store/store.js';
import { type Call, type QueryOf, Refusal, type Route, routeOf } from '../http/route.js';
import { type Html, html } from '../review/html.js';
import { type Frame, type Place, redirectTo, refusedPage } from '../review/page.js';
import { formWord, readForm, sessionToken } from '../review/session.js';
import type { ServiceParts } from '../routes/parts.js';
import { type CasePage, casePage, type OpenedCase } from './case-page.js';
import { casesPage, isOpen, OUTCOMES, pathOfCase, shortOf } from './cases-page.js';
import { onLists } from './holdings.js';
import { receiptPage } from './receipt-page.js';

/** Dependencies of the desk's pages. */
interface Desk {
  readonly parts: ServiceParts;
  readonly cases: Cases;
  readonly sessions: Sessions;
  readonly framed: Frame;
}

export const DESK_PLACES: readonly Place[] = [{ path: '/desk', name: 'Cases', role: 'desk' }];

/** Cases per page. */
const PAGE = 20;
/** Notes in a script of three bytes a letter, as forms write them. */
const MAX_BYTES = 16 * 1024 + 9 * MOST_NOTES;
const FORM = 'application/x-www-form-urlencoded';
const NUMBER = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const CASE = { number: { ...NUMBER, required: true }, done: NUMBER } as const;
const CASES = { after: NUMBER, done: NUMBER, find: { type: 'string', maxLength: 60 } } as const;

/** The pages of the cases that wait, of a case and of its receipt. */
export function deskRoutes(desk: Desk): Route[] {
  const { cases, framed } = desk;
  const common = {
    role: 'desk',
    tokenHashOf: sessionToken(desk.sessions),
    refused: (refusal: Refusal) => refusedPage(refusal, html`<a href="/desk">Go to the cases</a>`),
  } as const;
  const ofCase = { ...common, query: CASE, replies: { 200: undefined, 404: undefined } } as const;
  return [
    routeOf({
      ...common,
      method: 'GET',
      path: '/desk',
      about: 'Page of the cases that wait for the desk.',
      query: CASES,
      replies: { 200: undefined },
      answer: (call) => waitingPage(call, call.query, desk),
    }),
    routeOf({
      ...ofCase,
      method: 'GET',
      path: '/desk/case',
      about: 'Page of a case: what it holds, and what can be done.',
      async answer(call) {
        const { number, done } = call.query;
        const notice = done === number ? saved : await noticeOf(done, cases);
        return await pageOfCase(call, await caseFor(number, cases), desk, { notice });
      },
    }),
    routeOf({
      ...ofCase,
      method: 'POST',
      path: '/desk/case',
      about: 'Confirms, holds or refuses a case, or keeps notes. Takes a form of its page.',
      media: [FORM],
      replies: { 303: undefined, 404: undefined, 409: undefined },
      answer: (call) => decide(call, call.query.number, desk),
    }),
    routeOf({
      ...ofCase,
      method: 'GET',
      path: '/desk/receipt',
      about: 'Page of a receipt, to print for the person.',
      async answer(call) {
        const body = receiptPage(await caseFor(call.query.number, cases));
        return framed(call, { at: '/desk/receipt', title: 'Receipt of a case', body });
      },
    }),
  ];
}

async function waitingPage(
  call: Call,
  { after = 0, done, find }: QueryOf<typeof CASES>,
  { cases, framed }: Desk,
): Promise<Response> {
  const digits = (find ?? '').replaceAll(/[\s-]/g, '');
  const isWrong = find !== undefined && !/^[0-9a-f]{8,32}$/i.test(digits);
  const [found, counts, listed, last] = await Promise.all([
    isWrong ? [] : find === undefined ? cases.waiting(after, PAGE + 1) : cases.find(digits),
    cases.counts(),
    cases.feed().counts(),
    noticeOf(done, cases),
  ]);
  const shown = found.slice(0, PAGE);
  const notice = isWrong
    ? problem(html`A number has 32 digits, 0 to 9 and a to f. Give the first 8 or more.`)
    : last;
  const more = html`<p class="row">${find || after > 0 ? html`<a href="/desk">All that wait, the oldest first</a>` : undefined}
${found.length > PAGE ? html`<a href="/desk?after=${shown.at(-1)!.number}" accesskey="n">Next ${PAGE}</a>` : undefined}</p>
<p class="soft">${counts.received} new, ${counts['looked-at']} being looked into, ${counts.listed} listed, ${counts.refused} refused, ${counts.withdrawn} taken back, ${counts.dropped} dropped.</p>
${listedWords(listed)}`;
  return framed(call, {
    ...{ at: '/desk', title: find === undefined ? 'Cases that wait' : 'Cases of this number' },
    body: casesPage(shown, cases, { notice, find, more }),
  });
}

/** The size of the list, and how much of it platforms get by the API of StopNCII. */
function listedWords(listed: readonly { algorithm: Algorithm; count: number }[]): Html | undefined {
  if (listed.length === 0) return undefined;
  const left = listed.filter(({ algorithm }) => !isServed(algorithm));
  const words = (some: typeof listed) =>
    some.map(({ algorithm, count }) => `${count} ${algorithm}`).join(', ');
  return html`<p class="soft">On the list: ${words(listed)}.${left.length > 0 ? ` Platforms that fetch it as from StopNCII do not get: ${words(left)}.` : ''}</p>`;
}

/** @throws {Refusal} 404 */
async function caseFor(number: number, cases: Cases): Promise<OpenedCase> {
  const one = await cases.get(number);
  if (one) return one;
  throw new Refusal('not-found', 'there is no such case here');
}

const problem = (text: Html): Html =>
  html`<div class="notice stop" role="alert"><p>${text}</p></div>`;
const news = (text: Html): Html => html`<div class="notice" role="status"><p>${text}</p></div>`;
const saved = news(html`It was saved.`);

/** Notice of the last change, read from the case rather than from the address. */
async function noticeOf(number: number | undefined, cases: Cases): Promise<Html | undefined> {
  const one = number === undefined ? undefined : await cases.get(number);
  if (!one) return undefined;
  const { outcome, listing, confirmed } = one;
  const waits = isOpen(one) && confirmed.length > 0 ? '; another person must confirm it' : '';
  return news(
    html`<a href="${pathOfCase(one.number)}">${shortOf(one)}</a> is ${OUTCOMES[outcome]}${listing ? `: ${listing.listed} of ${listing.of} hashes` : ''}${waits}.`,
  );
}

async function pageOfCase(
  call: Call,
  one: OpenedCase,
  { parts, cases, framed }: Desk,
  given: Pick<CasePage, 'notice'> & { typed?: CasePage['typed']; status?: number },
): Promise<Response> {
  const { typed = {}, status = 200 } = given;
  const { number, bundle } = one;
  const list = parts.followed()?.blocklist;
  const body = casePage(one, {
    ...{ cases, typed, notice: given.notice },
    others: (await cases.find(one.case)).filter((other) => other.number !== number),
    listed:
      bundle && list
        ? await onLists(bundle, list, call.signal)
        : html`<p>Not known: this server has not loaded its lists yet.</p>`,
    word: formWord(call.request, wordFor(number)),
  });
  return framed(call, { at: '/desk/case', title: `Case ${shortOf(one)}`, body, status });
}

const wordFor = (number: number) => `case ${number}`;

async function decide(call: Call, number: number, desk: Desk): Promise<Response> {
  const { cases } = desk;
  const fields = await readForm(call.request, wordFor(number), call.signal, MAX_BYTES);
  await caseFor(number, cases);
  const outcome = fields.get('outcome') ?? '';
  const came = await changed(call.request, { number, outcome, fields }, desk);
  call.note({ outcome, came });
  if (came === 'done' || came === 'waits') {
    if (outcome === 'note') return redirectTo(`${pathOfCase(number)}&done=${number}`);
    // Those that were skipped come again after the last.
    const [next] = [...(await cases.waiting(number, 1)), ...(await cases.waiting(0, 1))];
    const isOther = next && next.number !== number;
    return redirectTo(`${isOther ? `${pathOfCase(next.number)}&` : '/desk?'}done=${number}`);
  }
  const why =
    came === 'same-person'
      ? html`<strong>You have confirmed this case already.</strong> Another person must confirm it, with a token of their own.`
      : html`<strong>It was changed meanwhile.</strong> Your choice was not saved. This is the case now.`;
  const typed = { reason: fields.get('reason'), notes: fields.get('notes') };
  const given = { notice: problem(why), typed, status: 409 };
  return await pageOfCase(call, await caseFor(number, cases), desk, given);
}

/** Changes a case by the fields of a form. @throws {Refusal} 400 or 401 */
async function changed(
  request: Request,
  { number, outcome, fields }: { number: number; outcome: string; fields: URLSearchParams },
  { cases, sessions }: Desk,
) {
  const times = fields.get('times') ?? '';
  if (!/^\d{1,9}$/.test(times)) throw new Refusal('bad-request', 'expected the form unaltered');
  const change = { number, times: Number(times) };
  if (outcome === 'hold') return await cases.hold(change);
  if (outcome === 'refuse')
    return await cases.refuse(change, textIn(fields, 'reason', MOST_REASON));
  if (outcome === 'note' && cases.hasNotes) {
    return await cases.note(change, textIn(fields, 'notes', MOST_NOTES));
  }
  const by = fields.get('by') as SpokenBy;
  if (outcome !== 'confirm' || !SPOKEN_BY.includes(by)) {
    throw new Refusal('bad-request', 'expected a known decision, and how you spoke');
  }
  const who = await sessionToken(sessions)(request);
  if (who === undefined) throw new Refusal('unauthorized', 'expected a session');
  return await cases.confirm(change, by, who);
}

/** @throws {Refusal} 400 */
function textIn(fields: URLSearchParams, name: string, most: number): string {
  // Browsers count a line's end as one character and send two.
  const text = (fields.get(name) ?? '').replaceAll('\r\n', '\n').trim();
  if (text !== '' && text.length <= most && !text.includes('\0')) return text;
  throw new Refusal('bad-request', `expected a text of 1 to ${most} characters`);
}
