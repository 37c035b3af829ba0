import type { Hash } from '../../hash.js';
import { pdqOutline } from '../../hashing/pdq-outline.js';
import type { Match } from '../../matching/decision.js';
import { type Html, html, trusted } from './html.js';

/** Shades of a drawing. More would not be seen, and make the page larger. */
const SHADES = 16;

/** The outlines that both hashes of a hit reveal, side by side; in words if they reveal none. */
export function outlinesOf({ entry, variant }: Match): Html {
  const { algorithm } = entry.hash;
  if (algorithm !== 'pdq') {
    return html`<p class="soft">Hashes of this kind (${algorithm}) cannot be drawn.</p>`;
  }
  return html`${outline(variant.hash, 'in the upload')}${outline(entry.hash, 'as listed')}`;
}

const outline = (hash: Hash, caption: string): Html =>
  html`<figure class="outline">${drawn(hash, `blurred outline: ${caption}`)}<figcaption>${caption}</figcaption></figure>`;

/** A line for each run of pixels of one shade. No image: the policy of the pages allows none. */
function drawn(hash: Hash, label: string): Html {
  const { data, width, height } = pdqOutline(hash);
  const shade = (at: number) => (data[at]! * SHADES) >> 8;
  const lines = Array<string>(SHADES).fill('');
  for (let y = 0; y < height; y++) {
    for (let x = 0, end = 0; x < width; x = end) {
      const own = shade(y * width + x);
      for (end = x + 1; end < width && shade(y * width + end) === own; ) end++;
      lines[own] += `M${x} ${y}h${end - x}`;
    }
  }
  const grey = (own: number) => Math.round(((own + 0.5) * 256) / SHADES);
  return html`<svg role="img" aria-label="${label}" viewBox="0 -.5 ${width} ${height}" shape-rendering="crispEdges"><g>${lines.map(
    (line, own) =>
      line && trusted(`<path stroke="rgb(${Array(3).fill(grey(own)).join()})" d="${line}"/>`),
  )}</g></svg>`;
}
