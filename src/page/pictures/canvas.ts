import type { DisplayedPixels } from '../../browser/index.js';
import { type Hash, pdqOutline } from '../../index.js';
import { h } from '../parts/element.js';

/** Shows pixels and never reads them back, so tracking protection does not alter them. */
export function pixelCanvas(
  { data, width, height }: Pick<DisplayedPixels, 'data' | 'width' | 'height'>,
  kind: 'outline' | 'blurred',
  label: string,
): HTMLElement {
  const canvas = h('canvas', {
    width: String(width),
    height: String(height),
    class: kind,
    role: 'img',
    'aria-label': label,
  });
  canvas.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/** The outline that a hash reveals. */
export function outlineCanvas(hash: Hash, label: string): HTMLElement {
  const { data: greys, width, height } = pdqOutline(hash);
  const data = new Uint8ClampedArray(4 * greys.length).fill(255);
  for (let i = 0; i < greys.length; i++) data.fill(greys[i]!, 4 * i, 4 * i + 3);
  return pixelCanvas({ data, width, height }, 'outline', label);
}
