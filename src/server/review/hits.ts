import type { Opinion } from '../../entry.js';
import type { Decision, Match, RemoteMatch, VideoMatch } from '../../matching/decision.js';
import { outlineOf, variantWords } from '../../node/report/match-report.js';
import { timeLineOf, videoFacts } from '../../node/report/time-line.js';
import type { Trust } from '../../policy.js';
import type { Rectangle, VariantName } from '../../variant.js';
import { type Html, type HtmlValue, html, trusted } from './html.js';
import { outlinesOf } from './outlines.js';
import { momentOf, momentsOf, placeOf } from './place.js';

/** Most hits on a page; the nearest are shown. */
const MOST = 20;

const TRUST_WORDS: Readonly<Record<Trust, string>> = {
  own: "the platform's own list",
  shared: 'a list that the platform acts on',
  foreign: 'a foreign list, which can only flag for review',
};

/** Explains each hit of a decision in words, and draws both outlines and its place or moment. */
export function hitsOf(decision: Decision): Html {
  const { matches, remoteMatches = [], omitted = 0, upload, videos = [] } = decision;
  const frame = upload && { left: 0, top: 0, width: upload.width, height: upload.height };
  const all = matches.length + remoteMatches.length;
  const shown = [
    ...matches.map((match, at) => hit(match, `Hit ${at + 1} of ${all}`, frame, videos)),
    ...remoteMatches.map((match, at) =>
      remoteHit(match, `Hit ${matches.length + at + 1} of ${all}`),
    ),
  ].slice(0, MOST);
  const left = all - shown.length + omitted;
  const listed = videos.map((video, at) =>
    videoHit(video, `Listed video ${at + 1} of ${videos.length}`, matches),
  );
  return html`${listed}${
    matches.length === 0
      ? undefined
      : html`<p class="soft">The outlines are drawn from hashes: blurred, and without colours. The listed picture itself is not kept here.</p>`
  }${shown}${left === 0 ? undefined : html`<p>${left} more, farther away, are not shown.</p>`}`;
}

function videoHit(video: VideoMatch, title: string, matches: readonly Match[]): Html {
  const others = videoFacts(video, matches).filter(([name]) => name !== 'tier');
  return html`<section class="card">
<h2>${title}</h2>
${facts([
  ['Verdict', verdictOf(video)],
  ['Moments', momentsOf(video)],
  ...others.map(([name, value]): Fact => [name[0]!.toUpperCase() + name.slice(1), value]),
])}
${trusted(timeLineOf(video))}
</section>`;
}

const verdictOf = ({ tier }: Pick<Match, 'tier'>) => (tier === 'match' ? 'match' : 'for review');

function hit(
  match: Match,
  title: string,
  frame: Rectangle | undefined,
  videos: readonly VideoMatch[],
): Html {
  const { entry, distance, variant, trust = 'own' } = match;
  const { quality, geometry, look } = variant;
  const bits = 8 * entry.hash.bytes.length;
  // Other browsers' reading has other sides.
  const placed = frame && geometry && look !== 'otherReading';
  return html`<section class="card">
<h2>${title}: ${distance} of ${bits} bits differ</h2>
<div class="drawings">${outlinesOf(match)}${placed ? trusted(outlineOf(geometry, frame)) : undefined}</div>
${facts([
  ['Verdict', verdictOf(match)],
  ['Place', placeOf(match, placed ? frame : undefined)],
  ['Moment', momentOf(match, videos)],
  ['Detail', quality === undefined ? undefined : `${quality} of 100 in the upload`],
  ['List', entry.list ?? 'the unnamed list'],
  ['Trust', TRUST_WORDS[trust]],
  ...provenance(entry),
  ['Cases', entry.caseCount],
  ['Opinions', entry.opinions && opinions(entry.opinions)],
  ['Listed part', entry.variant && variantWords({ name: entry.variant as VariantName })],
  ['Listed detail', entry.quality === undefined ? undefined : `${entry.quality} of 100`],
  ['Kind of hash', entry.hash.algorithm],
])}
</section>`;
}

function remoteHit(match: RemoteMatch, title: string): Html {
  const { list, trust, distance, allowed } = match;
  return html`<section class="card">
<h2>${title}: on a remote list</h2>
${facts([
  ['Verdict', verdictOf(match)],
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
