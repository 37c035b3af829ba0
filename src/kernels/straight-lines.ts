/*
 * Straight edges near to upright or to level, by a Hough transform in which a point of an edge
 * votes only for lines that run about as the edge does there. All is said of upright lines; level
 * ones are the same with x and y exchanged. A line is x = offset + slope (y - half the height).
 */

/** The steepest slope of a line: 25 degrees. */
const STEEPEST = 0.47;
/** How far the slope of an edge at a point may be from that of the line. */
const SLACK = 0.08;
/** How far a point may lie from its line, in pixels. */
const REACH = 1.2;
/** Slopes that are told apart, a unit: 200 rows from the middle they are 2.5 pixels apart. */
const SLOPES = 80;
/** Points that a line is fitted to at least. */
const FEWEST = 8;

/** The points of upright edges of a plane: where luma changes most from left to right. */
export interface Edges {
  readonly rows: number;
  readonly length: number;
  /** of pixel x of row y, at y · length + x: the number of its point, from 1; 0 if it has none */
  readonly numbers: Int32Array;
  /** of each point, by its number: where it lies, to parts of a pixel; the first spans 0…1 */
  readonly x: Float32Array;
  readonly y: Int16Array;
  readonly slope: Float32Array;
  /** votes that it has: 1, 2 or 3, the more the greater the change */
  readonly votes: Int8Array;
  count: number;
}

/** Edges without points, with room for so many. */
export function noEdges(length: number, rows: number, room: number): Edges {
  return {
    rows,
    length,
    numbers: new Int32Array(length * rows),
    x: new Float32Array(room + 1),
    y: new Int16Array(room + 1),
    slope: new Float32Array(room + 1),
    votes: new Int8Array(room + 1),
    count: 0,
  };
}

/**
 * How much luma changes from a pixel to the next, by Sobel's operators; 0 on the border.
 * @param across change from left to right; overwritten inside the border
 * @param down change from above to below; the same
 */
export function changes(
  luma: Float32Array,
  width: number,
  height: number,
  across: Float32Array,
  down: Float32Array,
): void {
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1, end = (y + 1) * width - 1; i < end; i++) {
      const falling = luma[i + width + 1]! - luma[i - width - 1]!;
      const rising = luma[i - width + 1]! - luma[i + width - 1]!;
      across[i] = (falling + rising + 2 * (luma[i + 1]! - luma[i - 1]!)) / 8;
      down[i] = (falling - rising + 2 * (luma[i + width]! - luma[i - width]!)) / 8;
    }
  }
}

/**
 * Finds the points of edges that may be of a line: each the steepest of three neighbours.
 * @param least change that is an edge; twice and four times as much have more votes
 * @param upright of the plane's sides; overwritten
 * @param level of the plane with x and y exchanged, with as much room; overwritten
 * @returns false if there is no room for all: then some are missing
 */
export function findEdges(
  across: Float32Array,
  down: Float32Array,
  least: number,
  upright: Edges,
  level: Edges,
): boolean {
  const { length: width, rows: height } = upright;
  const room = upright.x.length - 1;
  const steepest = STEEPEST + SLACK;
  upright.numbers.fill(0);
  level.numbers.fill(0);
  upright.count = 0;
  level.count = 0;
  for (let y = 1; y < height - 1; y++) {
    // A row adds at most as many as it has pixels.
    if (upright.count + level.count + width > room) return false;
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) {
      const dx = Math.abs(across[i]!);
      const dy = Math.abs(down[i]!);
      if (dx >= least && dy <= steepest * dx) {
        const before = Math.abs(across[i - 1]!);
        const after = Math.abs(across[i + 1]!);
        if (dx > before && dx >= after) {
          const number = addPoint(upright, x + peak(before, dx, after), y, dx / least);
          upright.slope[number] = -down[i]! / across[i]!;
          upright.numbers[i] = number;
        }
      } else if (dy >= least && dx <= steepest * dy) {
        const before = Math.abs(down[i - width]!);
        const after = Math.abs(down[i + width]!);
        if (dy > before && dy >= after) {
          const number = addPoint(level, y + peak(before, dy, after), x, dy / least);
          level.slope[number] = -across[i]! / down[i]!;
          level.numbers[x * height + y] = number;
        }
      }
    }
  }
  return true;
}

/** Where a parabola through three values is highest; the second stands at 0.5. */
const peak = (before: number, here: number, after: number) =>
  0.5 + (after - before) / (2 * (2 * here - before - after));

function addPoint(edges: Edges, x: number, y: number, size: number): number {
  const number = ++edges.count;
  edges.x[number] = x;
  edges.y[number] = y;
  edges.votes[number] = size >= 4 ? 3 : size >= 2 ? 2 : 1;
  return number;
}

/** Votes for lines, a row for each slope. */
export interface Ballot {
  readonly edges: Edges;
  /** no more than two points of each row of the plane vote for a line */
  readonly counts: Int16Array;
  /** the offset at which the first column begins; each spans a pixel */
  readonly first: number;
  readonly columns: number;
  readonly slopes: number;
  /** of each row the column with the most votes, and these: twice its own, and its neighbours' */
  readonly best: Int32Array;
  readonly most: Int32Array;
}

/** The votes of all points. */
export function ballotOf(edges: Edges): Ballot {
  // A line may be beside the plane at half the height.
  const beyond = Math.ceil(((STEEPEST + SLACK) * edges.rows) / 2) + 2;
  const columns = edges.length + 2 * beyond;
  const slopes = 2 * Math.round(STEEPEST * SLOPES) + 1;
  const ballot: Ballot = {
    edges,
    counts: new Int16Array(columns * slopes),
    first: -beyond,
    columns,
    slopes,
    best: new Int32Array(slopes),
    most: new Int32Array(slopes),
  };
  for (let point = 1; point <= edges.count; point++) vote(ballot, point, edges.votes[point]!);
  findMost(ballot, 0, slopes - 1);
  return ballot;
}

/** Adds votes to each line that a point may be of. */
function vote({ edges, counts, first, columns, slopes }: Ballot, point: number, votes: number) {
  const slope = edges.slope[point]!;
  const half = slopes >> 1;
  const from = Math.max(0, Math.ceil((slope - SLACK) * SLOPES) + half);
  const to = Math.min(slopes - 1, Math.floor((slope + SLACK) * SLOPES) + half);
  const above = (edges.rows / 2 - edges.y[point]! - 0.5) / SLOPES;
  const x = edges.x[point]! - first;
  for (let row = from; row <= to; row++) {
    counts[row * columns + ((x + (row - half) * above) | 0)]! += votes;
  }
}

/** Finds the most votes of each of some rows. */
function findMost({ counts, columns, best, most }: Ballot, from: number, to: number): void {
  for (let row = from; row <= to; row++) {
    const start = row * columns;
    let highest = 0;
    let found = 1;
    let before = counts[start]!;
    let here = counts[start + 1]!;
    for (let column = 1; column < columns - 1; column++) {
      const after = counts[start + column + 1]!;
      const votes = before + 2 * here + after;
      if (votes > highest) {
        highest = votes;
        found = column;
      }
      before = here;
      here = after;
    }
    best[row] = found;
    most[row] = highest;
  }
}

/** A line and where it has points. */
export interface StraightLine {
  offset: number;
  slope: number;
  /** of each row, and one more, how many rows above it have a point on the line */
  readonly points: Int16Array;
}

/**
 * Takes the line with the most votes, fitted to its points, which then vote no more.
 * @param least votes that it has at least, counted as in `most`
 * @returns `undefined` if there is none
 */
export function takeLine(ballot: Ballot, least: number): StraightLine | undefined {
  const { edges, counts, first, columns, slopes, best, most } = ballot;
  let row = 0;
  for (let i = 1; i < slopes; i++) if (most[i]! > most[row]!) row = i;
  if (most[row]! < least) return undefined;
  const line: StraightLine = {
    offset: first + best[row]! + 0.5,
    slope: (row - (slopes >> 1)) / SLOPES,
    points: new Int16Array(edges.rows + 1),
  };
  // A better line has other points: at the third time it has come to rest.
  for (let times = 0; times < 3; times++) fitLine(edges, line, 0, edges.rows);
  for (let y = 0, count = 0; y < edges.rows; y++) {
    const point = pointOn(edges, line, y);
    if (point > 0) {
      vote(ballot, point, -edges.votes[point]!);
      count++;
    }
    line.points[y + 1] = count;
  }
  // So that it ends, even if other points than those on the line had the votes.
  counts.fill(0, row * columns + best[row]! - 1, row * columns + best[row]! + 2);
  findMost(ballot, row, row);
  const middle = Math.round(line.slope * SLOPES) + (slopes >> 1);
  const around = Math.ceil(3 * SLACK * SLOPES) + 1;
  findMost(ballot, Math.max(0, middle - around), Math.min(slopes - 1, middle + around));
  return line;
}

/** Fits a line to its points in the rows `from` to `to` - 1, by least squares. */
export function fitLine(edges: Edges, line: StraightLine, from: number, to: number): void {
  let count = 0;
  let sumX = 0;
  let sumY = 0;
  let squares = 0;
  let products = 0;
  for (let y = Math.max(0, from); y < Math.min(to, edges.rows); y++) {
    const point = pointOn(edges, line, y);
    if (point === 0) continue;
    const x = edges.x[point]!;
    const below = y + 0.5 - edges.rows / 2;
    count++;
    sumX += x;
    sumY += below;
    squares += below * below;
    products += below * x;
  }
  if (count < FEWEST) return;
  line.slope = (count * products - sumX * sumY) / (count * squares - sumY * sumY);
  line.offset = (sumX - line.slope * sumY) / count;
}

/** The number of the point of a row that is nearest to a line and may be of it; 0: none. */
function pointOn(edges: Edges, line: StraightLine, y: number): number {
  const { length, numbers } = edges;
  const x = line.offset + line.slope * (y + 0.5 - edges.rows / 2);
  const middle = Math.floor(x);
  const end = Math.min(middle + 1, length - 1);
  let nearest = REACH;
  let found = 0;
  for (let column = Math.max(0, middle - 1); column <= end; column++) {
    const point = numbers[y * length + column]!;
    if (point === 0 || Math.abs(edges.slope[point]! - line.slope) > 2 * SLACK) continue;
    const away = Math.abs(edges.x[point]! - x);
    if (away <= nearest) {
      nearest = away;
      found = point;
    }
  }
  return found;
}

/**
 * Reduces luma to one value for each square of `factor` pixels a side: the mean of four of its
 * pixels, half way from its centre to its corners. What is left over at the right and below is not
 * looked at.
 * @param stride pixels a row of `luma`
 * @param out of `width` pixels a row; overwritten
 */
export function reduceLuma(
  luma: Float32Array,
  stride: number,
  factor: number,
  width: number,
  out: Float32Array,
): void {
  const near = (factor - 1) >> 2;
  const far = factor - 1 - near;
  for (let to = 0, row = 0; to < out.length; row += factor * stride) {
    let upper = row + near * stride;
    let lower = row + far * stride;
    for (const end = to + width; to < end; to++, upper += factor, lower += factor) {
      const above = luma[upper + near]! + luma[upper + far]!;
      out[to] = (above + luma[lower + near]! + luma[lower + far]!) / 4;
    }
  }
}
