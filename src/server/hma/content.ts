import { type BlocklistEntry, listOf } from '../../entry.js';
import type { Hash } from '../../hash.js';
import { readBytes } from '../../node/read-bytes.js';
import type { Store } from '../../store/store.js';
import { checkStorable, type StoredEntry, videoOf } from '../../store/stored-entry.js';
import { type Call, Refusal, type Route, repliesOf, routeOf } from '../http/route.js';
import { bankAt, changeBy, type HmaBankJson } from './banks.js';
import { isPlain, missingFrames } from './hash.js';
import { bankOf, listOfBank } from './hits.js';
import type { HmaHasher, HmaPicture, HmaVideo } from './picture.js';
import { hmaJson } from './reply.js';
import { ADDED, CONTENT, MESSAGE, TEXT } from './schema.js';
import { framesOfSignal, hashOfSignal, signalsOf, signalType } from './signals.js';
import { entriesOfContent, keyOfContent } from './videos.js';

/** As in HMA. */
const LONGEST_NOTE = 255;
const LONGEST_ID = 1024;
const JSON_BYTES = 64 * 1024;
/** The most entries of a page of the store. */
const PAGE = 10_000;
/** Longest pause of content, in seconds: five years, as in HMA. */
const FARTHEST = 5 * 366 * 24 * 3600;

/** The kept part of a caller's data about content. */
interface ContentData {
  /** the caller's own name for it */
  id?: string;
  note?: string;
}

/**
 * `/c/bank/…/content` and `/signal`: entries as content, by their numbers in the store. Content is
 * one PDQ hash, or a video: its MD5, its frames or both, which are changed together.
 *
 * The `content_id` is kept as the entry's id, and the note as its label. `content_uri` and `json`
 * are accepted and not kept: an entry must not hold the address of such a picture, and the platform
 * finds it by its `content_id`. The reply states what was kept.
 */
export function hmaContentRoutes(
  store: Store,
  hasher: HmaHasher,
  { minQuality, now }: { minQuality: () => number; now: () => number },
): Route[] {
  /** The entry, or all entries of its video: first the one by whose number callers name it. */
  async function withItsVideo(entry: StoredEntry): Promise<StoredEntry[]> {
    const group = videoOf(entry);
    if (group === undefined) return [entry];
    const all: StoredEntry[] = [];
    for (let isMore = true; isMore; ) {
      const after = all.at(-1)?.number ?? 0;
      const page = await store.find({ list: listOf(entry), group, after, limit: PAGE });
      all.push(...page);
      isMore = page.length === PAGE;
    }
    const isFrame = ({ seconds }: BlocklistEntry) => Number(seconds !== undefined);
    return all
      .filter((one) => videoOf(one) !== undefined && keyOfContent(one) === keyOfContent(entry))
      .sort((a, b) => isFrame(a) - isFrame(b) || a.number - b.number);
  }

  /** The entries of the content that the path names, if it is in that bank. */
  async function contentAt(call: Call): Promise<[StoredEntry, ...StoredEntry[]]> {
    const number = Number(/^[1-9]\d{0,14}$/.exec(call.params.id!)?.[0] ?? 0);
    const entry = number > 0 ? await store.entry(number) : undefined;
    const isThere = entry && listOf(entry) === listOfBank(call.params.name!);
    const [first, ...others] = isThere ? await withItsVideo(entry) : [];
    // HMA ignores the bank; here, a call cannot change the content of another one.
    if (first?.number === number) return [first, ...others];
    throw new Refusal('not-found', 'expected the id of content in the bank');
  }

  async function hashed(picture: HmaPicture, { signal }: Call): Promise<HmaVideo> {
    if (picture.type === 'video') return await hasher.video(picture, signal);
    const image = await hasher.hash(picture, signal, { parts: true });
    if (isPlain(image, minQuality())) {
      throw new Refusal('bad-request', 'the picture has too little detail to be compared');
    }
    const { hash, quality, resample, parts } = image;
    const entry = {
      ...{ hash, labels: [] },
      ...(quality !== undefined && { quality: Math.round(quality) }),
      ...(resample !== undefined && { resample }),
      ...(parts !== undefined && { parts }),
    };
    return { entries: [entry] };
  }

  async function add(
    call: Call,
    bank: HmaBankJson,
    content: readonly BlocklistEntry[],
    missing?: string,
  ) {
    const list = listOfBank(bank.name);
    const entries = content.map((entry) => ({ ...entry, list }));
    const { numbers, rejected } = await store.apply({ add: entries }, changeBy(call));
    if (rejected.withdrawn > 0) {
      // Of a video, nothing is listed: neither frames without the file, nor the file alone.
      if (numbers.length > 0) await store.apply({ remove: numbers });
      throw new Refusal('conflict', 'the hash is withdrawn: reinstate it before you add it');
    }
    const [number] = numbers;
    if (number === undefined) throw new Refusal('unusable', 'the hash has too little detail');
    const entry = entries.length > 1 ? await store.entry(number) : undefined;
    const [first = { number }] = entry ? await withItsVideo(entry) : [];
    const { id } = entries[0]!;
    const body = {
      id: first.number,
      signals: signalsOf(entries),
      ...(id !== undefined && { metadata: { content_id: id } }),
    };
    return hmaJson(body, 200, missingFrames(missing));
  }

  return [
    routeOf({
      method: 'POST',
      path: '/c/bank/{name}/signal',
      role: 'curate',
      about: 'Add a hash to a bank, or a video by its MD5, its frames or both.',
      body: { type: 'object', properties: { pdq: TEXT, video_md5: TEXT, vpdq: TEXT, note: TEXT } },
      replies: { 200: ADDED, 400: MESSAGE, 404: MESSAGE, 409: MESSAGE, 422: MESSAGE },
      async answer(call, { note, ...signals }) {
        const bank = await bankAt(store, call);
        const said = saidOf({ ...(note && { note }) });
        const entries = await entriesOfSignals(signals as Record<string, string>);
        return await add(
          call,
          bank,
          entries.map((entry) => ({ ...entry, ...said })),
        );
      },
    }),
    {
      method: 'POST',
      path: '/c/bank/{name}/content',
      role: 'curate',
      about:
        'Add the hash of a picture to a bank, or the MD5 and the frames of a video: a file at a URL, or the file `photo` or `video` of a form.',
      query: { url: TEXT, content_type: TEXT, content_id: TEXT, content_uri: TEXT, metadata: TEXT },
      media: ['multipart/form-data', 'application/json'],
      replies: {
        200: ADDED,
        ...repliesOf(MESSAGE, 400, 403, 404, 409, 413, 415, 422, 501, 502, 503),
      },
      async answer(call) {
        const bank = await bankAt(store, call);
        const data = await dataOfJson(call);
        const { said, entries, missing } = await hasher.picture(call, async (picture) => ({
          said: saidOf({ ...data, ...dataOf(picture) }),
          ...(await hashed(picture, call)),
        }));
        const content = entries.map((entry) => ({ ...entry, ...said }));
        return await add(call, bank, content, missing);
      },
    },
    routeOf({
      method: 'GET',
      path: '/c/bank/{name}/content/{id}',
      role: 'curate',
      about: 'Content of a bank, by its id.',
      query: { include_signals: TEXT },
      replies: { 200: CONTENT, 404: MESSAGE },
      async answer(call) {
        const bank = await bankAt(store, call);
        const isFull = call.query.include_signals?.toLowerCase() === 'true';
        return hmaJson(contentJson(await contentAt(call), bank, isFull));
      },
    }),
    routeOf({
      method: 'PUT',
      path: '/c/bank/{name}/content/{id}',
      role: 'curate',
      about: 'Pause content (0: permanently), or resume it (1); or change its note.',
      body: { type: 'object', properties: { disable_until_ts: { type: 'integer' }, note: TEXT } },
      replies: { 200: CONTENT, 400: MESSAGE, 404: MESSAGE },
      async answer(call, { disable_until_ts: until, note }) {
        const bank = await bankAt(store, call);
        const [before, ...others] = await contentAt(call);
        const { number, pausedUntil: paused, ...entry } = before;
        const pausedUntil = until === undefined ? paused : pausedBy(until, now());
        const labels = note === undefined ? entry.labels : saidOf({ note }).labels;
        if (note !== undefined) {
          // The later change has the caller's key: if the store knows the key, it has both.
          const key = until === undefined ? changeBy(call) : {};
          const entries = [before, ...others].map((one) => ({ ...one, labels }));
          await store.apply({ add: entries }, key);
        }
        if (until !== undefined) await store.pause(number, pausedUntil, changeBy(call));
        const after = { ...entry, number, labels, ...(pausedUntil && { pausedUntil }) };
        // HMA's reply has these two here and nowhere else.
        const more = { collab_metadata: collabOf(after) ?? {}, user_metadata: null };
        return hmaJson({ ...contentJson([after], bank, false), ...more });
      },
    }),
    {
      method: 'DELETE',
      path: '/c/bank/{name}/content/{id}',
      role: 'curate',
      about: 'Remove content.',
      replies: {
        200: { type: 'object', properties: { deleted: { type: 'integer' } } },
        404: MESSAGE,
      },
      async answer(call) {
        await bankAt(store, call);
        const [{ number }] = await contentAt(call);
        const { removed } = await store.apply({ remove: [number] }, changeBy(call));
        return hmaJson({ deleted: Math.min(removed, 1) });
      },
    },
  ];
}

/**
 * The entries of content by its signals: one, or both of a video.
 * @throws {Refusal} if there are others
 */
async function entriesOfSignals(signals: Readonly<Record<string, string>>) {
  const types = Object.keys(signals).map(signalType);
  const hashes = types.flatMap((type): Hash[] =>
    type === 'vpdq' ? [] : [hashOfSignal(type, signals[type]!)],
  );
  const frames = signals.vpdq === undefined ? [] : await framesOfSignal(signals.vpdq);
  const isVideo = frames.length > 0 && signals.pdq === undefined;
  if (types.length === 1 || isVideo) return entriesOfContent(hashes, frames);
  throw new Refusal('bad-request', 'expected one signal, or both of a video');
}

/** @throws {Refusal} if a text cannot be stored */
function saidOf({ id, note }: ContentData): Pick<BlocklistEntry, 'labels' | 'id'> {
  if ((note?.length ?? 0) > LONGEST_NOTE) {
    throw new Refusal('bad-request', `expected note of at most ${LONGEST_NOTE} characters`);
  }
  if ((id?.length ?? 0) > LONGEST_ID) {
    throw new Refusal('bad-request', `expected content_id of at most ${LONGEST_ID} characters`);
  }
  try {
    checkStorable(id, note);
  } catch (error) {
    throw new Refusal('bad-request', (error as Error).message);
  }
  return { labels: note ? [note] : [], ...(id && { id }) };
}

/** Data about content in the fields of a form or a query. */
function dataOf({ fields }: HmaPicture): ContentData {
  const text = fields.get('metadata');
  const own = dataOfMetadata(text ? parsed(text) : undefined);
  const id = fields.get('content_id') ?? own.id;
  const note = fields.get('note');
  return { ...(id && { id }), ...(note && { note }) };
}

/** Data about a fetched picture in a JSON body. */
async function dataOfJson({ request, signal }: Call): Promise<ContentData> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^\s*application\/json\s*(;|$)/i.test(type)) return {};
  const bytes = await readBytes(request, { maxBytes: JSON_BYTES, signal });
  const body = bytes.length > 0 ? parsed(new TextDecoder().decode(bytes)) : {};
  const { metadata, note } = Object(body) as { metadata?: unknown; note?: unknown };
  if (note !== undefined && note !== null && typeof note !== 'string') {
    throw new Refusal('bad-request', 'expected note to be a string');
  }
  return { ...dataOfMetadata(metadata), ...(note && { note }) };
}

/** HMA's metadata has a `content_id`; Coop sends other JSON. @throws {Refusal} */
function dataOfMetadata(metadata: unknown): ContentData {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return {};
  const { content_id: id } = metadata as { content_id?: unknown };
  if (id === undefined || id === null) return {};
  if (typeof id !== 'string')
    throw new Refusal('bad-request', 'expected content_id to be a string');
  return { id };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('bad-request', 'expected metadata to be JSON');
  }
}

/** @param until as in HMA @param nowMs milliseconds since 1970 */
function pausedBy(until: number, nowMs: number): Date | 'for-good' | undefined {
  if (until === 1) return undefined;
  if (until === 0) return 'for-good';
  if (until < 0 || until > nowMs / 1000 + FARTHEST) {
    throw new Refusal('bad-request', 'expected disable_until_ts at most five years from now');
  }
  // A time in the past pauses nothing.
  return until * 1000 <= nowMs ? undefined : new Date(until * 1000);
}

/** The exchange that an entry is from, and its id there. */
const collabOf = ({ source, id }: BlocklistEntry) =>
  source === undefined ? undefined : { [source]: id === undefined ? [] : [id] };

function contentJson(
  content: readonly [StoredEntry, ...StoredEntry[]],
  bank: HmaBankJson,
  isFull: boolean,
) {
  const [entry] = content;
  const { number, pausedUntil, labels, source, id } = entry;
  const isOn = pausedUntil === undefined;
  const until = pausedUntil instanceof Date ? Math.ceil(pausedUntil.getTime() / 1000) : 0;
  const collab = collabOf(entry);
  const metadata = {
    ...(id !== undefined && source === undefined && { content_id: id }),
    ...(collab && { collab }),
  };
  return {
    id: number,
    disable_until_ts: isOn ? 1 : until,
    original_media_uri: null,
    bank: { ...bank, name: bankOf(listOf(entry)) },
    ...(isFull && { signals: signalsOf(content) }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(labels.length > 0 && { note: labels.join('\n') }),
  };
}
