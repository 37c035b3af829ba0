import type { CaseOutcome, FiledCase } from '../../store/cases/filed-case.js';
import { WORDS } from '../intake/routes.js';
import { facts } from '../review/hits.js';
import { type Html, html } from '../review/html.js';
import { amountOf, inGroups, pathOfCase } from './cases-page.js';

const NEXT: Readonly<Partial<Record<CaseOutcome, string>>> = {
  received: 'Speak with the desk. By telephone, say the first 8 digits of the number.',
  refused: 'If something is wrong, speak with the desk.',
};

/** The sheet that the person may get: no hash and no name. */
export const receiptPage = (one: FiledCase): Html => {
  const next = NEXT[one.outcome];
  return html`<section class="card">
${facts([
  ['Number', html`<strong>${inGroups(one.case)}</strong>`],
  ['Sent', one.day],
  ['What came', amountOf(one)],
  ['State', WORDS[one.outcome]],
  ['Reason', one.reason ?? undefined],
])}
</section>
<h2>What comes next</h2>
<ul>
${next && html`<li>${next}</li>`}
<li>With your code you can ask at any time what became of it, and take it back. You alone have the code. The desk will never ask you for it.</li>
<li>No picture was sent. Keep your pictures if you want to report to the police.</li>
</ul>
<p class="unprinted"><a href="${pathOfCase(one.number)}">Back to the case</a></p>`;
};
