/** The parts of a bar, in the order in which a picture passes them. */
export const STAGES = [
  'decode',
  'planes',
  'detectors',
  'hashing',
  'search',
  'collection',
  'other',
] as const;
export type Stage = (typeof STAGES)[number];

/** Milliseconds of each stage, in one form. */
export interface Bar {
  readonly size: string;
  readonly form: string;
  readonly stages: Readonly<Record<Stage, number>>;
}

const WIDTH = 940;
const LEFT = 150;
const RIGHT = 80;
const TOP = 70;
const BAR = 20;
/** Okabe and Ito, as in the plot of the index; by stage. */
const COLOURS = ['#999999', '#56b4e9', '#e69f00', '#0072b2', '#009e73', '#d55e00', '#cc79a7'];

/** Stacked bars: the time of one picture by its stages, for each size in each form. */
export function plotStages(bars: readonly Bar[]): string {
  const total = ({ stages }: Bar) =>
    STAGES.reduce((sum, stage) => sum + lengthOf(stages[stage]), 0);
  const most = Math.max(...bars.map(total));
  const unit = (WIDTH - LEFT - RIGHT) / most;
  const step =
    10 ** Math.floor(Math.log10(most)) / (most / 10 ** Math.floor(Math.log10(most)) < 4 ? 4 : 1);
  let y = TOP;
  const rows = bars.map((bar, at) => {
    const isFirst = bar.size !== bars[at - 1]?.size;
    if (isFirst && at > 0) y += 14;
    let x = LEFT;
    const parts = STAGES.map((stage, i) => {
      const width = unit * lengthOf(bar.stages[stage]);
      const part = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 4}" fill="${COLOURS[i]}"/>`;
      x += width;
      return part;
    });
    const line = y + 12;
    const size = isFirst
      ? `<text x="70" y="${line}" text-anchor="end" font-weight="bold">${bar.size}</text>`
      : '';
    const label = `<text x="${LEFT - 6}" y="${line}" text-anchor="end">${bar.form}</text>`;
    y += BAR;
    return `${size}${label}${parts.join('')}<text x="${(x + 6).toFixed(1)}" y="${line}">${total(bar).toFixed(1)} ms</text>`;
  });
  const grid: string[] = [];
  for (let ms = 0; ms <= most; ms += step) {
    const x = (LEFT + unit * ms).toFixed(1);
    grid.push(
      `<line x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${y}" stroke="#ddd"/><text x="${x}" y="${y + 16}" text-anchor="middle">${Number(ms.toPrecision(3))}</text>`,
    );
  }
  const legend = STAGES.map((stage, i) => {
    const x = LEFT + i * 100;
    return `<rect x="${x}" y="38" width="12" height="12" fill="${COLOURS[i]}"/><text x="${x + 18}" y="48">${stage}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 26}" font-family="sans-serif" font-size="12" fill="#333">
<title>Time of a check by its stages, for pictures of ${[...new Set(bars.map(({ size }) => size))].join(', ')}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="24" font-weight="bold">A check of a JPEG photo by thorough, in milliseconds</text>
${grid.join('\n')}
${rows.join('\n')}
${legend.join('\n')}
</svg>
`;
}

/** What is unaccounted for may be less than nothing. */
const lengthOf = (milliseconds: number) => Math.max(0, milliseconds);
