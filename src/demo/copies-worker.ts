import type { CopiesReply, CopiesRequest, CopyName } from './copies-message.js';

/** Sides of the copies: what people share is no larger, and a phone has memory for it. */
const LONGEST_SIDE = 1024;
const BLURRED_SIDE = 10;

/** The Worker's own scope; the library's types know the page's. */
const scope = globalThis as unknown as {
  postMessage(reply: CopiesReply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<CopiesRequest>) => void): void;
};

scope.addEventListener('message', async ({ data }) => {
  try {
    const bitmap = await createImageBitmap(new Blob([data.bytes]));
    const reply: CopiesReply =
      data.wanted === 'copies'
        ? { copies: await copiesOf(scaled(bitmap)) }
        : { blurred: await blurredOf(bitmap) };
    bitmap.close();
    scope.postMessage(reply);
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

/** The picture as it is shared: on white, its longest side at most 1024. */
function scaled(bitmap: ImageBitmap): OffscreenCanvas {
  const factor = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const { canvas, context } = canvasOf(bitmap.width * factor, bitmap.height * factor);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function copiesOf(from: OffscreenCanvas): Promise<Record<CopyName, ArrayBuffer>> {
  const { width, height } = from;
  return {
    jpeg30: await jpeg(from, 0.3),
    half: await jpeg(part(from, 0, 0, width, height, 0.5)),
    caption: await jpeg(captioned(from)),
    mirror: await jpeg(mirrored(from)),
    crop5: await jpeg(cropped(from, 0.05)),
    crop10: await jpeg(cropped(from, 0.1)),
    crop20: await jpeg(cropped(from, 0.2)),
  };
}

async function jpeg(canvas: OffscreenCanvas, quality = 0.85): Promise<ArrayBuffer> {
  return await (await canvas.convertToBlob({ type: 'image/jpeg', quality })).arrayBuffer();
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

function mirrored(from: OffscreenCanvas): OffscreenCanvas {
  const { canvas, context } = canvasOf(from.width, from.height);
  context.scale(-1, 1);
  context.drawImage(from, -from.width, 0);
  return canvas;
}

/** A dark band over the lower part, with white words in it. */
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

/** Ten samples a side, blown up: no face and no word is left. */
async function blurredOf(bitmap: ImageBitmap): Promise<ArrayBuffer> {
  let canvas = scaled(bitmap);
  // By halves: a browser that shrinks in one step takes single pixels.
  while (Math.max(canvas.width, canvas.height) > 2 * BLURRED_SIDE) {
    canvas = part(canvas, 0, 0, canvas.width, canvas.height, 0.5);
  }
  const small = sidesOf(bitmap, BLURRED_SIDE);
  canvas = part(canvas, 0, 0, canvas.width, canvas.height, small[0] / canvas.width);
  const large = part(canvas, 0, 0, canvas.width, canvas.height, 16);
  return await (await large.convertToBlob({ type: 'image/png' })).arrayBuffer();
}

function sidesOf({ width, height }: ImageBitmap, longest: number): [number, number] {
  const factor = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * factor)), Math.max(1, Math.round(height * factor))];
}
