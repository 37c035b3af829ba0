// A handler of the shape that AWS Lambda calls: the body of the event is the picture, in base64.
import { stat } from 'node:fs/promises';
import { createHashPool, openBlocklist } from 'onlyhashes/node';
import { scan } from 'onlyhashes/server';

const LIST = process.env.LIST ?? 'list.ohb';
const pool = createHashPool({ workers: 1, timeoutSeconds: 10 });

/** @type {{ mtimeMs: number, handle: (request: Request) => Promise<Response> } | undefined} */
let current;
/** Opens the list once an instance, and again when another file has taken its place. */
async function scanner() {
  const { mtimeMs } = await stat(LIST);
  if (mtimeMs !== current?.mtimeMs) {
    const handle = scan({
      blocklist: await openBlocklist(LIST),
      pool,
      onError: 'refuse',
      notPictures: 'refuse',
      maxBytes: 6 * 2 ** 20,
      // The place for your log and for the queue of your moderators.
      onDecision: ({ verdict, reason }) => console.log(verdict, reason),
    });
    current = { mtimeMs, handle };
  }
  return current.handle;
}
// As the instance begins: the first event need not wait, and a bad list is told at once.
await scanner();

/**
 * @param {{ body?: string | null, isBase64Encoded?: boolean }} event
 * @returns {Promise<{ statusCode: number, headers?: object, body: string }>}
 */
export async function handler({ body, isBase64Encoded }) {
  if (!body || !isBase64Encoded) return { statusCode: 400, body: 'expected a picture in base64' };
  try {
    const handle = await scanner();
    const picture = Buffer.from(body, 'base64');
    const request = new Request('http://localhost/', { method: 'POST', body: picture });
    const response = await handle(request);
    const headers = Object.fromEntries(response.headers);
    return { statusCode: response.status, headers, body: await response.text() };
  } catch (error) {
    console.error(error);
    return { statusCode: 500, body: 'the picture was not checked' };
  }
}
