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
    smaller: await jpeg(part(from, 0, 0, width, height, 0.5)),
    again: await jpeg(from, 0.3),
    captioned: await jpeg(captioned(from)),
    mirrored: await jpeg(mirrored(from)),
    cropped: await jpeg(part(from, width * 0.1, height * 0.1, width * 0.8, height * 0.8)),
    screenshot: await jpeg(screenshot(from)),
    collage: await jpeg(collage(from)),
    story: await jpeg(story(from)),
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

/** Sides of a phone's screen, and of a story. */
const SCREEN = [720, 1280] as const;

/** A canvas of a phone's screen in one colour, and the scale at which a picture fits `most` of it. */
function phone(colour: string, { width, height }: OffscreenCanvas, most: number) {
  const { canvas, context } = canvasOf(...SCREEN);
  context.fillStyle = colour;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const scale = Math.min((most * canvas.width) / width, (0.7 * canvas.height) / height);
  return { canvas, context, scale };
}

/** The picture in a chat on a phone: a bar, the picture, and two answers. */
function screenshot(from: OffscreenCanvas): OffscreenCanvas {
  const { canvas, context, scale } = phone('#ece5dd', from, 0.75);
  const { width, height } = canvas;
  context.fillStyle = '#075e54';
  context.fillRect(0, 0, width, 0.08 * height);
  context.fillStyle = '#fff';
  context.font = `${Math.round(0.03 * height)}px sans-serif`;
  context.fillText('Alex', 0.1 * width, 0.05 * height);
  const shown = scale * from.height;
  context.drawImage(from, 0.05 * width, 0.1 * height, scale * from.width, shown);
  for (const [at, text] of ['Is that you?', 'Who sent this'].entries()) {
    const top = 0.12 * height + shown + 0.08 * height * at;
    context.fillStyle = '#fff';
    context.fillRect(0.05 * width, top, 0.6 * width, 0.06 * height);
    context.fillStyle = '#111';
    context.fillText(text, 0.08 * width, top + 0.04 * height, 0.5 * width);
  }
  return canvas;
}

/** The picture beside three others, made of shapes, with white between them. */
function collage(from: OffscreenCanvas): OffscreenCanvas {
  const { width, height } = from;
  const gap = Math.ceil(0.02 * Math.max(width, height));
  const { canvas, context } = canvasOf(2 * width + 3 * gap, 2 * height + 3 * gap);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(from, gap, gap);
  for (const cell of [1, 2, 3]) {
    const x = gap + (cell & 1) * (width + gap);
    const y = gap + (cell >> 1) * (height + gap);
    for (let i = 0; i < 64; i++) {
      // Squares in many greys: a fixed pattern, of which no two cells have the same.
      const grey = (i * (37 + 20 * cell)) % 256;
      context.fillStyle = `rgb(${grey} ${(grey * 3) % 256} ${(grey * 7) % 256})`;
      const [column, row] = [i % 8, i >> 3];
      context.fillRect(x + (column * width) / 8, y + (row * height) / 8, width / 8, height / 8);
    }
  }
  return canvas;
}

/** The picture across a story, on black. */
function story(from: OffscreenCanvas): OffscreenCanvas {
  const { canvas, context, scale } = phone('#000', from, 1);
  const [width, height] = [scale * from.width, scale * from.height];
  context.drawImage(from, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  return canvas;
}
