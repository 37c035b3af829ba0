import type { IncomingMessage, RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import type { DecodeSetup } from './run.js';

/**
 * Decodes each upload to the pixels that a hash is made from, as a careful server would: formats by
 * an allow-list, limited in size, in sharp's own threads. The answer is how many pixels there were.
 */
export function decodingListener({ maxPixels }: DecodeSetup): RequestListener {
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  const allowed = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];
  sharp.unblock({ operation: allowed.map((name) => `VipsForeignLoad${name}`) });
  const options = {
    failOn: 'warning',
    ignoreIcc: true,
    sequentialRead: true,
    limitInputPixels: maxPixels,
  } as const;
  const pixelsOf = async (request: IncomingMessage) => {
    const picture = sharp(await buffer(request), options)
      .toColourspace('srgb')
      .raw();
    const { info } = await picture.toBuffer({ resolveWithObject: true });
    return info.width * info.height;
  };
  return async (request, response) => {
    try {
      response.end(JSON.stringify({ pixels: await pixelsOf(request) }));
    } catch {
      response.statusCode = 422;
      response.end(JSON.stringify({ verdict: 'unhashable' }));
    }
  };
}
