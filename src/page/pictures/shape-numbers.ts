import type { HashedFile } from '../../browser/index.js';
import type { HashedVariant, VariantName } from '../../index.js';

/** True for the name of a number for copies cut to one shape. */
export const isShape = (name: VariantName): boolean => name.startsWith('window');

/** The numbers of a picture for copies cut to another shape; a picture of that shape has none. */
export const shapeNumbers = ({ variants }: HashedFile): HashedVariant[] =>
  variants.filter(({ name }) => isShape(name));
