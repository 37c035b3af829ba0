// A server of resumable uploads: a listed picture is removed before its uploader is answered.
import { createServer } from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';
import { createHashPool, openBlocklist } from 'onlyhashes/node';
import { endServers, NODE_LIMITS } from 'onlyhashes/server';
import { createTusCheck } from './tus-check.js';

const { PORT = '8080', LIST = 'list.ohb' } = process.env;
const pool = createHashPool({ maxQueued: 100, idleSeconds: 10 });
const datastore = new FileStore({ directory: 'uploads' });
const maxSize = 16 * 2 ** 20;

const check = createTusCheck(datastore, {
  blocklist: await openBlocklist(LIST),
  pool,
  onError: 'refuse',
  notPictures: 'refuse',
  maxBytes: maxSize,
  // The place for your log and for the queue of your moderators.
  onDecision: ({ verdict, reason }) => console.log(verdict, reason),
});
const tus = new Server({
  path: '/files',
  datastore,
  maxSize,
  onUploadFinish: async (request, upload) => {
    await check(request, upload);
    // The place to take the upload: here alone it is known to be checked.
    console.log('stored', upload.id);
    return {};
  },
});

const server = createServer(NODE_LIMITS, (request, response) => void tus.handle(request, response));
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening', server.address()));
process.once('SIGTERM', () => endServers([server]).then(() => pool.close()));
