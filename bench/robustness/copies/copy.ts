import type { CopyFamily, Edited, Materials, Transform } from '../edit.js';
import type { Raster } from '../raster.js';

/** Makes a copy of a photo. */
export type Make = (photo: Raster, materials: Materials) => Promise<Edited>;

/** The edits of a family, by name. */
export const copies = (family: CopyFamily, makes: Readonly<Record<string, Make>>): Transform[] =>
  Object.entries(makes).map(([name, apply]) => ({ name, family, apply }));
