import type { CopiesReply, CopiesRequest, CopyName } from './copies-message.js';

/** The scope of the Worker; the types of the library describe that of a page. */
const scope = globalThis as unknown as {
  postMessage(reply: CopiesReply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<CopiesRequest>) => void): void;
};

scope.addEventListener('message', async ({ data }) => {
  try {
    scope.postMessage({ copies: await copiesOf(onWhite(data)) });
  } catch {
    scope.postMessage({ failed: true });
  }
});

function canvasOf(width: number, height: number) {
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(width)),
    Math.max(1, Math.round(height)),
  );
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.imageSmoothingQuality = 'high';
  return { canvas, context };
}

/** The picture on white, as JPEG has no transparency. */
function onWhite({ data, width, height }: CopiesRequest): OffscreenCanvas {
  const { canvas: picture, context: pixels } = canvasOf(width, height);
  pixels.putImageData(new ImageData(data, width, height), 0, 0);
  const { canvas, context } = canvasOf(width, height);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  return canvas;
}

async function copiesOf(from: OffscreenCanvas): Promise<Record<CopyName, Blob>> {
  const { width, height } = from;
  return {
    jpeg30: await jpeg(from, 0.3),
    half: await jpeg(part(from, 0, 0, width, height, 0.5)),
    caption: await jpeg(captioned(from)),
    mirror: await jpeg(mirrored(from)),
    square: await jpeg(squared(from)),
    crop5: await jpeg(cropped(from, 0.05)),
    crop10: await jpeg(cropped(from, 0.1)),
    crop20: await jpeg(cropped(from, 0.2)),
  };
}

function jpeg(canvas: OffscreenCanvas, quality = 0.85): Promise<Blob> {
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}

function part(from: OffscreenCanvas, x: number, y: number, w: number, h: number, factor = 1) {
  const { canvas, context } = canvasOf(w * factor, h * factor);
  context.drawImage(from, x, y, w, h, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function cropped(from: OffscreenCanvas, share: number): OffscreenCanvas {
  const { width, height } = from;
  const across = width * (1 - 2 * share);
  const down = height * (1 - 2 * share);
  return part(from, width * share, height * share, across, down);
}

/** The largest square about the centre. */
function squared(from: OffscreenCanvas): OffscreenCanvas {
  const { width, height } = from;
  const side = Math.min(width, height);
  return part(from, (width - side) >> 1, (height - side) >> 1, side, side);
}

function mirrored(from: OffscreenCanvas): OffscreenCanvas {
  const { canvas, context } = canvasOf(from.width, from.height);
  context.scale(-1, 1);
  context.drawImage(from, -from.width, 0);
  return canvas;
}

/** The picture with a dark band over its lower part, and white text in it. */
function captioned(from: OffscreenCanvas): OffscreenCanvas {
  const { canvas, context } = canvasOf(from.width, from.height);
  const { width, height } = canvas;
  context.drawImage(from, 0, 0);
  context.fillStyle = '#000';
  context.fillRect(0, height * 0.72, width, height * 0.14);
  context.fillStyle = '#fff';
  context.font = `bold ${Math.round(height * 0.09)}px sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText('LOOK AT THIS', width / 2, height * 0.79, width * 0.9);
  return canvas;
}
