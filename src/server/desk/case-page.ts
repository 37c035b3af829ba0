import type { Bundle } from '../../bundle/bundle-shape.js';
import { MOST_NOTES, MOST_REASON } from '../../store/cases/cases.js';
import { type FiledCase, SPOKEN_BY } from '../../store/cases/filed-case.js';
import type { Cases } from '../../store/store.js';
import { facts } from '../review/hits.js';
import { type Html, html } from '../review/html.js';
import {
  amountOf,
  inGroups,
  isOpen,
  OUTCOMES,
  pathOfCase,
  shortOf,
  waitsFor,
} from './cases-page.js';
import { holdings } from './holdings.js';

/** A case as `Cases.get` returns it. */
export type OpenedCase = FiledCase & {
  readonly bundle?: Bundle;
  readonly notes?: string;
  readonly hasLockedNotes?: true;
};

/** Additional content of a case's page. */
export interface CasePage {
  readonly cases: Cases;
  /** other cases under the same number */
  readonly others: readonly FiledCase[];
  /** how many of its hashes are on lists */
  readonly listed: Html;
  readonly notice: Html | undefined;
  /** the hidden fields of the forms */
  readonly word: Html;
  /** what was typed in a form that was not saved */
  readonly typed: { readonly reason?: string | null; readonly notes?: string | null };
}

const BY_WORDS = { call: 'a call', mail: 'mail', 'in-person': 'a meeting in person' } as const;

/** The page of a case: what it holds, what was done, and what can be done. */
export function casePage(one: OpenedCase, page: CasePage): Html {
  const { cases, others, notice } = page;
  const { day, outcome, confirmed, listing, reason, bundle } = one;
  const left = listing?.left.map(({ why, count }) => `${count} ${why.replaceAll('-', ' ')}`) ?? [];
  return html`${notice}
${others.map((other) => warning(one, other))}
<section class="card">
${facts([
  ['Number', inGroups(one.case)],
  ['Sent', day],
  ['State', OUTCOMES[outcome]],
  ['Waits', waitsFor(one, cases)],
  ['Spoken by', confirmed.map(({ by, day }) => `${BY_WORDS[by]}, ${day}`).join('; ') || undefined],
  ['Listed', listing ? `${listing.listed} of ${listing.of}` : undefined],
  ['Not listed', left.join(', ') || undefined],
  ['Reason', reason ?? undefined],
  ['Notes', isOpen(one) ? undefined : one.notes],
  ['Sent in all', bundle ? undefined : amountOf(one)],
])}
<p><a href="/desk/receipt?number=${one.number}">Receipt, to print</a></p>
</section>
${bundle && holdings(bundle)}
${bundle && html`<section class="card"><h2>On lists already</h2>${page.listed}</section>`}
${isOpen(one) ? forms(one, page) : html`<p><a href="/desk">Back to the cases</a></p>`}`;
}

const warning = (one: FiledCase, other: FiledCase): Html =>
  html`<div class="notice stop"><p><strong>Another case has the same number.</strong> Only one of them can be the caller’s. This one has ${amountOf(one)}, sent <time>${one.day}</time>; <a href="${pathOfCase(other.number)}">the other</a> has ${amountOf(other)}, sent <time>${other.day}</time> (${OUTCOMES[other.outcome]}). Ask the caller how many, and when.</p></div>`;

function forms(one: OpenedCase, { cases, word, typed }: CasePage): Html {
  const form = (body: Html, name: string) =>
    html`<form method="post" action="${pathOfCase(one.number)}" aria-label="${name}">
${word}<input type="hidden" name="times" value="${one.times}">
${body}
</form>`;
  const notes = typed.notes ?? one.notes;
  return html`<section class="card">
<h2>Confirm</h2>
<p>This puts its hashes on the list <strong>${cases.list}</strong>, which platforms fetch. It rests on one thing alone: you have spoken with the person who gave this number, who said that these are their own intimate pictures. By telephone, the first 8 digits are enough: <strong>${shortOf(one)}</strong>.</p>
${cases.confirmations === 1 ? undefined : html`<p>${cases.confirmations} people must confirm it, each with a token of their own.</p>`}
${form(
  html`<fieldset><legend>How did you speak?</legend>
${SPOKEN_BY.map((by) => html`<label class="choice"><input type="radio" name="by" value="${by}" required> ${BY_WORDS[by]}</label>`)}
</fieldset>
<p><button class="first" name="outcome" value="confirm">I have spoken with the person: confirm</button></p>`,
  'Confirm',
)}
</section>
${form(
  html`<p class="row"><button name="outcome" value="hold" aria-describedby="hold-about">Hold</button><span id="hold-about" class="soft">The person reads that you are looking into it.</span></p>`,
  'Hold',
)}
<details${typed.reason ? html` open` : undefined}><summary>Refuse</summary>
${form(
  html`<p><label for="reason">Why? The person reads this</label>
<textarea id="reason" name="reason" required maxlength="${MOST_REASON}" rows="3" aria-describedby="reason-about">
${typed.reason ?? ''}</textarea></p>
<p id="reason-about" class="soft">Its hashes and notes are erased at once. Do not name people.</p>
<p><button name="outcome" value="refuse">Refuse</button></p>`,
  'Refuse',
)}
</details>
<details${notes || one.hasLockedNotes ? html` open` : undefined}><summary>Notes of the desk</summary>
${one.hasLockedNotes && html`<p role="alert">There are notes that were written with another key. They cannot be read here; new ones replace them.</p>`}
${
  cases.hasNotes
    ? form(
        html`<p><label for="notes">Notes</label>
<textarea id="notes" name="notes" required maxlength="${MOST_NOTES}" rows="5" aria-describedby="notes-about">
${notes ?? ''}</textarea></p>
<p id="notes-about" class="soft">Encrypted, for the desk alone. They are erased when the case is refused, taken back or dropped.</p>
<p><button name="outcome" value="note">Save</button></p>`,
        'Notes',
      )
    : html`<p>This service was started without a key for notes, so it keeps none.</p>`
}
</details>`;
}
