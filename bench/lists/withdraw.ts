import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashFromHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { fetchList } from '../../src/node/fetch-list.js';
import { openBlocklist } from '../../src/node/open-blocklist.js';
import { quantile } from '../harness.js';
import { clientOf } from './fetching.js';
import type { ListsRun } from './run.js';
import { startService } from './services.js';
import { random } from '../workloads.js';

const CALLS = 1000;
const FETCHES = 20;

/**
 * How long what was withdrawn is still matched: from the call of `apply`, and from its leaving
 * the service's list, with a fetch that begins at that moment.
 */
export async function withdrawPart({ context, count }: ListsRun): Promise<unknown> {
  const service = await startService('StopNCII', count);
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-bench-'));
  try {
    const blocklist = await openBlocklist(join(folder, 'lists.ohb'), { create: true });
    const client = clientOf(service.name, service.url);
    await fetchList(blocklist, 'fetched', client);
    await blocklist.settled();
    const next = random(7);
    const used = new Set<number>();
    const nextListed = () => {
      for (;;) {
        const at = next() % count;
        if (service.isGone(at) || used.has(at)) continue;
        used.add(at);
        return at;
      }
    };
    const isSeen = (hex: string) =>
      match({ hash: hashFromHex('pdq', hex), variants: [] }, blocklist).verdict === 'match';
    const calls = Math.min(CALLS, Math.floor(count / 4));
    const byCall: Record<'id' | 'hash', number[]> = { id: [], hash: [] };
    for (let call = 0; call < calls; call++) {
      const hex = service.hexOf(nextListed());
      if (!isSeen(hex)) throw new Error('a listed entry is not found');
      const kind = call % 2 === 0 ? 'id' : 'hash';
      const key = kind === 'id' ? { id: `ImagePDQ:${hex}` } : hashFromHex('pdq', hex);
      const start = performance.now();
      await blocklist.apply({ withdraw: [key] });
      const isGone = !isSeen(hex);
      byCall[kind].push(performance.now() - start);
      if (!isGone) throw new Error('a withdrawn entry is found');
    }
    const toInvisible: number[] = [];
    const toDisk: number[] = [];
    for (let round = 0; round < FETCHES; round++) {
      const at = nextListed();
      const hex = service.hexOf(at);
      if (!isSeen(hex)) throw new Error('a listed entry is not found');
      const start = performance.now();
      service.withdraw(at);
      let seen = Number.POSITIVE_INFINITY;
      let isOver = false;
      const fetching = fetchList(blocklist, 'fetched', client).finally(() => {
        isOver = true;
      });
      while (!isOver && seen === Number.POSITIVE_INFINITY) {
        if (!isSeen(hex)) seen = performance.now() - start;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await fetching;
      toDisk.push(performance.now() - start);
      if (isSeen(hex)) throw new Error('what the service withdrew is found');
      toInvisible.push(Math.min(seen, toDisk.at(-1)!));
    }
    const record: Record<string, unknown> = {};
    const title = `${count.toLocaleString('en')} entries`;
    for (const [name, times] of [
      ['from the call, by id, to invisible', byCall.id],
      ['from the call, by hash, to invisible', byCall.hash],
      ['from the service, with a fetch, to invisible', toInvisible],
      ['from the service, with a fetch, to disk', toDisk],
    ] as const) {
      const said = { median: quantile(times, 0.5), p99: quantile(times, 0.99) };
      record[name] = said;
      context.figure(`${title}, ${name}: median, ms`, said.median);
      context.figure(`${title}, ${name}: p99, ms`, said.p99);
    }
    return record;
  } finally {
    rmSync(folder, { recursive: true });
    await service.close();
  }
}
