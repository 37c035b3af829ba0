import type { Hash } from '../../hash.js';
import { pdqOutline } from '../../hashing/pdq-outline.js';
import type { Match } from '../../matching/decision.js';

/** Shades of a drawing. More would not be seen, and make the page larger. */
const SHADES = 16;

/**
 * The outlines that both hashes of a match reveal, side by side, as HTML figures of the class
 * `outline`. They are personal data, as the hashes are.
 * @returns undefined if they are no PDQ hashes, which cannot be drawn
 */
export function hashOutlines({ entry, variant }: Match): string | undefined {
  if (entry.hash.algorithm !== 'pdq') return undefined;
  return figure(variant.hash, 'in the upload') + figure(entry.hash, 'as listed');
}

const figure = (hash: Hash, caption: string): string =>
  `<figure class="outline">${drawn(hash, `blurred outline: ${caption}`)}<figcaption>${caption}</figcaption></figure>`;

/** A line for each run of pixels of one shade. No image: the policy of pages may allow none. */
function drawn(hash: Hash, label: string): string {
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
  const paths = lines.map((line, own) => {
    const grey = Math.round(((own + 0.5) * 256) / SHADES);
    return line && `<path stroke="rgb(${Array(3).fill(grey).join()})" d="${line}"/>`;
  });
  return `<svg role="img" aria-label="${label}" viewBox="0 -.5 ${width} ${height}" shape-rendering="crispEdges"><g>${paths.join('')}</g></svg>`;
}
