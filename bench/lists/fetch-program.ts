import { join } from 'node:path';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashFromHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { fetchList } from '../../src/node/files/fetch-list.js';
import { openBlocklist } from '../../src/node/files/open-blocklist.js';
import type { ListClient } from '../../src/services/list-update.js';
import { NcmecClient } from '../../src/services/ncmec/client.js';
import { StopNciiClient } from '../../src/services/stop-ncii/client.js';
import { inFolder } from '../folder.js';
import type { ServiceName } from './services.js';

/* The program of `bench lists fetch`: it fetches one list, in a process whose memory is weighed. */

/** What is fetched, and how. */
export interface FetchSetup {
  readonly program: 'fetch';
  readonly service: ServiceName;
  /** by a client, page by page; or all texts first, then all records, then a list made anew */
  readonly way: 'paged' | 'naive';
  readonly url: string;
  /** hashes in hex, about which it decides at the end */
  readonly asked: readonly string[];
}

/** What a fetch came to. */
export interface Fetched {
  readonly size: number;
  /** of those that were asked about, which match */
  readonly matched: readonly boolean[];
  readonly seconds: number;
  /** of CPU, in this process */
  readonly cpuSeconds: number;
  /** resident at most, in bytes; less what the process had before */
  readonly peakBytes: number;
}

const LIST = 'fetched';
const KEYS = { subscriptionKey: 'a', fetchHashesKey: 'b' };
const CREDENTIALS = { user: 'user', password: 'password' };

/** A client of one of the fake services. */
export const clientOf = (service: ServiceName, url: string): ListClient<unknown> =>
  service === 'StopNCII'
    ? new StopNciiClient(KEYS, { baseUrl: url })
    : new NcmecClient(CREDENTIALS, { baseUrl: url });

/** Fetches, and tells the parent process. */
export async function fetchOnce({ service, way, url, asked }: FetchSetup): Promise<void> {
  await inFolder(async (folder) => {
    const residentBefore = peakBytes();
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const blocklist =
      way === 'paged' ? await paged(service, url, folder) : await naive(service, url, folder);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const peak = peakBytes() - residentBefore;
    const matched = asked.map(
      (hex) =>
        match({ hash: hashFromHex('pdq', hex), variants: [] }, blocklist).verdict === 'match',
    );
    const fetched: Fetched = {
      size: blocklist.size,
      matched,
      seconds,
      cpuSeconds: (user + system) / 1e6,
      peakBytes: peak,
    };
    process.send?.(fetched);
  });
}

const peakBytes = () => 1024 * process.resourceUsage().maxRSS;

async function paged(service: ServiceName, url: string, folder: string): Promise<Blocklist> {
  const list = await openBlocklist(join(folder, 'lists.ohb'), { create: true });
  await fetchList(list, LIST, clientOf(service, url));
  return list;
}

/** As a script would: no bounds, no problems told, and from the start each time. */
async function naive(service: ServiceName, url: string, folder: string): Promise<Blocklist> {
  const entries = service === 'StopNCII' ? await naiveStopNcii(url) : await naiveNcmec(url);
  const blocklist = createBlocklist(entries);
  await openBlocklist(join(folder, 'list.ohl'), { create: blocklist });
  return blocklist;
}

interface StopNciiText {
  nextPageToken: string;
  hashRecords: { signalType: string; hashValue: string; hashStatus: string }[];
}

async function naiveStopNcii(url: string): Promise<BlocklistEntry[]> {
  const headers = { 'ocp-apim-subscription-key': 'a', 'x-functions-key': 'b' };
  const texts: string[] = [];
  for (let token: string | undefined; token !== ''; ) {
    const query = new URLSearchParams({ startTimestamp: '10', pageSize: '800' });
    if (token) query.set('nextPageToken', token);
    const text = await (await fetch(`${url}/FetchHashes?${query}`, { headers })).text();
    texts.push(text);
    token = (JSON.parse(text) as StopNciiText).nextPageToken;
  }
  return texts
    .flatMap((text) => (JSON.parse(text) as StopNciiText).hashRecords)
    .filter(({ hashStatus }) => hashStatus === 'Active')
    .map(({ signalType, hashValue }) => {
      return entryOf(hashValue, `${signalType}:${hashValue}`, 'StopNCII');
    });
}

async function naiveNcmec(url: string): Promise<BlocklistEntry[]> {
  const { user, password } = CREDENTIALS;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const texts: string[] = [];
  const range = 'from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z';
  for (let path: string | undefined = `/v2/entries?${range}`; path; ) {
    const text = await (await fetch(url + path, { headers: { authorization } })).text();
    texts.push(text);
    path = /<next>(.*?)<\/next>/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  }
  const images = texts.join('').matchAll(/<image>(.*?)<\/image>/gs);
  return Array.from(images).flatMap(([, image = '']) => {
    const of = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(image)?.[1] ?? '';
    const entry = entryOf(of('pdq'), `1/${of('id')}`, 'ncmec/industry');
    return [entry, { ...entry, hash: hashFromHex('md5', of('md5')) }];
  });
}

const entryOf = (hex: string, id: string, source: string): BlocklistEntry => ({
  hash: hashFromHex('pdq', hex),
  labels: [],
  id,
  source,
  list: LIST,
});
