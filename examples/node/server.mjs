import { createServer } from 'node:http';
import { hashFromHex } from 'onlyhashes';
import { createHashPool, openBlocklist, saveBlocklist } from 'onlyhashes/node';
import { createNodeListener, createScanHandler, NODE_LIMITS } from 'onlyhashes/service';

const blocklist = await openBlocklist('list.ohb');
const pool = createHashPool({ timeoutSeconds: 20, idleSeconds: 5 }); // decodes in other processes
const onDecision = ({ verdict, reason }, request) => console.log(request.url, verdict, reason);
// What could not be checked is refused.
const scan = createScanHandler({ blocklist, pool, onError: 'refuse', onDecision });
const answer = (status) => new Response(null, { status });
// PUT /HASH adds an entry; DELETE /HASH withdraws it for good.
const curate = async ({ method, url }) => {
  if (!/\/[\da-f]{64}$/i.test(url)) return answer(400);
  const hash = hashFromHex('pdq', url.slice(-64));
  if (method === 'DELETE') blocklist.withdraw(hash);
  else if (method !== 'PUT' || !blocklist.add({ hash, labels: [] })) return answer(409);
  await saveBlocklist('list.ohb', blocklist);
  return answer(204);
};
const listen = (handler, port) =>
  createServer(NODE_LIMITS, createNodeListener(handler, console.error)).listen(port, '127.0.0.1');
const uploads = listen(scan, 8080);
const curating = listen(curate, 8081);
process.once('SIGTERM', () => curating.close(() => uploads.close(() => pool.close())));
