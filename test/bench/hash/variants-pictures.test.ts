import { expect, test } from 'vitest';
import { picturesByKind } from '../../../bench/hash/variants-pictures.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';

test('pictures of 1 megapixel, in which detectors find what no photo contains', async () => {
  const kinds = await picturesByKind(2);
  const names = (kind: string) =>
    new Set(
      kinds.get(kind)!.flatMap((pixels) => {
        expect(Math.abs(pixels.width * pixels.height - 1e6)).toBeLessThan(2000);
        return [...variantsOf(pixels, { variants: 'thorough' })].map(({ name }) => name);
      }),
    );
  expect([...kinds.keys()]).toEqual(['squares', 'screenshots', 'collages', 'tilted prints']);
  for (const pixels of kinds.get('squares')!) expect(pixels.width).toBe(pixels.height);
  for (const kind of ['screenshots', 'collages']) expect(names(kind)).toContain('box');
  expect(names('collages')).toContain('unturn');
  expect(names('tilted prints')).toContain('quadrilateral');
  // Photos have none of these, or there would be no need. A bright thing on dark may be a box.
  for (const name of ['unturn', 'quadrilateral']) {
    expect(names('squares')).not.toContain(name);
  }
});
