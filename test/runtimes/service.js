import { createBlocklist, hashPixels, match } from 'onlyhashes';
import { createService, scan, tokenHash } from 'onlyhashes/server';
import { listed, pixelsOf } from './core.js';

/** Not a secret: the service of this program is asked by its test alone. */
export const TOKEN = 'token-of-the-runtimes-test';

/**
 * What a server answers: `/pixels` and `/forms` by a check of their own, which decodes pixels
 * itself and so needs no processes; all other paths by a service.
 * @param extra hashes that are listed beside those of the question
 */
export function serving(input, extra = []) {
  const { hashes } = listed(input);
  const blocklist = createBlocklist(
    [...hashes, ...extra].map((hash) => ({ hash, labels: ['listed'] })),
  );
  const token = { name: 'test', hash: tokenHash(TOKEN), role: 'match' };
  const { handler, drain } = createService({
    ...{ blocklist, tokens: [token], scan: { onError: 'refuse' } },
  });
  const check = async (source) => {
    const bytes = source instanceof Uint8Array ? source : await bytesOf(source);
    const image = hashPixels(pixelsOf(bytes), { variants: 'quick' });
    return await match(image, blocklist, { remote: [] });
  };
  const uploads = scan({ check, onError: 'refuse' });
  const answer = async (request, client) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/pixels') return await uploads(request);
    if (pathname !== '/forms') return await handler(request, client);
    return await uploads(request, async (checked, decisions) => {
      const files = [...(await checked.formData()).values()];
      return Response.json({ kept: files.length, checked: decisions.length });
    });
  };
  return { blocklist, answer, drain };
}

async function bytesOf(source) {
  const body = 'arrayBuffer' in source ? source : new Response(source);
  return new Uint8Array(await body.arrayBuffer());
}
