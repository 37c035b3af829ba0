// An upload handler for Hono: a listed picture is refused before it is stored.
import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { createBlocklist, hashFromHex, readHashList } from 'onlyhashes';
import { createHashPool, openBlocklist } from 'onlyhashes/node';
import { endServers, NODE_LIMITS, scan } from 'onlyhashes/server';

const { PORT = '8080', UPLOAD_SECONDS = '60', ADMIN_TOKEN } = process.env;
if (!ADMIN_TOKEN) throw new Error('expected ADMIN_TOKEN in the environment');
/** The names by which the list may be changed: pages in browsers may lead theirs to this machine. */
const ownNames = (process.env.HOST_NAMES ?? '127.0.0.1,localhost').split(',');

if (!existsSync('list.ohb')) {
  const list = await createBlocklist(readHashList(createReadStream('list.csv', 'utf8')));
  await openBlocklist('list.ohb', { create: list });
}
const blocklist = await openBlocklist('list.ohb', { follow: {} });
const pool = createHashPool({ maxQueued: 100, idleSeconds: 10 });
await mkdir('uploads', { recursive: true });

const uploads = scan({
  blocklist,
  pool,
  onError: 'refuse',
  notPictures: 'refuse',
  maxBytes: 16 * 2 ** 20,
  // The place for your log and for the queue of your moderators.
  onDecision: ({ verdict, reason }) => console.log(verdict, reason),
});

const app = new Hono();
app.post('/upload', (c) =>
  uploads(c.req.raw, async (request, decisions) => {
    // What was not checked is not read: a text, say, or a form without a file.
    const form =
      decisions.length === 1 ? await request.formData().catch(() => undefined) : undefined;
    const photo = form?.get('photo');
    if (!(photo instanceof File)) return c.json({ error: 'expected a form with a photo' }, 400);
    const stored = randomUUID();
    await writeFile(`uploads/${stored}`, Buffer.from(await photo.arrayBuffer()));
    return c.json({ stored }, 201);
  }),
);

app.use('/list/*', async (c, next) =>
  ownNames.includes(new URL(c.req.url).hostname) ? await next() : c.body(null, 421),
);
app.use('/list/*', bearerAuth({ token: ADMIN_TOKEN }));
app.on(['PUT', 'DELETE'], '/list/:hex{[0-9a-fA-F]{64}}', async (c) => {
  const hash = hashFromHex('pdq', c.req.param('hex'));
  // It is in the file first: what cannot be saved does not count.
  const entry = { hash, labels: [] };
  await blocklist.apply(() => {
    if (c.req.method === 'DELETE') return { withdraw: [hash] };
    // An equal entry stays in place.
    const entries = blocklist.has(hash) ? [] : [entry];
    return { reinstate: [hash], remove: entries, add: entries };
  });
  // A hash that says too little is not taken.
  return c.body(null, blocklist.has(hash) === (c.req.method === 'PUT') ? 204 : 409);
});

const requestTimeout = 1000 * Number(UPLOAD_SECONDS);
const server = /** @type {import('node:http').Server} */ (
  serve({
    fetch: app.fetch,
    hostname: '127.0.0.1',
    port: Number(PORT),
    serverOptions: { ...NODE_LIMITS, requestTimeout },
  })
);
server.once('listening', () => console.log('listening', server.address()));
// Kubernetes kills a program 30 seconds after it asked it to end.
const seconds = Math.min(25, Number(UPLOAD_SECONDS));
process.once('SIGTERM', () => endServers([server], { seconds }).then(() => pool.close()));
