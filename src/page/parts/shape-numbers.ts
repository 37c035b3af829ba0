import type { HashedFile } from '../../browser/index.js';
import type { HashedVariant } from '../../index.js';

/** A number of a picture for copies cut to one shape. */
export interface ShapeNumber {
  /** width and height, as people write them: `4:5` */
  readonly shape: string;
  readonly variant: HashedVariant;
}

/** The numbers of a picture for copies cut to another shape; none if not requested. */
export function shapeNumbers({ variants }: HashedFile): ShapeNumber[] {
  return variants.flatMap((variant) => {
    const [, width, height] = /^window(\d+)x(\d+)$/.exec(variant.name) ?? [];
    return width === undefined ? [] : [{ shape: `${width}:${height}`, variant }];
  });
}
