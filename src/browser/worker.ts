import { DecodeError } from '../errors.js';
import { hashBytes, readback } from './hash-bytes.js';
import type { Reply, Request } from './message.js';

/** The Worker's own scope; the library's types know the page's. */
const scope = globalThis as unknown as {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
};

let bitmapCame: ((bitmap: ImageBitmap | undefined) => void) | undefined;

async function answer(request: Exclude<Request, { bitmap: unknown }>): Promise<Reply> {
  try {
    if ('check' in request) return { readback: await readback() };
    const image = await hashBytes(request.bytes, request.options, {
      reached: (stage) => scope.postMessage({ stage }),
      bitmapOf: (bytes) =>
        new Promise((resolve) => {
          bitmapCame = resolve;
          scope.postMessage({ bitmapOf: bytes });
        }),
    });
    return { image };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error('unknown');
    return {
      error: { name, message, ...(error instanceof DecodeError ? { code: error.code } : {}) },
    };
  }
}

scope.addEventListener('message', async ({ data }) => {
  if ('bitmap' in data) bitmapCame?.(data.bitmap);
  else scope.postMessage(await answer(data));
});
scope.postMessage({ ready: true });
