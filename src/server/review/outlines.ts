import type { Match } from '../../matching/decision.js';
import { hashOutlines } from '../../node/report/hash-outline.js';
import { type Html, html, trusted } from './html.js';

/** The outlines that both hashes of a hit reveal, side by side; in words if they reveal none. */
export function outlinesOf(match: Match): Html {
  const drawn = hashOutlines(match);
  if (drawn !== undefined) return trusted(drawn);
  const { algorithm } = match.entry.hash;
  return html`<p class="soft">Hashes of this kind (${algorithm}) cannot be drawn.</p>`;
}
