import type { ListErrors } from '../../review/review-answers.js';
import type { StoredList } from '../../store/store.js';
import { facts } from './hits.js';
import { type Html, html } from './html.js';
import { timeOf } from './item-page.js';

/** Data of the page about the health of lists. */
export interface ListsPage {
  readonly lists: readonly StoredList[];
  /** recent decisions of reviewers, by list */
  readonly errors: readonly ListErrors[];
  /** records of the review log altered after they were written; not in `errors` */
  readonly changed: number;
  /** period of `errors`, in days */
  readonly days: number;
  /** the store's revision */
  readonly revision: number;
  /** revision of the list that this server matches against; absent: it follows no store */
  readonly followed: number | undefined;
}

/** The health of each list: its size, freshness and error rate. */
export function listsPage(page: ListsPage): Html {
  const { lists, errors, changed, days, revision, followed } = page;
  const named = new Set(lists.map(({ name }) => name));
  const others = errors.filter(({ list = '' }) => !named.has(list));
  return html`<p>The store is at revision ${revision}${behind(revision, followed)}</p>
${changed === 0 ? undefined : html`<p>Records of the review log that have changed since they were written, and are not counted below: ${changed}.</p>`}
${lists.length === 0 ? html`<p>There is no list yet.</p>` : undefined}
${lists.map((list) =>
  section(
    list.name,
    html`${facts([
      ['Entries', list.paused === 0 ? list.size : `${list.size}, ${list.paused} of them paused`],
      ['Used', useOf(list)],
      ['For review', reviewsOf(list)],
      ['Trust', list.trust],
      ['Settings', `changed at revision ${list.revision}`],
      ['Last fetch', fetchOf(list)],
      ['Problems', problemsOf(list)],
      [
        'Wrong',
        shareOf(
          errors.find(({ list: name = '' }) => name === list.name),
          days,
        ),
      ],
    ])}`,
  ),
)}
${others.map((one) =>
  section(
    one.list ?? '',
    html`${facts([
      ['Entries', 'none here: the list is remote, or was removed'],
      ['Wrong', shareOf(one, days)],
    ])}`,
  ),
)}`;
}

const section = (name: string, body: Html): Html =>
  html`<section class="card"><h2>${name === '' ? 'The unnamed list' : name}</h2>
${body}
</section>`;

function behind(revision: number, followed: number | undefined): string {
  if (followed === undefined) return '. The revision of this server is not known.';
  const missing = revision - followed;
  return missing <= 0
    ? ', and so is this server.'
    : `. This server is ${missing} ${missing === 1 ? 'change' : 'changes'} behind.`;
}

const useOf = ({ enabled, tier }: StoredList) =>
  !enabled ? 'switched off' : tier === 'review' ? 'for review only' : 'matches';

const reviewsOf = ({ reviewDistance, expectedReviews: { mixed, oneKind } }: StoredList) =>
  `within ${reviewDistance} bits; of 1,000 uploads, wrongly about ${mixed} on a list of all kinds of photos, ${oneKind} on one of one kind`;

function fetchOf({ fetched }: StoredList): Html | string {
  if (fetched?.fetchedSeconds === undefined) {
    return fetched ? 'begun, never completed' : 'never fetched';
  }
  return timeOf(new Date(1000 * fetched.fetchedSeconds).toISOString());
}

function problemsOf({ fetched }: StoredList): Html | string {
  const problems = [
    fetched?.isPartial && 'The first fetch is incomplete: entries are missing.',
    fetched?.mustRefetch && 'The next fetch has to begin from the start.',
    fetched &&
      fetched.unknown.length > 0 &&
      `The service used ${fetched.unknown.length} words that this version does not know.`,
  ].filter((one) => typeof one === 'string');
  return problems.length === 0
    ? 'none known'
    : html`<ul>${problems.map((one) => html`<li>${one}</li>`)}</ul>`;
}

/** No decisions are not the same as no errors. */
function shareOf(errors: ListErrors | undefined, days: number): string {
  if (!errors || errors.decided === 0) return `unknown: no decisions in ${days} days`;
  const { decided, rejected } = errors;
  const percent = Math.round((1000 * rejected) / decided) / 10;
  return `${rejected} of ${decided} decisions in ${days} days (${percent} %)`;
}
