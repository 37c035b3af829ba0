import type { HashedVariant, Point, VariantGeometry, VariantName } from '../../src/variant.js';

/** The place that the matching variant gives the photo, compared with the true one. */
export interface Placement {
  readonly variant: VariantName;
  /**
   * each side or, where either has them, each corner is within 2 pixels; of an angle, where it
   * tells one of a photo that was turned, within half a degree
   */
  readonly right: boolean;
  /**
   * no corner is off by more than a fiftieth of the photo's diagonal, and the dihedral form is
   * right
   */
  readonly near: boolean;
}

const PIXELS = 2;
const DEGREES = 0.5;
const NEAR = 1 / 50;

/** Compares a variant's place with the truth; `undefined` if it has no place. */
export function placementOf(
  { name, geometry: told }: HashedVariant,
  truth: VariantGeometry,
): Placement | undefined {
  if (told === undefined) return undefined;
  const sameWay = (told.dihedral ?? 'original') === (truth.dihedral ?? 'original');
  const angle = Math.abs((told.angle ?? 0) - (truth.angle ?? 0));
  const hasAngle = truth.angle !== undefined && told.corners === undefined;
  const hasCorners = (told.corners ?? truth.corners) !== undefined;
  const right = hasAngle
    ? angle <= DEGREES
    : angle === 0 && (hasCorners ? cornerError : sideError)(told, truth) <= PIXELS;
  const { width, height } = truth.rectangle;
  return {
    variant: name,
    right: sameWay && right,
    near: sameWay && cornerError(told, truth) <= NEAR * Math.hypot(width, height),
  };
}

function sideError({ rectangle: a }: VariantGeometry, { rectangle: b }: VariantGeometry): number {
  return Math.max(
    Math.abs(a.left - b.left),
    Math.abs(a.top - b.top),
    Math.abs(a.left + a.width - b.left - b.width),
    Math.abs(a.top + a.height - b.top - b.height),
  );
}

function cornerError(a: VariantGeometry, b: VariantGeometry): number {
  const others = corners(b);
  return Math.max(
    ...corners(a).map(([x, y], at) => Math.hypot(x - others[at]![0], y - others[at]![1])),
  );
}

function corners({ rectangle, angle = 0, corners: told }: VariantGeometry): readonly Point[] {
  if (told !== undefined) return told;
  const { left, top, width, height } = rectangle;
  const cosine = Math.cos((angle * Math.PI) / 180);
  const sine = Math.sin((angle * Math.PI) / 180);
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([across, down]) => {
    const dx = (across! * width) / 2;
    const dy = (down! * height) / 2;
    return [
      left + width / 2 + dx * cosine - dy * sine,
      top + height / 2 + dx * sine + dy * cosine,
    ] as const;
  });
}
