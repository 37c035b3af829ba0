// An upload handler for Express and multer: a listed picture is refused before it is stored.
import { hash as digest } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import express from 'express';
import multer from 'multer';
import { createBlocklist, hashFromHex, readHashList } from 'onlyhashes';
import { createHashPool, openBlocklist } from 'onlyhashes/node';
import { endServers, NODE_LIMITS } from 'onlyhashes/server';
import { checkedStorage } from './checked-storage.js';

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

const storage = checkedStorage(multer.diskStorage({ destination: 'uploads' }), {
  blocklist,
  pool,
  onError: 'refuse',
  notPictures: 'refuse',
  maxBytes: 16 * 2 ** 20,
  // The place for your log and for the queue of your moderators.
  onDecision: ({ verdict, reason }) => console.log(verdict, reason),
});
const upload = multer({ storage, limits: { files: 1, fields: 10 } });

const app = express();
app.post('/upload', upload.single('photo'), (request, response) => {
  if (request.file) response.status(201).json({ stored: request.file.filename });
  else response.status(400).json({ error: 'expected a file: photo' });
});

app.use('/list', (request, response, next) => {
  const given = digest('sha256', request.get('authorization') ?? '');
  if (!ownNames.includes(request.hostname)) response.sendStatus(421);
  else if (given === digest('sha256', `Bearer ${ADMIN_TOKEN}`)) next();
  else response.sendStatus(401);
});
app.route('/list/:hex').put(changeList).delete(changeList);
/**
 * @param {express.Request<{ hex: string }>} request
 * @param {express.Response} response
 */
async function changeList({ method, params }, response) {
  const hash = hashFromHex('pdq', params.hex);
  // It is in the file first: what cannot be saved does not count.
  const entry = { hash, labels: [] };
  await blocklist.apply(() => {
    if (method === 'DELETE') return { withdraw: [hash] };
    // An equal entry stays in place.
    const entries = blocklist.has(hash) ? [] : [entry];
    return { reinstate: [hash], remove: entries, add: entries };
  });
  // A hash that says too little is not taken.
  response.sendStatus(blocklist.has(hash) === (method === 'PUT') ? 204 : 409);
}

app.use(onError);
/**
 * @param {any} error
 * @param {express.Request} _request
 * @param {express.Response} response
 * @param {express.NextFunction} next
 */
function onError(error, _request, response, next) {
  // Multer tells what is wrong with a form by its own errors, or by plain ones without a code.
  const isOfForm = error instanceof multer.MulterError || (error.name === 'Error' && !error.code);
  const status = error.status ?? (isOfForm || error instanceof RangeError ? 400 : 500);
  if (status === 500) console.error(error);
  if (response.headersSent) next(error);
  else response.status(status).set(error.headers).json({ error: 'the request was refused' });
}

const requestTimeout = 1000 * Number(UPLOAD_SECONDS);
const server = createServer({ ...NODE_LIMITS, requestTimeout }, app);
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening', server.address()));
// Kubernetes kills a program 30 seconds after it asked it to end.
const seconds = Math.min(25, Number(UPLOAD_SECONDS));
process.once('SIGTERM', () => endServers([server], { seconds }).then(() => pool.close()));
