import { nested, type OptionTable, tableOf } from '../../door.js';
import { reviewSummary } from '../../review/review-answers.js';
import type { ReviewItem } from '../../store/reviews/review-item.js';
import {
  REVIEW_QUEUE_OPTIONS,
  type ReviewLog,
  type ReviewQueue,
  type ReviewQueueOptions,
  SESSION_HOURS,
  type Sessions,
} from '../../store/store.js';
import { type Call, type QueryOf, Refusal, type Route, routeOf } from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';
import { type Html, html } from './html.js';
import { itemPage, OUTCOME_WORDS, pathOfItem, timeOf } from './item-page.js';
import { listsPage } from './lists-page.js';
import { type Frame, type Place, redirectTo, refusedPage } from './page.js';
import { ruleOf } from './rule.js';
import { formWord, readForm, sessionToken } from './session.js';
import { addressOfUpload, SHOWN_UPLOADS_OPTIONS, type ShownUploads } from './shown-upload.js';

/** Options of the review queue and its sessions. */
export interface ReviewOptions extends ReviewQueueOptions {
  /**
   * duration of a moderator's session
   * @defaultValue 8
   */
  sessionHours?: number | undefined;
  /**
   * shows uploads on their pages, blurred, once a moderator asks to see one
   * @defaultValue a page only links to an upload, by its `link`
   */
  uploads?: ShownUploads | undefined;
}

export const REVIEW_OPTIONS = /* @__PURE__ */ tableOf(REVIEW_QUEUE_OPTIONS, {
  sessionHours: SESSION_HOURS,
  uploads: { is: nested, options: SHOWN_UPLOADS_OPTIONS },
}) satisfies OptionTable<ReviewOptions>;

/** Dependencies of the moderators' pages. */
export interface ReviewPages {
  readonly parts: ServiceParts;
  readonly queue: ReviewQueue;
  readonly log: ReviewLog;
  readonly sessions: Sessions;
  /** absent: no upload is shown */
  readonly uploads: ShownUploads | undefined;
  readonly onError: (error: unknown) => void;
  readonly framed: Frame;
}

export const REVIEW_PLACES: readonly Place[] = [
  { path: '/review', name: 'Queue', role: 'curate' },
  { path: '/review/lists', name: 'Lists', role: 'curate' },
];

/** Items per page. */
const PAGE = 20;
const MOST_REASON = 500;
/** Period of the decisions that rate a list. */
const DAYS = 30;
const DAY = 86_400_000;
/** Role of everyone who decides on the page. The log has roles, not names. */
const ROLE = 'moderator';
const FORM = 'application/x-www-form-urlencoded';

const ITEM = { type: 'string', minLength: 1, maxLength: 200 } as const;
const QUEUE_QUERY = { after: { type: 'integer', minimum: 0 }, done: ITEM } as const;

/**
 * The moderators' pages: the queue at `/review`, an item of it, and the health of the lists. They
 * are HTML without scripts, for signed-in callers of the role `curate`.
 */
export function reviewRoutes(pages: ReviewPages): Route[] {
  const { queue, sessions, framed } = pages;
  const common = {
    role: 'curate',
    tokenHashOf: sessionToken(sessions),
    refused: (refusal: Refusal) => refusedPage(refusal),
  } as const;
  return [
    routeOf({
      ...common,
      method: 'GET',
      path: '/review',
      about: 'Page of the uploads that wait for a moderator.',
      query: QUEUE_QUERY,
      replies: { 200: undefined },
      answer: (call) => queuePage(call, call.query, pages),
    }),
    routeOf({
      ...common,
      method: 'GET',
      path: '/review/item',
      about:
        'Page of one upload, with an explanation of each hit. `show` shows the upload, blurred.',
      query: { item: { ...ITEM, required: true }, done: ITEM, show: { type: 'boolean' } },
      replies: { 200: undefined, 404: undefined },
      async answer(call) {
        const { item, done: id, show = false } = call.query;
        return await pageOfItem(call, await itemFor(item, queue), {
          pages,
          notice: await done(id, queue),
          show,
        });
      },
    }),
    routeOf({
      ...common,
      method: 'POST',
      path: '/review/item',
      about: 'Decides about an upload. Takes the form of its page.',
      query: { item: { ...ITEM, required: true } },
      media: [FORM],
      replies: { 303: undefined, 404: undefined, 409: undefined },
      answer: (call) => decide(call, call.query.item, pages),
    }),
    {
      ...common,
      method: 'GET',
      path: '/review/lists',
      about: 'Page of the lists: their size, freshness and error rate.',
      replies: { 200: undefined },
      answer: async (call) => {
        const { parts, log } = pages;
        const store = parts.store!;
        const from = new Date(parts.now() - DAYS * DAY).toISOString();
        let changed = 0;
        const onProblem = () => changed++;
        const [lists, revision, { lists: errors }] = await Promise.all([
          store.lists(),
          store.revision(),
          reviewSummary(log.read({ from }, { onProblem })),
        ]);
        const there = parts.followed();
        const followed = there && 'revision' in there ? there.revision : undefined;
        const at = { lists, revision, errors, changed, days: DAYS, followed };
        return framed(call, { at: '/review/lists', title: 'Lists', body: listsPage(at) });
      },
    },
  ];
}

async function queuePage(
  call: Call,
  { after = 0, done: id }: QueryOf<typeof QUEUE_QUERY>,
  { queue, framed }: ReviewPages,
): Promise<Response> {
  const [items, counts, notice] = await Promise.all([
    queue.items({ after, limit: PAGE + 1 }),
    queue.counts(),
    done(id, queue),
  ]);
  const shown = items.slice(0, PAGE);
  const isMore = items.length > PAGE;
  const body = html`${notice}
<p>${counts.waiting} waiting, the oldest first. Decided so far: ${counts.confirmed} confirmed, ${counts.rejected} rejected, ${counts.undecided} left open.</p>
${
  shown.length === 0
    ? html`<p>${after === 0 ? 'Nothing is waiting.' : 'Nothing else is waiting.'}</p>`
    : html`<ol class="items">${shown.map(summary)}</ol>`
}
<p class="row">${after === 0 ? undefined : html`<a href="/review">Back to the oldest</a>`}
${isMore ? html`<a href="/review?after=${shown.at(-1)!.number}" accesskey="n">Next ${PAGE}</a>` : undefined}</p>
<form method="get" action="/review/item" class="narrow">
<label for="item">Find an upload by its name, even a decided one</label>
<div class="row"><input id="item" name="item" required maxlength="200" autocomplete="off"><button>Find</button></div>
</form>`;
  return framed(call, { at: '/review', title: 'Queue', body });
}

/** One row of the queue. */
const summary = ({ id, time, decision }: ReviewItem, at: number): Html => {
  const lists = [...new Set(decision.matches.map(({ list }) => list ?? 'the unnamed list'))];
  return html`<li class="card"><h2><a href="${pathOfItem(id)}"${
    at === 0 ? html` accesskey="f"` : undefined
  }>${id}</a></h2>
<p>${ruleOf(decision).name}${lists.length === 0 ? '' : `; ${lists.join(', ')}`}</p>
<p class="soft">since ${timeOf(time)}</p></li>`;
};

/** @throws {Refusal} 404 */
async function itemFor(id: string, queue: ReviewQueue): Promise<ReviewItem> {
  const item = isStorable(id) ? await queue.get(id) : undefined;
  if (item) return item;
  throw new Refusal('not-found', 'there is no such upload here, or it has expired');
}

/** No item has a name with a NUL, and databases reject it in queries. */
const isStorable = (text: string) => !text.includes('\0');

/** Notice of the last decision, read from the queue rather than from the address. */
async function done(id: string | undefined, queue: ReviewQueue): Promise<Html | undefined> {
  const item = id === undefined || !isStorable(id) ? undefined : await queue.get(id);
  if (!item?.decided) return undefined;
  const { outcome, allowed } = item.decided;
  return html`<div class="notice" role="status"><p>${item.id} was ${OUTCOME_WORDS[outcome]}${
    allowed === undefined ? '' : ' and allowed'
  }. <a href="${pathOfItem(item.id)}" accesskey="z">Change this</a></p></div>`;
}

async function pageOfItem(
  call: Call,
  item: ReviewItem,
  {
    pages: { queue, framed, uploads, onError },
    notice,
    status = 200,
    show = false,
  }: { pages: ReviewPages; notice: Html | undefined; status?: number; show?: boolean },
): Promise<Response> {
  const next = await nextAfter(item, queue);
  const picture = uploads && show ? await addressOfUpload(item.id, uploads, onError) : undefined;
  if (uploads && show) call.note({ isShown: picture !== undefined });
  const body = itemPage(item, {
    notice,
    next: next && pathOfItem(next.id),
    upload: uploads && { isAsked: show, picture },
    word: formWord(call.request, wordFor(item.id)),
  });
  const title = item.decided ? 'A decided upload' : ruleOf(item.decision).question;
  const imagesFrom = picture && uploads?.origin;
  return framed(call, { at: '/review/item', title, body, status, imagesFrom });
}

const wordFor = (id: string) => `decide ${id}`;

/** The next waiting item; skipped ones come again after the last. */
async function nextAfter({ number }: ReviewItem, queue: ReviewQueue) {
  const [next] = await queue.items({ after: number, limit: 1 });
  if (next) return next;
  const [oldest] = await queue.items({ limit: 1 });
  return oldest?.number === number ? undefined : oldest;
}

async function decide(call: Call, id: string, pages: ReviewPages): Promise<Response> {
  const { queue } = pages;
  const { request, signal, note } = call;
  const fields = await readForm(request, wordFor(id), signal);
  const item = await itemFor(id, queue);
  const { outcome, allow } = outcomeOf(fields);
  const { came } = await queue.decide(id, {
    outcome,
    role: ROLE,
    ...(allow && { allow }),
    insteadOf: timesOf(fields),
  });
  note({ outcome, came, isAllowed: allow !== undefined });
  if (came === 'decided') {
    const next = await nextAfter(item, queue);
    const doneWith = `done=${encodeURIComponent(id)}`;
    return redirectTo(next ? `${pathOfItem(next.id)}&${doneWith}` : `/review?${doneWith}`);
  }
  const now = await itemFor(id, queue);
  const notice = html`<div class="notice stop" role="alert"><p><strong>Someone else has decided this.</strong> Your choice was not saved. Look at the decision below; you may decide again.</p></div>`;
  return await pageOfItem(call, now, { pages, notice, status: 409 });
}

/** @throws {Refusal} 400 */
function outcomeOf(fields: URLSearchParams) {
  const outcome = fields.get('outcome');
  if (outcome === 'allowed') {
    const reason = (fields.get('reason') ?? '').trim();
    if (reason === '' || reason.length > MOST_REASON || !isStorable(reason)) {
      throw new Refusal('bad-request', `expected a reason of 1 to ${MOST_REASON} characters`);
    }
    return { outcome: 'rejected', allow: { reason } } as const;
  }
  if (outcome === 'confirmed' || outcome === 'rejected' || outcome === 'undecided') {
    return { outcome } as const;
  }
  throw new Refusal('bad-request', 'expected a known decision');
}

/** @throws {Refusal} 400 */
function timesOf(fields: URLSearchParams): number {
  const text = fields.get('insteadOf') ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Refusal('bad-request', 'expected the form unaltered');
}
