// An upload handler for Fastify: a listed picture is refused before it is stored.
import { hash as digest, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import multipart from '@fastify/multipart';
import fastify from 'fastify';
import { createBlocklist, hashFromHex, readHashList } from 'onlyhashes';
import { createHashPool, openBlocklist } from 'onlyhashes/node';
import { NODE_LIMITS } from 'onlyhashes/server';
import { createPartCheck } from './check-part.js';

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

const maxBytes = 16 * 2 ** 20;
const checkPart = createPartCheck({
  blocklist,
  pool,
  onError: 'refuse',
  notPictures: 'refuse',
  maxBytes,
  // The place for your log and for the queue of your moderators.
  onDecision: ({ verdict, reason }) => console.log(verdict, reason),
});

const requestTimeout = 1000 * Number(UPLOAD_SECONDS);
const app = fastify({ http: { ...NODE_LIMITS, requestTimeout }, requestTimeout });
await app.register(multipart, { limits: { fileSize: maxBytes, files: 1, fields: 10 } });

app.post('/upload', async (request, reply) => {
  // Undefined too if it is no form, or a malformed one.
  const part = await request.file().catch(() => undefined);
  if (!part) return reply.code(400).send({ error: 'expected a file: photo' });
  const { bytes } = await checkPart(part);
  const stored = randomUUID();
  await writeFile(`uploads/${stored}`, bytes);
  return reply.code(201).send({ stored });
});

app.route({
  method: ['PUT', 'DELETE'],
  url: '/list/:hex(^[0-9a-fA-F]{64}$)',
  onRequest: async (request, reply) => {
    if (!ownNames.includes(request.hostname)) return reply.code(421).send();
    const given = digest('sha256', request.headers.authorization ?? '');
    if (given !== digest('sha256', `Bearer ${ADMIN_TOKEN}`)) return reply.code(401).send();
  },
  handler: async (request, reply) => {
    const { hex } = /** @type {{ hex: string }} */ (request.params);
    const hash = hashFromHex('pdq', hex);
    // It is in the file first: what cannot be saved does not count.
    const entry = { hash, labels: [] };
    await blocklist.apply(() => {
      if (request.method === 'DELETE') return { withdraw: [hash] };
      // An equal entry stays in place.
      const entries = blocklist.has(hash) ? [] : [entry];
      return { reinstate: [hash], remove: entries, add: entries };
    });
    // A hash that says too little is not taken.
    return reply.code(blocklist.has(hash) === (request.method === 'PUT') ? 204 : 409).send();
  },
});

app.setErrorHandler((error, _request, reply) => {
  const { statusCode = 500, headers = {} } = Object(error);
  if (statusCode === 500) console.error(error);
  reply.code(statusCode).headers(headers).send({ error: 'the request was refused' });
});

await app.listen({ host: '127.0.0.1', port: Number(PORT) });
console.log('listening', app.server.address());
process.once('SIGTERM', async () => {
  // Whoever is not done by then is cut off.
  setTimeout(() => app.server.closeAllConnections(), requestTimeout).unref();
  await app.close();
  await pool.close();
});
