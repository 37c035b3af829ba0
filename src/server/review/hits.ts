import type { Opinion } from '../../entry.js';
import type { Decision, Match, RemoteMatch } from '../../matching/decision.js';
import { outlineOf, placeOf, variantWords } from '../../node/report/match-report.js';
import type { Trust } from '../../policy.js';
import { type Html, type HtmlValue, html, trusted } from './html.js';

/** Most hits on a page; the nearest are shown. */
const MOST = 20;

const TRUST_WORDS: Readonly<Record<Trust, string>> = {
  own: "the platform's own list",
  shared: 'a list that the platform acts on',
  foreign: 'a foreign list, which can only flag for review',
};

/** Explains each hit of a decision in words, and draws its place in the picture. */
export function hitsOf({ matches, remoteMatches = [], omitted = 0, upload }: Decision): Html {
  const frame = upload && { left: 0, top: 0, width: upload.width, height: upload.height };
  const all = matches.length + remoteMatches.length;
  const shown = [
    ...matches.map((match, at) => hit(match, `Hit ${at + 1} of ${all}`, frame)),
    ...remoteMatches.map((match, at) =>
      remoteHit(match, `Hit ${matches.length + at + 1} of ${all}`),
    ),
  ].slice(0, MOST);
  const left = all - shown.length + omitted;
  return html`${shown}${
    left === 0 ? undefined : html`<p>${left} more, farther away, are not shown.</p>`
  }`;
}

function hit(match: Match, title: string, frame: Parameters<typeof placeOf>[1] | undefined): Html {
  const { entry, distance, tier, variant, trust = 'own' } = match;
  const { name, quality, geometry, look } = variant;
  const bits = 8 * entry.hash.bytes.length;
  // Other browsers' reading has other sides.
  const placed = frame && geometry && look !== 'otherReading';
  return html`<section class="card hit">
<h2>${title}: ${distance} of ${bits} bits differ</h2>
${facts([
  ['Verdict', tier === 'match' ? 'match' : 'for review'],
  ['Found in', `${variantWords(variant)} (${name})`],
  ['Quality', quality === undefined ? undefined : `${quality} of 100`],
  ['List', entry.list ?? 'the unnamed list'],
  ['Trust', TRUST_WORDS[trust]],
  ...provenance(entry),
  ['Cases', entry.caseCount],
  ['Opinions', entry.opinions && opinions(entry.opinions)],
  ['Listed part', entry.variant],
  ["Entry's quality", entry.quality === undefined ? undefined : `${entry.quality} of 100`],
  ['Algorithm', entry.hash.algorithm],
  ...(placed ? placeOf(geometry, frame) : []),
])}
${placed ? trusted(outlineOf(geometry, frame)) : undefined}
</section>`;
}

function remoteHit(match: RemoteMatch, title: string): Html {
  const { list, trust, tier, distance, allowed } = match;
  return html`<section class="card hit">
<h2>${title}: on a remote list</h2>
${facts([
  ['Verdict', tier === 'match' ? 'match' : 'for review'],
  ['Distance', distance === undefined ? 'not reported' : `${distance} bits`],
  ['List', list],
  ['Trust', TRUST_WORDS[trust]],
  ...provenance(match),
  ['Allowed', allowed],
])}
</section>`;
}

type Fact = readonly [string, HtmlValue];

const provenance = (
  entry: Pick<RemoteMatch, 'source' | 'id' | 'confirmed'> & { readonly labels: readonly string[] },
): Fact[] => [
  ['Source', entry.source],
  ['Entry', entry.id],
  ['Labels', entry.labels.length > 0 ? entry.labels.join(', ') : undefined],
  [
    'Confirmed',
    entry.confirmed === undefined ? 'not reported' : entry.confirmed ? 'yes, by the list' : 'no',
  ],
];

const opinions = (all: readonly Opinion[]): Html =>
  html`<ul>${all.map(
    ({ from, says, tags = [] }) =>
      html`<li>${from}: ${says}${tags.length > 0 ? ` (${tags.join(', ')})` : ''}</li>`,
  )}</ul>`;

/** Names and values, without the absent ones. */
export const facts = (all: readonly Fact[]): Html =>
  html`<dl>${all.map(([name, value]) =>
    value === undefined ? undefined : html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl>`;
