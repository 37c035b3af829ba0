/**
 * What applications do with each entry, for the compilers that they may have. It is only compiled,
 * against the packed declarations: `test/project/package.test.ts` copies it beside an installed package.
 */
import {
  type Algorithm,
  type Blocklist,
  type BlocklistEntry,
  createBlocklist,
  createBundle,
  createIndex,
  type Decision,
  type DecisionReason,
  DecodeError,
  type DecodeErrorCode,
  type Digest,
  decisionToJSON,
  distance,
  FormatError,
  type HammingIndex,
  type Hash,
  hashFromHex,
  hashPixels,
  hashToHex,
  indexFromBuffer,
  match,
  type Pixels,
  pdq,
  readBundle,
  readHashList,
  type VariantProfile,
} from 'onlyhashes';
import { hash as hashImageFile } from 'onlyhashes/browser';
import {
  check as checkUpload,
  createHashPool,
  type HashPool,
  hash as hashFile,
  saveIndex,
} from 'onlyhashes/node';
import {
  createNodeListener,
  createService,
  openStore,
  type Store,
  StoreError,
  scan,
} from 'onlyhashes/server';
import { ServiceError, StopNciiClient } from 'onlyhashes/services';
import { startFake } from 'onlyhashes/testing';

/** Compiles only if the types are the same, each way. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(): T => true as T;

isTrue<Same<VariantProfile, 'none' | 'orientation' | 'dihedral' | 'quick' | 'thorough'>>();
isTrue<Same<Algorithm, 'pdq' | 'blockhash' | 'phash' | 'dhash' | 'ahash' | Digest>>();
isTrue<Same<Digest, 'md5' | 'sha1' | 'sha256'>>();
isTrue<Same<Decision['verdict'], 'match' | 'review' | 'none' | 'unhashable'>>();
isTrue<Same<Hash['bytes'], Uint8Array>>();

export function core(pixels: Pixels): string {
  const { hash, quality } = pdq(pixels, { exact: true });
  const far: number = distance(hash, hashFromHex('pdq', hashToHex(hash)));
  // @ts-expect-error: there is no such algorithm
  hashFromHex('md4', '');
  // @ts-expect-error: hashes are read-only
  hash.algorithm = 'pdq';
  return `${far} ${quality.toFixed()} ${hashPixels(pixels, { variants: 'quick' }).hash.algorithm}`;
}

export function indexed(hashes: readonly Hash[]): number[] {
  const index: HammingIndex = createIndex(hashes);
  // @ts-expect-error: the distance is not left out
  index.search(hashes[0]);
  const opened = indexFromBuffer(index.toBuffer());
  return opened.search(hashes[0]!, 31).map(({ id, distance }) => id + distance);
}

export async function matched(lines: AsyncIterable<string>): Promise<string | undefined> {
  const blocklist: Blocklist = await createBlocklist(readHashList(lines));
  const entry: BlocklistEntry = { hash: hashFromHex('pdq', '0'.repeat(64)), labels: [] };
  const { added } = await blocklist.apply({ add: [entry] });
  // @ts-expect-error: labels are not left out
  await blocklist.apply({ add: [{ hash: entry.hash }] });
  await blocklist.apply({ withdraw: [{ ...entry.hash, reason: 'listed by mistake' }] });
  const again: Decision = match([{ name: 'original', hash: entry.hash }], blocklist, {
    all: added > 0,
  });
  const { signal } = new AbortController();
  const decision = await checkUpload('upload.webp', blocklist, { signal });
  const reason: DecisionReason = decision.reason;
  const [first] = [...again.matches, ...decision.matches];
  if (first === undefined) return JSON.stringify(decisionToJSON(decision)) + reason;
  return first.entry.labels[0] ?? first.variant.name;
}

export async function files(index: HammingIndex): Promise<number> {
  const pool: HashPool = createHashPool({ workers: 2 });
  const { hash, quality, width } = await pool.hash(new Uint8Array(8));
  await saveIndex('list.ohx', index);
  await pool.close();
  const other = await hashFile('photo.jpg', { algorithm: 'phash' });
  return (quality ?? 0) + width + distance(hash, other.hash);
}

export function reasonOf(error: unknown): string {
  if (error instanceof DecodeError) {
    const code: DecodeErrorCode = error.code;
    return code;
  }
  if (error instanceof FormatError) return `${error.code} ${error.line?.toFixed()}`;
  if (error instanceof StoreError || error instanceof ServiceError) return error.code;
  return '';
}

export async function served(blocklist: Blocklist): Promise<Response> {
  const check: (request: Request) => Promise<Response> = scan({
    blocklist,
    onError: 'refuse',
  });
  const service = createService({ blocklist, trustNetworks: [] });
  createNodeListener(service.handler);
  // @ts-expect-error: what is told of errors is a function
  createNodeListener(service.handler, { onError: console.error });
  return await check(new Request('http://localhost/', { method: 'POST', body: 'x' }));
}

export async function stored(): Promise<Store> {
  const store = await openStore({ dataDir: undefined }, { schema: 'hashes' });
  const changed = await store.apply({
    add: [{ hash: hashFromHex('pdq', '0'.repeat(64)), labels: ['a'] }],
  });
  const follower = await store.follow();
  await follower.close();
  // @ts-expect-error: a place is an object
  await openStore('postgres://localhost');
  console.log(changed.revision);
  return store;
}

export async function shared(pixels: Pixels): Promise<string> {
  const { bundle, withdrawToken } = await createBundle([hashPixels(pixels)]);
  return withdrawToken + String(readBundle(bundle.text).hashes.length);
}

export async function inBrowser(file: File): Promise<string> {
  const { hash } = await hashImageFile(file, { onProgress: (stage) => console.log(stage) });
  return hashToHex(hash);
}

export async function tested(): Promise<void> {
  const fake = await startFake(({ path }) => ({ status: 200, body: { path } }));
  fake.fail({ kind: 'status', status: 503 }, { times: 2 });
  const keys = { subscriptionKey: 'a', fetchHashesKey: 'b' };
  const client = new StopNciiClient(keys, { baseUrl: fake.url });
  // @ts-expect-error: credentials are not left out
  new StopNciiClient();
  for await (const page of client.fetchUpdates()) console.log(page.updates.length);
  await fake.close();
}
