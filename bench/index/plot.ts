/** The time of one engine on one list at one distance. */
export interface Measured {
  readonly data: string;
  readonly count: number;
  readonly maxDistance: number;
  readonly engine: string;
  readonly microseconds: number;
  /** this engine's time / ours */
  readonly ratio: number;
}

/** Another engine's time at distance 31, as a multiple of ours, for each kind of data. */
export interface RatiosAtUsual {
  readonly engine: string;
  /** size of the largest list that was measured of every kind of data */
  readonly count: number;
  readonly uniform?: number;
  readonly clustered?: number;
  readonly realistic?: number;
  readonly adversarial?: number;
}

/** The figures that are quoted, with all kinds of data side by side. */
export function ratiosAtUsual(measured: readonly Measured[]): RatiosAtUsual[] {
  const usual = measured.filter(({ maxDistance }) => maxDistance === 31);
  const kinds = new Set(usual.map(({ data }) => data));
  const common = usual.filter(({ count }) =>
    [...kinds].every((kind) => usual.some((each) => each.data === kind && each.count === count)),
  );
  const count = Math.max(...common.map((each) => each.count));
  const largest = common.filter((each) => each.count === count);
  const [ours, ...others] = new Set(largest.map(({ engine }) => engine));
  return ours === undefined
    ? []
    : others.map((engine) => ({
        engine,
        count,
        ...Object.fromEntries(
          largest.filter((each) => each.engine === engine).map(({ data, ratio }) => [data, ratio]),
        ),
      }));
}

const WIDTH = 470;
const HEIGHT = 360;
const MARGIN = { left: 62, right: 32, top: 44, bottom: 34 };
/** Colours that stay apart for colour-blind readers (Okabe and Ito), ours first. */
const COLOURS = ['#0072b2', '#56b4e9', '#999999', '#e69f00', '#d55e00', '#cc79a7', '#009e73'];

/** Two panels, both of uniform lists: time against the size of the list at distance 31, and against distance. */
export function plotIndex(measured: readonly Measured[]): string {
  const uniform = measured.filter(({ data }) => data === 'uniform');
  const engines = [...new Set(uniform.map(({ engine }) => engine))];
  const largest = Math.max(...uniform.map(({ count }) => count));
  const panels = [
    panel(
      'at distance 31, by size of the list',
      uniform.filter(({ maxDistance }) => maxDistance === 31),
      ({ count }) => Math.log10(count),
      (value) => (10 ** value).toLocaleString('en'),
      engines,
    ),
    panel(
      `of ${largest.toLocaleString('en')} hashes, by distance`,
      uniform.filter(({ count }) => count === largest),
      ({ maxDistance }) => maxDistance,
      String,
      engines,
    ),
  ];
  const legend = engines.map((engine, i) => {
    const [x, y] = [MARGIN.left + (i % 3) * 300, HEIGHT + 14 + 20 * Math.floor(i / 3)];
    return `<line x1="${x}" y1="${y}" x2="${x + 22}" y2="${y}" ${strokeOf(i)} stroke-width="2.5"/><text x="${x + 28}" y="${y + 4}">${escaped(engine)}</text>`;
  });
  const height = HEIGHT + 12 + 20 * Math.ceil(engines.length / 3);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#333">
<title>Time of a query, by size of the list and by distance</title>
<rect width="100%" height="100%" fill="#fff"/>
${panels.map((body, i) => `<g transform="translate(${i * WIDTH} 0)">${body}</g>`).join('\n')}
${legend.join('\n')}
</svg>
`;
}

/** The stroke of an engine's line. After the last colour they begin again, dashed. */
function strokeOf(engine: number): string {
  const dashes = engine < COLOURS.length ? '' : ' stroke-dasharray="6 3"';
  return `stroke="${COLOURS[engine % COLOURS.length]}"${dashes}`;
}

function panel(
  title: string,
  points: readonly Measured[],
  xOf: (point: Measured) => number,
  label: (value: number) => string,
  engines: readonly string[],
): string {
  const xs = [...new Set(points.map(xOf))].sort((a, b) => a - b);
  const logs = points.map(({ microseconds }) => Math.log10(microseconds));
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  const place = (value: number, from: number, to: number, start: number, end: number) =>
    start + ((value - from) / (to - from || 1)) * (end - start);
  const x = (value: number) =>
    place(value, xs[0]!, xs.at(-1)!, MARGIN.left, WIDTH - MARGIN.right).toFixed(1);
  const y = (value: number) =>
    place(value, low, high, HEIGHT - MARGIN.bottom, MARGIN.top).toFixed(1);
  const rows: string[] = [];
  for (let power = low; power <= high; power++) {
    rows.push(
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(power)}" y2="${y(power)}" stroke="#ddd"/>`,
      `<text x="${MARGIN.left - 6}" y="${Number(y(power)) + 4}" text-anchor="end">${timeLabel(power)}</text>`,
    );
  }
  const columns = xs.map(
    (value) =>
      `<text x="${x(value)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${label(value)}</text>`,
  );
  const lines = engines.map((engine, i) => {
    const own = points.filter((point) => point.engine === engine);
    const at = own
      .map((point) => `${x(xOf(point))},${y(Math.log10(point.microseconds))}`)
      .join(' ');
    const colour = COLOURS[i % COLOURS.length];
    const dots = own.map(
      (point) =>
        `<circle cx="${x(xOf(point))}" cy="${y(Math.log10(point.microseconds))}" r="3" fill="${colour}"/>`,
    );
    return `<polyline points="${at}" fill="none" ${strokeOf(i)} stroke-width="${i === 0 ? 3 : 1.5}"/>${dots.join('')}`;
  });
  return `<text x="${MARGIN.left}" y="24" font-weight="bold">A query ${escaped(title)}</text>${rows.join('')}${columns.join('')}${lines.join('')}`;
}

const timeLabel = (power: number) =>
  power < 0
    ? `${10 ** (power + 3)} ns`
    : power < 3
      ? `${10 ** power} us`
      : power < 6
        ? `${10 ** (power - 3)} ms`
        : `${10 ** (power - 6)} s`;

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
