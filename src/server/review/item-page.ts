import type { Decision } from '../../matching/decision.js';
import { decisionFromJSON } from '../../matching/decision-json.js';
import type { ReviewItem } from '../../store/reviews/review-item.js';
import { hitsOf } from './hits.js';
import { type Html, html } from './html.js';
import { nearness, ruleOf } from './rule.js';
import { blurredUpload } from './shown-upload.js';

/** The picture of an upload on its page. */
interface ShownPicture {
  /** whether the moderator asked to see it */
  readonly isAsked: boolean;
  /** its address, once asked; absent: there is none */
  readonly picture: string | undefined;
}

/** Additional content of an item's page. */
export interface ItemPage {
  /** notice of the previous action, at the top */
  readonly notice: Html | undefined;
  /** address of the next item; absent: none waits */
  readonly next: string | undefined;
  /** the hidden field of the forms */
  readonly word: Html;
  /** absent: pages of this service show no uploads */
  readonly upload: ShownPicture | undefined;
}

/** The address of an item. */
export const pathOfItem = (id: string): string => `/review/item?item=${encodeURIComponent(id)}`;

/** A human-readable time, in one zone for everyone. */
export const timeOf = (time: string): Html =>
  html`<time datetime="${time}">${time.slice(0, 16).replace('T', ' ')} UTC</time>`;

/** Outcomes in the page's words. */
export const OUTCOME_WORDS = {
  confirmed: 'confirmed',
  rejected: 'rejected',
  undecided: 'left undecided',
} as const;

/** The page of an item: the reason for review, its possible matches, and the choices. */
export function itemPage(item: ReviewItem, { notice, next, word, upload }: ItemPage): Html {
  const { id, time, link, decided } = item;
  const decision = decisionFromJSON(item.decision);
  return html`${notice}
<p>Upload <strong>${id}</strong>, received ${timeOf(time)}.
${
  decided &&
  html`It was <strong>${OUTCOME_WORDS[decided.outcome]}</strong> ${timeOf(decided.time)} by the role ${decided.role}${
    decided.allowed === undefined ? '' : `, and its hits are allowed: ${decided.allowed}`
  }.`
}</p>
${linkTo(link)}
${upload && uploadOf(id, upload)}
<section class="card">
<h2>Why it is here</h2>
<p>Rule: <strong>${ruleOf(decision).name}</strong></p>
<p class="soft">${nearness(decision)}</p>
${unanswered(decision)}
${withheld(item, decision)}
</section>
${hitsOf(decision)}
${decisionForm(item, next, word, ruleOf(decision))}
${allowForm(item, decision, word)}`;
}

/** Only a definite web address becomes a link; the queue accepts no other. */
function linkTo(link: string | undefined): Html {
  const url = link !== undefined && URL.canParse(link) ? new URL(link) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password;
  if (!isPlain) {
    return html`<p>The platform gave no link to it. Look for it by its name.</p>`;
  }
  return html`<p><a href="${url.href}" rel="noreferrer noopener" target="_blank" accesskey="o">Open the upload at ${url.host} (new tab)</a></p>
<p class="soft">No picture is kept here. The platform shows it.</p>`;
}

/** Nothing of the upload is loaded before a moderator asks, by a page of its own. */
function uploadOf(id: string, { isAsked, picture }: ShownPicture): Html {
  if (!isAsked) {
    return html`<p><a href="${pathOfItem(id)}&amp;show=true">Show the upload here, blurred</a></p>`;
  }
  return html`${
    picture === undefined
      ? html`<p role="status">The platform has no picture of it to show here.</p>`
      : blurredUpload(picture)
  }
<p><a href="${pathOfItem(id)}">Hide the upload</a></p>`;
}

/** Lists that did not answer, which is not a no. */
const unanswered = ({ unanswered: lists = [] }: Decision): Html | undefined =>
  lists.length === 0
    ? undefined
    : html`<p>These lists did not answer, and may have it: ${lists.join(', ')}.</p>`;

/** Some lists forbid recording which picture matched what. */
function withheld(
  { facts }: ReviewItem,
  { matches, remoteMatches = [] }: Decision,
): Html | undefined {
  if (matches.length + remoteMatches.length > 0) return undefined;
  const lists = [...new Set(facts.flatMap(({ list }) => list ?? []))];
  if (lists.length === 0) return undefined;
  return html`<p>Its match data may not be kept. Only the list is known: ${lists.join(', ')}.</p>`;
}

function decisionForm(
  { id, decided }: ReviewItem,
  next: string | undefined,
  word: Html,
  { name, question }: ReturnType<typeof ruleOf>,
): Html {
  const skip = next ?? '/review';
  return html`<form method="post" action="${pathOfItem(id)}" class="decide" aria-label="Decision">
${word}<input type="hidden" name="insteadOf" value="${decided?.times ?? 0}">
<p>${name}. <strong>${question}</strong>${
    decided ? ' You may decide again: the earlier decision stays in the log.' : ''
  }</p>
<div class="row">
<button class="first" name="outcome" value="confirmed" accesskey="c">Confirm</button>
<button name="outcome" value="rejected" accesskey="r">Reject</button>
<button name="outcome" value="undecided" accesskey="u">Cannot tell</button>
<a href="${skip}" accesskey="n">${next ? 'Skip' : 'Back to the queue'}</a>
</div>
</form>`;
}

/** A wrong match may be silenced, but never by accident: it requires a reason. */
function allowForm(
  { id, decided }: ReviewItem,
  { matches }: Decision,
  word: Html,
): Html | undefined {
  if (matches.length === 0) return undefined;
  const hashes = new Set(matches.map(({ variant }) => variant.hash)).size;
  const lists = [...new Set(matches.map(({ entry }) => entry.list ?? 'the unnamed list'))];
  return html`<details>
<summary>Reject, and allow from now on</summary>
<p>This silences ${count(matches.length, 'hit')} in ${lists.join(', ')}: ${
    hashes === 1 ? 'the hash' : `the ${hashes} hashes`
  } that came near, against only the ${
    matches.length === 1 ? 'entry' : 'entries'
  } above. It applies to every uploader, on every server. Other entries still match, and so do confirmed entries of the platform’s own list. A later decision on this upload undoes it.</p>
<form method="post" action="${pathOfItem(id)}">
${word}<input type="hidden" name="insteadOf" value="${decided?.times ?? 0}">
<p><label for="reason">Why is it allowed?</label>
<input id="reason" name="reason" required maxlength="500" autocomplete="off" aria-describedby="reason-about"></p>
<p id="reason-about" class="soft">Do not name people: the reason stays in the allow list.</p>
<p><button name="outcome" value="allowed" accesskey="a">Reject and allow</button></p>
</form>
</details>`;
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
