import type { CopyName } from '../copies-message.js';

const SVG = 'http://www.w3.org/2000/svg';

/** A hill under the sun, in a frame 24 wide and 18 high. */
const photo = (x: number, y: number, width = 24, height = 18): string =>
  `M${x} ${y}h${width}v${height}h-${width}z` +
  `M${x} ${y + height - 3}l${width / 3}-${height / 2}l${width / 3} ${height / 2}`;

/** The drawings of changed copies, as paths in a square of 48. */
const PATHS: Readonly<Record<CopyName, string>> = {
  smaller: `M6 10h36v28h-36z${photo(9, 22, 16, 12)}M40 13l-9 7m0-5v5h5`,
  again: `${photo(6, 6)}M18 30v12m-5-5l5 5l5-5M30 42h12`,
  cropped: 'M6 12h30v30M12 6v30h30M18 30l7-9l7 9',
  mirrored: 'M24 4v5m0 5v5m0 5v5m0 5v5M20 38v-28l-15 28zM28 38v-28l15 28z',
  captioned: `${photo(6, 8, 36, 30)}M12 32h24M12 27h15`,
  screenshot: `M13 3h22v42h-22zM16 9h12${photo(16, 14, 16, 14)}M20 34h12M20 39h8`,
  collage: `M6 6h36v36h-36zM24 6v36M6 24h36${photo(8, 9, 14, 12)}`,
  story: `M13 3h22v42h-22zM13 15h22M13 33h22M16 30l7-9l7 9`,
};

/** A line drawing of a kind of copy. Its words stand beside it. */
export function drawing(name: CopyName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 48 48');
  svg.setAttribute('class', 'drawing');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
