import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';

/** The name server of watched engines. No other program asks this address, nor another worker. */
const ADDRESS = `127.53.${(process.pid >> 8) & 255}.${process.pid & 255}`;

/**
 * A name server on loopback. Every name under `leak.test` is 127.0.0.1; of all others, only the
 * given ones exist.
 */
export interface Nameserver {
  /** names asked for, in lower case */
  readonly asked: string[];
  readonly address: string;
  close(): void;
}

/**
 * Opens it, or says why it cannot. It needs port 53, and its own /etc/resolv.conf for the engine.
 * @param sites further names and their addresses
 */
export async function openNameserver(
  sites: Readonly<Record<string, string>> = {},
): Promise<Nameserver | string> {
  try {
    // A trial of what the script of the engine does.
    const bind = 'mount --bind /etc/hosts /etc/resolv.conf';
    execFileSync('unshare', ['--mount', 'sh', '-c', bind], { stdio: 'ignore' });
  } catch {
    return 'this machine lets no program have a file system view of its own (unshare --mount)';
  }
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const name = nameOf(query);
    if (name !== undefined) asked.push(name);
    const address = sites[name ?? ''] ?? (name?.endsWith('.leak.test') ? '127.0.0.1' : undefined);
    socket.send(answerTo(query, name, address), from.port, from.address);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(53, ADDRESS, resolve);
    });
  } catch (error) {
    return `port 53 of ${ADDRESS} cannot be had (${(error as NodeJS.ErrnoException).code})`;
  }
  return { asked, address: ADDRESS, close: () => socket.close() };
}

/**
 * Says in the list of tests that name lookups were not watched, and why; with `CI` set it fails.
 */
export function skipUnwatched(reason: string): void {
  const title = `names that are looked up are watched (${reason})`;
  if (!process.env.CI) {
    test.skip(title, () => {});
    return;
  }
  test(title, () => {
    throw new Error(`${reason}; run the tests as root, with port 53 of loopback free`);
  });
}

/** Writes a script to `folder` that starts `program` with `address` as its only name server. */
export function askingNameserver(program: string, address: string, folder: string): string {
  const resolver = join(folder, 'resolv.conf');
  writeFileSync(resolver, `nameserver ${address}\noptions timeout:1 attempts:1\n`);
  const script = join(folder, 'engine.sh');
  const inside = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  writeFileSync(
    script,
    `#!/bin/sh\nexec unshare --mount sh -c '${inside}' '${resolver}' '${program}' "$@"\n`,
  );
  chmodSync(script, 0o755);
  return script;
}

/** The name in a query (RFC 1035, 4.1.2). */
function nameOf(query: Buffer): string | undefined {
  const labels: string[] = [];
  for (let at = 12; at < query.length; ) {
    const length = query[at]!;
    if (length === 0) return labels.join('.').toLowerCase();
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return undefined;
}

function answerTo(query: Buffer, name: string | undefined, address: string | undefined): Buffer {
  const question = query.subarray(12, 12 + (name?.length ?? 0) + 6);
  const type = question.length >= 4 ? question.readUInt16BE(question.length - 4) : 0;
  const known = address !== undefined;
  const isAddress = known && type === 1;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // A response, recursion available; 3: no such name.
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isAddress ? 1 : 0, 6);
  if (!isAddress) return Buffer.concat([header, question]);
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)];
  return Buffer.concat([header, question, Buffer.from(record)]);
}
