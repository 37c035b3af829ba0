import type { Row } from './figures.js';
import type { Histogram } from './metrics.js';

export const WIDTH = 760;
const INK = '#222';
const PLAIN = '#b8b8b8';
const NEAR = '#2a6fbb';
const LIGHT = '#9cc3e6';
const FAR = '#c2543d';

const escaped = (text: string) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

export const text = (x: number, y: number, content: string, more = '') =>
  `<text x="${x}" y="${y}" fill="${INK}" ${more}>${escaped(content)}</text>`;

export const picture = (height: number, title: string, parts: readonly string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">` +
  `<title>${escaped(title)}</title><rect width="${WIDTH}" height="${height}" fill="#fff"/>${parts.join('')}</svg>\n`;

/**
 * Two overlaid histograms of distances, each scaled to its own highest bar, with the match distance
 * as a line.
 */
export function distancePlot(
  genuine: Histogram,
  unrelated: Histogram,
  bits: number,
  matchDistance: number,
): string {
  const height = 300;
  const bottom = height - 40;
  const room = bottom - 40;
  const step = (WIDTH - 60) / bits;
  const parts: string[] = [];
  for (const [counts, colour] of [
    [unrelated, FAR],
    [genuine, NEAR],
  ] as const) {
    const most = Math.max(...counts);
    // Square roots keep rare distances visible.
    for (let distance = 0; distance <= bits; distance++) {
      const bar = room * Math.sqrt(counts[distance]! / most);
      if (counts[distance]! === 0) continue;
      const x = (40 + distance * step).toFixed(1);
      const y = (bottom - bar).toFixed(1);
      parts.push(
        `<rect x="${x}" y="${y}" width="${step.toFixed(1)}" height="${bar.toFixed(1)}" fill="${colour}" fill-opacity="0.6"/>`,
      );
    }
  }
  for (let distance = 0; distance <= bits; distance += bits / 8) {
    parts.push(text(40 + distance * step, bottom + 16, String(distance), 'text-anchor="middle"'));
  }
  const line = (40 + (matchDistance + 1) * step).toFixed(1);
  parts.push(
    `<line x1="${line}" x2="${line}" y1="30" y2="${bottom}" stroke="${INK}" stroke-dasharray="4 3"/>`,
    text(Number(line) + 4, 40, `match: at most ${matchDistance} bits`),
    text(40, 20, 'Nearest variant to its photo', `style="fill:${NEAR}"`),
    text(240, 20, 'all variants to unrelated photos', `style="fill:${FAR}"`),
    text(480, 20, '(square roots, each of its own highest bar)'),
    text(WIDTH / 2, bottom + 32, 'distance in bits', 'text-anchor="middle"'),
  );
  return picture(height, 'Distances', parts);
}

/** Recall by family: of the first outcome, of the second, and of what the third adds to it. */
export function recallPlot(
  families: readonly Row[],
  [plain, match, review]: readonly [number, number, number],
): string {
  const rowHeight = 26;
  const height = 60 + families.length * rowHeight;
  const left = 190;
  const room = WIDTH - left - 60;
  const parts = (
    [
      [PLAIN, 'plain PDQ', 0],
      [NEAR, 'match with all variants', 100],
      [LIGHT, 'and what is for review', 280],
    ] as const
  ).flatMap(([colour, name, x]) => [
    `<rect x="${left + x}" y="10" width="12" height="12" fill="${colour}"/>`,
    text(left + x + 18, 20, name),
  ]);
  for (const [row, { name, recall }] of families.entries()) {
    const y = 40 + row * rowHeight;
    parts.push(text(left - 8, y + 13, name, 'text-anchor="end"'));
    for (const [value, colour, top] of [
      [recall[plain]!, PLAIN, y],
      [recall[review]!, LIGHT, y + 9],
      [recall[match]!, NEAR, y + 9],
    ] as const) {
      const width = (room * value).toFixed(1);
      parts.push(`<rect x="${left}" y="${top}" width="${width}" height="8" fill="${colour}"/>`);
    }
    parts.push(text(left + room + 8, y + 13, `${(100 * recall[match]!).toFixed(0)} %`));
  }
  return picture(height, 'Recall by family', parts);
}
