import { hash } from '../../browser/index.js';
import type { HashedVariant, VariantName } from '../../index.js';
import type { HashedPicture } from '../parts/session.js';
import { hasherUrl } from '../worker-urls.js';

/** True for the name of a number for copies cut to one shape. */
export const isShape = (name: VariantName): boolean => name.startsWith('window');

/** The numbers of a picture for copies cut to another shape; none if they cannot be made. */
export async function shapesOf(picture: HashedPicture): Promise<readonly HashedVariant[]> {
  if (picture.shapes) return picture.shapes;
  try {
    const options = { workerUrl: hasherUrl(), exact: true, crops: true };
    const { variants } = await hash(picture.file, options);
    picture.shapes = variants.filter(({ name }) => isShape(name));
  } catch {
    return [];
  }
  return picture.shapes;
}
