/*
 * A copy of a video shows moments of the listed one in the same order, at one speed: they lie on a
 * line, query time = speed · list time + offset. Frames that are near by chance do not.
 */

/** A moment of the list and one of the upload that look the same. */
export interface Moment {
  readonly listSeconds: number;
  readonly querySeconds: number;
  readonly distance: number;
}

export interface Line<T extends Moment> {
  readonly speed: number;
  readonly offset: number;
  /** for each moment of the list on the line, the nearest in bits; in order of the list's time */
  readonly on: readonly T[];
}

/** The speeds at which people upload a video again, with a margin: 0.8 to 1.25. */
const SLOWEST = 0.75;
const FASTEST = 1.35;
/** The farthest from the line, in seconds. */
const TOLERANCE = 0.35;
/** Moments of one frame of the list, by the seconds between them, of which the nearest is kept. */
const BIN = 0.1;
/** The moments that lines are drawn through: 2,016 lines at most. */
const THROUGH = 64;

/**
 * The line with the most moments of the list; of these, the one whose moments are nearest.
 * @returns undefined if there is no moment
 */
export function lineOf<T extends Moment>(moments: readonly T[]): Line<T> | undefined {
  const thinned = thin(moments);
  const [first] = thinned;
  if (first === undefined) return undefined;
  const through = spread(thinned);
  let best: Line<T> = lineAt(thinned, 1, first.querySeconds - first.listSeconds);
  const consider = (speed: number, offset: number) => {
    const line = lineAt(thinned, speed, offset);
    if (isBetter(line, best)) best = line;
  };
  for (const a of through) {
    consider(1, a.querySeconds - a.listSeconds);
    for (const b of through) {
      const apart = b.listSeconds - a.listSeconds;
      // Two moments this near would give any speed.
      if (apart < 2 * TOLERANCE) continue;
      const speed = (b.querySeconds - a.querySeconds) / apart;
      if (speed < SLOWEST || speed > FASTEST) continue;
      consider(speed, a.querySeconds - speed * a.listSeconds);
    }
  }
  const fitted = leastSquares(best.on);
  if (fitted) consider(fitted.speed, fitted.offset);
  return best;
}

const sumOf = (on: readonly Moment[]) => on.reduce((sum, { distance }) => sum + distance, 0);

const isBetter = (a: Line<Moment>, b: Line<Moment>) =>
  a.on.length > b.on.length || (a.on.length === b.on.length && sumOf(a.on) < sumOf(b.on));

/** The nearest of the moments of each frame of the list in each tenth of a second. */
function thin<T extends Moment>(moments: readonly T[]): T[] {
  const kept = new Map<string, T>();
  for (const moment of moments) {
    const key = `${moment.listSeconds} ${Math.floor(moment.querySeconds / BIN)}`;
    const there = kept.get(key);
    if (there === undefined || moment.distance < there.distance) kept.set(key, moment);
  }
  return [...kept.values()].sort((a, b) => a.listSeconds - b.listSeconds);
}

/** Moments that are near and cover the whole list: the nearest of each, then the next ones. */
function spread<T extends Moment>(moments: readonly T[]): T[] {
  const ranks = new Map<number, T[]>();
  for (const moment of moments) {
    const there = ranks.get(moment.listSeconds) ?? [];
    ranks.set(moment.listSeconds, there);
    there.push(moment);
  }
  const byFrame = [...ranks.values()].map((own) => own.sort((a, b) => a.distance - b.distance));
  const step = Math.max(1, byFrame.length / THROUGH);
  const chosen: T[] = [];
  for (let rank = 0; chosen.length < THROUGH; rank++) {
    const before = chosen.length;
    for (let at = 0; at < byFrame.length && chosen.length < THROUGH; at += step) {
      const moment = byFrame[Math.floor(at)]![rank];
      if (moment) chosen.push(moment);
    }
    if (chosen.length === before) break;
  }
  return chosen;
}

/** @param moments in order of the list's time */
function lineAt<T extends Moment>(moments: readonly T[], speed: number, offset: number): Line<T> {
  const on: T[] = [];
  for (const moment of moments) {
    const { listSeconds, querySeconds, distance } = moment;
    if (Math.abs(querySeconds - (speed * listSeconds + offset)) > TOLERANCE) continue;
    const last = on[on.length - 1];
    if (last?.listSeconds !== listSeconds) on.push(moment);
    else if (distance < last.distance) on[on.length - 1] = moment;
  }
  return { speed, offset, on };
}

/** The line of least squares; undefined if its speed is out of range. */
function leastSquares(on: readonly Moment[]): { speed: number; offset: number } | undefined {
  const count = on.length;
  const meanOf = (of: (moment: Moment) => number) => on.reduce((sum, m) => sum + of(m), 0) / count;
  const list = meanOf((moment) => moment.listSeconds);
  const query = meanOf((moment) => moment.querySeconds);
  const across = meanOf((moment) => (moment.listSeconds - list) ** 2);
  const along = meanOf((moment) => (moment.listSeconds - list) * (moment.querySeconds - query));
  const speed = along / across;
  if (!(speed >= SLOWEST && speed <= FASTEST)) return undefined;
  return { speed, offset: query - speed * list };
}
