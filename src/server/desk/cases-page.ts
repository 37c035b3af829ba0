import type { CaseOutcome, FiledCase } from '../../store/cases/filed-case.js';
import type { Cases } from '../../store/store.js';
import { type Html, html } from '../review/html.js';

/** The address of a case. */
export const pathOfCase = (number: number): string => `/desk/case?number=${number}`;

/** Outcomes in the desk's words. */
export const OUTCOMES: Readonly<Record<CaseOutcome, string>> = {
  received: 'new',
  'looked-at': 'being looked into',
  listed: 'listed',
  refused: 'refused',
  withdrawn: 'taken back',
  dropped: 'dropped: not confirmed in time',
};

/** A case number in groups of four digits, to be read aloud. */
export const inGroups = (id: string): string => id.replaceAll(/(.{4})(?=.)/g, '$1 ');
/** The digits of a case number by which people name it. */
export const shortOf = ({ case: id }: FiledCase): string => inGroups(id.slice(0, 8));

export const many = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`;

export const amountOf = ({ hashes, digests }: FiledCase): string =>
  `${many(hashes, 'hash', 'hashes')}${digests === 0 ? '' : `, ${many(digests, 'digest of a file', 'digests of files')}`}`;

/** True if the desk can still decide about a case. */
export const isOpen = ({ outcome }: FiledCase): boolean =>
  outcome === 'received' || outcome === 'looked-at';

/** Who is needed, and until when; undefined if the case is over. */
export function waitsFor(one: FiledCase, cases: Cases): string | undefined {
  if (!isOpen(one)) return undefined;
  const { confirmations: all } = cases;
  const left = cases.daysLeft(one.day);
  return `confirmed by ${one.confirmed.length} of ${many(all, 'person', 'people')}, dropped ${left === 0 ? 'after today' : `in ${many(left, 'day')}`}`;
}

/** The page of cases, with the form that finds them. */
export const casesPage = (
  shown: readonly FiledCase[],
  cases: Cases,
  about: { readonly notice: Html | undefined; readonly find: string | undefined; more: Html },
): Html => html`${about.notice}
<form method="get" action="/desk" class="narrow">
<label for="find">Find a case by the first 8 digits of its number, or more</label>
<div class="row"><input id="find" name="find" required maxlength="60" autocomplete="off" spellcheck="false" value="${about.find}"><button>Find</button></div>
</form>
${
  shown.length === 0
    ? html`<p>There is none.</p>`
    : html`<ol class="items">${shown.map(
        (
          one,
        ) => html`<li class="card"><h2><a href="${pathOfCase(one.number)}">${shortOf(one)}</a></h2>
<p>${amountOf(one)}, sent <time>${one.day}</time>: <strong>${OUTCOMES[one.outcome]}</strong></p>
${isOpen(one) ? html`<p class="soft">${waitsFor(one, cases)}</p>` : undefined}</li>`,
      )}</ol>`
}
${about.more}`;
