/** A sample of a picture or a plane, whose borders are repeated outside. */
export const sampleAt = (
  data: ArrayLike<number>,
  sides: { width: number; height: number; channels?: number },
  x: number,
  y: number,
  channel = 0,
): number => {
  const { width, height, channels = 1 } = sides;
  const column = Math.max(0, Math.min(x, width - 1));
  const row = Math.max(0, Math.min(y, height - 1));
  return data[(row * width + column) * channels + channel]!;
};

/** Mean of a channel over the four pixels of a square half way from its centre to its corners. */
export function meanOfSquare(
  data: ArrayLike<number>,
  sides: { width: number; height: number; channels: number },
  scale: number,
  x: number,
  y: number,
  channel: number,
): number {
  const near = Math.floor((scale - 1) / 4);
  const places = [near, scale - 1 - near];
  const samples = places.flatMap((down) =>
    places.map((right) => sampleAt(data, sides, scale * x + right, scale * y + down, channel)),
  );
  return samples.reduce((sum, sample) => sum + sample, 0) / 4;
}

/** Pixel `i` of the `away`-th of `depth` lines beyond a line of values; `away` 0 is the line. */
export function extended(line: readonly number[], i: number, away: number, depth: number): number {
  const near = line.filter((_, at) => Math.abs(at - i) <= away);
  const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
  return away === 0 ? mean : mean * (1 - away / depth);
}
