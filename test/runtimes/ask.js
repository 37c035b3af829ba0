import { once } from 'node:events';
import { connect } from 'node:net';

/** Asks a server that runs `serving`, as any client would. The test and the program use it. */
export async function ask(url, { pictures, photo, token }) {
  const files = pictures.map(({ base64 }) => Buffer.from(base64, 'base64'));
  const [first, last] = [files[0], files.at(-1)];
  const post = (path, body, headers = {}) =>
    fetch(new URL(path, url), { method: 'POST', body, headers });
  const told = async (response) => [(await response).status, await (await response).json()];
  const bearer = { authorization: `Bearer ${token}` };
  const picture = { ...bearer, 'content-type': 'image/jpeg' };
  const form = (...bodies) => {
    const data = new FormData();
    for (const body of bodies) data.append('picture', new File([body], 'a.pgm'));
    return data;
  };
  const hash = { hash: { algorithm: 'pdq', hash: pictures[0].pdq } };
  const json = { ...bearer, 'content-type': 'application/json' };
  const lookUp = () => post('/v1/match', JSON.stringify(hash), json);
  const one = async () => {
    const [status, { decision }] = await told(lookUp());
    return [status, decision.verdict, decision.matches[0].distance];
  };
  const all = await Promise.all(Array.from({ length: 20 }, one));
  const pixels = await Promise.all(
    Array.from({ length: 10 }, (_, i) => told(post('/pixels', i % 2 ? first : last))),
  );
  return {
    ready: (await fetch(new URL('/health/ready', url))).status,
    stranger: (await post('/v1/match', JSON.stringify(hash), { ...json, authorization: '' }))
      .status,
    lookUps: [...new Set(all.map(String))],
    scanned: await told(post('/v1/scan', Buffer.from(photo, 'base64'), picture)),
    noPicture: await told(post('/v1/scan', 'no picture', picture)),
    pixels: [...new Set(pixels.map((answer) => JSON.stringify(answer)))].sort(),
    forms: [
      (await post('/forms', form(last, last))).status,
      (await post('/forms', form(last, first))).status,
    ],
  };
}

/** Sends half of an upload, and then ends the connection. */
export async function breakOff(port, path, body) {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  const head = [`POST ${path} HTTP/1.1`, 'Host: a.test', `Content-Length: ${body.length}`];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await new Promise((resolve) => socket.write(body.subarray(0, body.length >> 1), resolve));
  socket.end();
}
