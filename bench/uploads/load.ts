import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Upload } from './pictures.js';

/** What came back for an upload. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly milliseconds: number;
}

/** Where uploads go to. */
export interface Target {
  readonly port: number;
  readonly path: string;
}

/** Sends one upload. Rejects if the connection ends without an answer. */
export function send(
  { port, path }: Target,
  body: Uint8Array,
  agent: Agent | false = false,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = {
      'content-length': body.length,
      'content-type': 'application/octet-stream',
    };
    const upload = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers, agent },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            milliseconds: performance.now() - start,
          }),
        );
      },
    );
    upload.on('error', reject);
    upload.end(body);
  });
}

/** How a load was answered. */
export interface LoadResult<Sent extends Upload> {
  readonly seconds: number;
  /** in the order of the uploads; an error where no answer came */
  readonly answers: readonly { readonly upload: Sent; readonly answer: Answer | Error }[];
}

/**
 * Sends `uploads`, `clients` of them at a time: each client sends its next when one is answered.
 * @param mostSeconds after this the clients give up: uploads that are not answered are left out
 */
export async function load<Sent extends Upload>(
  target: Target,
  uploads: readonly Sent[],
  clients: number,
  mostSeconds?: number,
): Promise<LoadResult<Sent>> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const answers: { upload: Sent; answer: Answer | Error }[] = [];
  let next = 0;
  let isOver = false;
  const giveUp = () => {
    isOver = true;
    next = uploads.length;
    agent.destroy();
  };
  const timer = mostSeconds === undefined ? undefined : setTimeout(giveUp, 1000 * mostSeconds);
  const client = async () => {
    while (next < uploads.length) {
      const at = next++;
      const upload = uploads[at]!;
      const answer = await send(target, upload.body, agent).catch((error: Error) => error);
      if (!isOver) answers[at] = { upload, answer };
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: Math.min(clients, uploads.length) }, client));
  const seconds = (performance.now() - start) / 1000;
  clearTimeout(timer);
  agent.destroy();
  return { seconds, answers: answers.filter(Boolean) };
}

/** Clients that keep a server busy with waiting. */
export interface SlowClients {
  /** how many connections the server has ended so far */
  readonly ended: number;
  stop(): void;
}

/**
 * `count` clients that promise a body and send `bytesPerSecond` of it. One that is cut off comes
 * again at once.
 */
export function slowClients(
  { port, path }: Target,
  count: number,
  { length = 1e6, bytesPerSecond = 1000 }: { length?: number; bytesPerSecond?: number } = {},
): SlowClients {
  const piece = Buffer.alloc(Math.ceil(bytesPerSecond / 2), 0xff);
  const sockets = new Set<Socket>();
  const stopped = new AbortController();
  let ended = 0;
  const open = () => {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: ${length}\r\n\r\n`,
    );
    const timer = setInterval(() => socket.write(piece), 500);
    // The answer, if one comes, is not read: such a client does not care.
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      sockets.delete(socket);
      ended++;
      if (!stopped.signal.aborted) open();
    });
  };
  for (let i = 0; i < count; i++) open();
  return {
    get ended() {
      return ended;
    },
    stop() {
      stopped.abort();
      for (const socket of sockets) socket.destroy();
    },
  };
}
