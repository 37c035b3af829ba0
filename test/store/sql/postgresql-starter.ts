import { PostgresqlServer } from './postgresql.js';

/* Starts a server, tells its address on standard output, and waits until it is killed. */

const server = await PostgresqlServer.open();
process.stdout.write(`${server.url()}\n`);
setInterval(() => {}, 1000);
