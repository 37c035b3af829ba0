import type { DecodeError } from '../../errors.js';
import { variantsOfPicture } from '../../picture/hash-picture.js';
import type { Variants } from '../../variant.js';
import { decodeBytes, type Page, readback } from '../decode/decode-bytes.js';
import type { Reply, Request } from './message.js';

/** The Worker's own scope; the library's types know the page's. */
const scope = globalThis as unknown as {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
  /** set once this script has run */
  onlyhashes?: true;
};

let bitmapCame: ((bitmap: ImageBitmap | undefined) => void) | undefined;

const page: Page = {
  bitmapOf: (bytes) =>
    new Promise((resolve) => {
      bitmapCame = resolve;
      scope.postMessage({ bitmapOf: bytes });
    }),
};

/** The variants of the open file that are not hashed yet. */
let variants: Variants | undefined;

function letGo(): void {
  variants?.return();
  variants = undefined;
}

async function answer(request: Exclude<Request, { bitmap: unknown }>): Promise<Reply> {
  try {
    if ('check' in request) return { readback: await readback() };
    if ('next' in request) {
      const next = request.next ? variants?.next() : undefined;
      if (!next?.value) letGo();
      if (!next?.value) return { variant: undefined };
      // Ranks are for matching, and would reveal more of the picture than its hash does.
      const { ranks: _, ...variant } = next.value;
      return { variant };
    }
    letGo();
    const { bytes } = request;
    if ('decoding' in request) {
      const { maxPixels, longestSide } = request.decoding;
      const { displayedPixels } = await import('../decode/displayed-pixels.js');
      const pixels = await decodeBytes(bytes, maxPixels, page, async (picture) =>
        displayedPixels(picture, longestSide),
      );
      return { pixels };
    }
    const { options } = request;
    const opened = await decodeBytes(bytes, options.maxPixels, page, (picture) =>
      variantsOfPicture(picture, options),
    );
    variants = opened.variants;
    return { width: opened.width, height: opened.height };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error('unknown');
    // By name: if this script runs twice (see below), there are two classes.
    const { code } = Object(error) as Partial<DecodeError>;
    return { error: { name, message, ...(name === 'DecodeError' && code && { code }) } };
  }
}

/*
 * Vite moves code that the decoders share into this script, and they import it from here. WebKit
 * then runs the script of its Worker a second time: that run must not answer too.
 */
if (!scope.onlyhashes) {
  scope.onlyhashes = true;
  scope.addEventListener('message', async ({ data }) => {
    if ('bitmap' in data) {
      bitmapCame?.(data.bitmap);
      return;
    }
    const reply = await answer(data);
    scope.postMessage(reply, 'pixels' in reply ? [reply.pixels.data.buffer] : []);
  });
  scope.postMessage({ ready: true });
}
