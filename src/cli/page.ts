import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import process, { stdout } from 'node:process';
import { pageFile, pageServer } from '../page/serve.js';
import type { Command } from './command.js';
import { writeWhole } from './output-file.js';

/** The program of each system that opens an address in a browser. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** `onlyhashes page`: the page for a person at risk, on loopback or as a file. */
export const pageCommand: Command = {
  name: 'page',
  usage: '',
  about: `Open the page that hashes pictures on the device of the person in them.
It is served to this machine alone, until Ctrl-C. --out writes it as one file, \
which works offline, from disk and on any web server, and prints its SHA-256. docs/page.md says how \
to host it.`,
  options: {
    out: { about: 'write it there, and serve nothing', value: 'FILE', short: 'o' },
    overwrite: { about: 'replace the file', needs: { out: [] } },
    heic: {
      about:
        'the larger page, which reads HEIC in every browser; it contains libheif, under the LGPL-3.0',
    },
    port: {
      about: 'port to serve it on; 0 takes a free one',
      value: 'PORT',
      range: [0, 65_535],
      default: '0',
    },
  },
  examples: [
    ['onlyhashes page', 'opens it in a browser'],
    ['onlyhashes page --out page.html', 'one file, to host or to hand on'],
  ],
  minWords: 0,
  maxWords: 0,
  async run(call, out) {
    const heic = call.on('heic');
    const path = call.text('out');
    if (path !== undefined) {
      const page = await readFile(pageFile(heic));
      const { signal } = out;
      await writeWhole(path, [page], { overwrite: call.on('overwrite'), isPublic: true, signal });
      await out.line(`${createHash('sha256').update(page).digest('hex')}  ${path}`);
      return 0;
    }
    const server = pageServer(heic).listen(call.number('port'), '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await out.line(url);
    if (stdout.isTTY) {
      const [program, ...words] = OPENERS[process.platform] ?? ['xdg-open'];
      // Without such a program, the address is there to be copied.
      spawn(program, [...words, url], { stdio: 'ignore', detached: true })
        .on('error', () => {})
        .unref();
    }
    if (!out.signal.aborted) await once(out.signal, 'abort');
    server.close();
    server.closeAllConnections();
    return 0;
  },
};
