import type { Blocklist } from '../../blocklist/blocklist.js';
import { entriesOfBundle } from '../../bundle/bundle.js';
import type { Bundle } from '../../bundle/bundle-shape.js';
import { listOf } from '../../entry.js';
import { isDegenerate, isDigest } from '../../hash.js';
import { eachInTurns } from '../../in-turns.js';
import { match } from '../../matching/match.js';
import { facts } from '../review/hits.js';
import { type Html, html } from '../review/html.js';
import { many } from './cases-page.js';

/** The usual limit of a match. */
const NEAR_BITS = 31;
/** Hashes looked up for a page, pictures before their parts. */
const MOST = 1024;
/** Hex digits of `parts`, with the mark of a page, a screenshot or a framed picture. */
const SCREEN_DIGITS = 386;

/** What a bundle holds, in numbers. */
export function holdings(bundle: Bundle): Html {
  const { hashes, unknown = [], digests = [] } = bundle;
  const plain = entriesOfBundle(bundle).filter(({ hash }) => isDegenerate(hash)).length;
  const screens = hashes.filter(({ parts = '' }) => parts.length === SCREEN_DIGITS).length;
  const algorithms = new Set(hashes.map(({ algorithm }) => algorithm));
  const qualities = [0, 0, 0, 0];
  for (const { quality: q } of hashes) {
    qualities[q === undefined ? 3 : q < 50 ? 0 : q <= 80 ? 1 : 2]!++;
  }
  return html`<section class="card">
<h2>What it holds</h2>
${facts([
  ...[...algorithms].map((algorithm) => {
    const own = hashes.filter((one) => one.algorithm === algorithm);
    const further = own.filter(({ group }) => group !== undefined);
    const parts = counts(further, 'variant');
    const rest = parts && `; of their parts and forms: ${parts}`;
    return [algorithm, [many(own.length - further.length, 'picture'), rest]] as const;
  }),
  ['Not known here', counts(unknown, 'algorithm')],
  ['Digests of files', counts(digests, 'algorithm')],
  ['Too plain', plain === 0 ? 'none' : `${plain}: not listed, as they match others’ pictures`],
  ['Screens', screens > 0 ? `${screens}: pages, screenshots or framed, by the device` : undefined],
])}
<table><caption>Quality of the hashes: those under 50 match little</caption>
<thead><tr>${['under 50', '50–80', 'over 80', 'not given'].map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>
<tbody><tr>${qualities.map((one) => html`<td>${one}</td>`)}</tr></tbody></table>
<p class="soft">No picture is here, and no number shows what is in one. A lattice of pictures has a hash like those of other lattices, and its number alone does not show it.</p>
</section>`;
}

/**
 * How many hashes of a bundle are on lists in use: the same ones, and near ones of PDQ. By the list
 * in memory, since a database takes milliseconds for each.
 */
export async function onLists(
  bundle: Bundle,
  blocklist: Blocklist,
  signal: AbortSignal,
): Promise<Html> {
  const entries = entriesOfBundle(bundle);
  const asked = entries.sort((a, b) => Number(!!a.group) - Number(!!b.group)).slice(0, MOST);
  const lists = new Map<string, { same: number; near: number }>();
  await eachInTurns(asked, signal, ({ hash }) => {
    const name = isDigest(hash.algorithm) ? 'file' : 'original';
    const distance = hash.algorithm === 'pdq' ? NEAR_BITS : 0;
    const nearest = new Map<string, number>();
    for (const hit of match([{ name, hash }], blocklist, { all: true, distance }).matches) {
      const list = listOf(hit.entry);
      nearest.set(list, Math.min(hit.distance, nearest.get(list) ?? distance));
    }
    for (const [list, bits] of nearest) {
      const count = lists.get(list) ?? { same: 0, near: 0 };
      count[bits === 0 ? 'same' : 'near']++;
      lists.set(list, count);
    }
  });
  const of = asked.length < entries.length ? ` of the ${MOST} looked up` : '';
  if (lists.size === 0) return html`<p>None${of}.</p>`;
  return html`<table><caption>Hashes${of} that have an entry there</caption>
<thead><tr><th scope="col">list</th><th scope="col">the same</th><th scope="col">within ${NEAR_BITS} bits</th></tr></thead>
<tbody>${[...lists].map(
    ([list, { same, near }]) =>
      html`<tr><th scope="row">${list || 'the unnamed list'}</th><td>${same}</td><td>${near}</td></tr>`,
  )}</tbody></table>`;
}

/** The words of a member with their counts; undefined if there is none. */
function counts<Name extends string>(
  all: readonly { readonly [_ in Name]: string }[],
  name: Name,
): string | undefined {
  const words = all.map((one) => one[name]);
  const each = [...new Set(words)].sort();
  const times = (word: string) => words.filter((one) => one === word).length;
  return each.map((word) => `${times(word)} ${word}`).join(', ') || undefined;
}
