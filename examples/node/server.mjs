import { createServer } from 'node:http';
import { hashFromHex } from 'onlyhashes';
import { createHashPool, openBlocklist, saveBlocklist } from 'onlyhashes/node';
import { createNodeListener, createScanHandler, NODE_LIMITS } from 'onlyhashes/service';

const blocklist = await openBlocklist('list.ohb');
const scan = createScanHandler({
  blocklist,
  pool: createHashPool({ timeoutSeconds: 20 }), // decodes in processes of its own
  onError: 'refuse', // what could not be checked is not kept
  onDecision: ({ verdict, reason }) => console.log(verdict, reason), // queue `review` for a person
});
const answer = (status) => new Response(null, { status });
const curate = async ({ method, url }) => {
  const hash = hashFromHex('pdq', url.slice(-64));
  // What is withdrawn stays out, whichever list has it.
  if (method === 'DELETE') blocklist.withdraw(hash);
  else if (method !== 'PUT' || !blocklist.add({ hash, labels: [] })) return answer(409);
  await saveBlocklist('list.ohb', blocklist);
  return answer(204);
};
const listen = (handler, port) =>
  createServer(NODE_LIMITS, createNodeListener(handler, console.error)).listen(port, '127.0.0.1');
listen(scan, 8080); // POST a picture: 200 keeps it, 451 refuses it
listen(curate, 8081); // PUT /HASH, DELETE /HASH: for this machine alone
