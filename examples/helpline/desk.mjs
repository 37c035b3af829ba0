/*
 * Confirms a case as a browser does at /desk: `node desk.mjs ADDRESS NUMBER < token.txt`, with the
 * first digits of the case's number. People use the pages themselves.
 */
import { text } from 'node:stream/consumers';

const [address, digits] = process.argv.slice(2);
const token = (await text(process.stdin)).split('\n')[0];
let cookie = '';

/** Loads a page, or sends a form of one, and follows no redirect. */
async function load(path, fields) {
  const reply = await fetch(`${address}${path}`, {
    method: fields ? 'POST' : 'GET',
    headers: { cookie, origin: address },
    ...(fields && { body: new URLSearchParams(fields) }),
    redirect: 'manual',
  });
  if (!reply.ok && reply.status !== 303) throw new Error(`${path}: ${reply.status}`);
  cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? cookie;
  return await reply.text();
}

await load('/review/sign-in', { token });
const found = await load(`/desk?find=${digits}`);
const path = /\/desk\/case\?number=\d+/.exec(found)[0];
const [, form] = /<form[^>]* aria-label="Confirm">(.*?)<\/form>/s.exec(await load(path));
const [word, times] = ['word', 'times'].map(
  (name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(form)[1],
);
await load(path, { word, times, outcome: 'confirm', by: 'call' });
console.log('confirmed');
