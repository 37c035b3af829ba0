import type { Match, VideoMatch } from '../../matching/decision.js';
import { variantWords } from '../../node/report/match-report.js';
import { clock } from '../../node/report/time-line.js';
import type { Point, Rectangle, VariantGeometry } from '../../variant.js';

/**
 * The part of an upload that a hit is near, in plain words.
 * @param frame the picture as displayed; absent: its sides are not known
 */
export function placeOf({ entry, variant }: Match, frame: Rectangle | undefined): string {
  const { name, geometry, frame: number } = variant;
  const isOfVideo = name === 'frame' && entry.seconds !== undefined;
  const ofVideo = `the whole frame${number === undefined ? '' : `, number ${number}`}`;
  const words = isOfVideo ? ofVideo : variantWords(variant);
  return frame && geometry ? `${words}: ${sideAndShare(geometry, frame)}` : words;
}

function sideAndShare(geometry: VariantGeometry, { width, height }: Rectangle): string {
  const { rectangle, corners, angle = 0, dihedral = 'original' } = geometry;
  const middle = (at: number, length: number, of: number) => (at + length / 2) / of;
  const across = third(middle(rectangle.left, rectangle.width, width), 'left', 'right');
  const down = third(middle(rectangle.top, rectangle.height, height), 'top', 'bottom');
  const side = [down, across].filter((word) => word !== '').join(' ');
  const area = corners ? areaOf(corners) : rectangle.width * rectangle.height;
  const percent = Math.round((100 * area) / (width * height));
  const turn = Math.round(angle) % 360;
  return [
    percent >= 90
      ? 'nearly the whole picture'
      : `${side === '' ? 'in the middle' : `at the ${side}`}, ${percent < 1 ? 'less than 1' : `about ${percent}`} % of the picture`,
    ...(turn === 0
      ? []
      : [`turned ${Math.abs(turn)} degrees ${turn < 0 ? 'counter-' : ''}clockwise`]),
    ...(dihedral === 'original' ? [] : [variantWords({ name: dihedral })]),
  ].join(', ');
}

const third = (share: number, first: string, last: string) =>
  share < 1 / 3 ? first : share > 2 / 3 ? last : '';

/** By the shoelace formula. */
function areaOf(corners: readonly Point[]): number {
  const sum = corners.reduce((total, [x, y], at) => {
    const [nextX, nextY] = corners[(at + 1) % corners.length]!;
    return total + x * nextY - nextX * y;
  }, 0);
  return Math.abs(sum) / 2;
}

/** The moment that a hit is near, in plain words; undefined if its entry is no frame of a video. */
export function momentOf(
  { entry: { group, seconds }, distance }: Match,
  videos: readonly VideoMatch[] = [],
): string | undefined {
  if (seconds === undefined) return undefined;
  const inUpload = videos
    .find((video) => video.group === group)
    ?.moments.find((one) => one.listSeconds === seconds && one.distance === distance);
  const listed = `${clock(seconds, 1)} of the listed video`;
  return inUpload ? `${clock(inUpload.querySeconds, 1)} of the upload, ${listed}` : listed;
}

/** The moments of a listed video that an upload shows, in plain words. */
export function momentsOf({ moments }: VideoMatch): string | undefined {
  if (moments.length === 0) return undefined;
  const span = (times: readonly number[]) => {
    const ends = [clock(Math.min(...times), 1), clock(Math.max(...times), 1)];
    return [...new Set(ends)].join(' to ');
  };
  const ofUpload = span(moments.map(({ querySeconds }) => querySeconds));
  const ofList = span(moments.map(({ listSeconds }) => listSeconds));
  return `${ofUpload} of the upload, ${ofList} of the listed video`;
}
