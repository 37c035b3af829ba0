import { createServer } from 'node:http';
import { hashFromHex } from 'onlyhashes';
import { createHashPool, openBlocklist } from 'onlyhashes/node';
import { createNodeListener, endServers, NODE_LIMITS, scan } from 'onlyhashes/server';

const blocklist = await openBlocklist('list.ohb', { follow: {} });
const pool = createHashPool({ timeoutSeconds: 20, idleSeconds: 5 });
const onDecision = ({ verdict, reason }) => console.log(verdict, reason);
const uploads = scan({ blocklist, pool, onError: 'refuse', onDecision });
const answer = (status) => new Response(null, { status });
// PUT /HASH adds an entry; DELETE /HASH withdraws it, with its list crops.
const curate = async ({ method, url, headers }) => {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.get('host'))) return answer(421);
  if (!/\/[\da-f]{64}$/i.test(url)) return answer(400);
  if (!['PUT', 'DELETE'].includes(method)) return answer(405);
  const [hash, isPut] = [hashFromHex('pdq', url.slice(-64)), method === 'PUT'];
  const add = blocklist.has(hash) ? [] : [{ hash, labels: [] }];
  await blocklist.apply(isPut ? { add } : { withdraw: [hash] });
  return answer(blocklist.has(hash) === isPut ? 204 : 409);
};
const listen = (handler, port) =>
  createServer(NODE_LIMITS, createNodeListener(handler, console.error)).listen(port, '127.0.0.1');
const servers = [listen(uploads, 8080), listen(curate, 8081)];
process.once('SIGTERM', () => endServers(servers).then(() => pool.close()));
