import { within } from '../../picture/waiting.js';
import type { Schema } from '../http/json-schema.js';
import { openApiOf } from '../http/openapi.js';
import { type Route, routeOf } from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';
import { hmaJson } from './reply.js';
import { MESSAGE, TEXT } from './schema.js';
import {
  CONTENT_NAMES,
  kindOfSignal,
  SIGNAL_NAMES,
  type SignalType,
  signalType,
} from './signals.js';

interface IndexState {
  readonly builtTo: number;
  readonly isStale: boolean;
}

/** Lag after which the list in memory counts as stale, in milliseconds; as in HMA. */
const STALE = 65_000;

/** Time after which a store that does not answer counts as unreachable. */
const REVISION_SECONDS = 1;

/**
 * Time up to which the list in memory is known to match the store. Checked on demand, by no timer.
 */
export class IndexAge {
  readonly #parts: Pick<ServiceParts, 'followed' | 'store' | 'now'>;
  #builtTo: number;
  /** the first revision seen in the store that the list does not have yet */
  #missing: { readonly revision: number; readonly at: number } | undefined;
  /** time since which the store has not answered */
  #awaySince: number | undefined;
  #looking: Promise<IndexState> | undefined;

  constructor(parts: Pick<ServiceParts, 'followed' | 'store' | 'now'>) {
    this.#parts = parts;
    this.#builtTo = parts.now();
  }

  /**
   * Callers are unlimited: concurrent calls share one query to the store.
   * @returns `builtTo` in milliseconds since 1970
   */
  look(): Promise<IndexState> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<IndexState> {
    const { store, followed, now } = this.#parts;
    const at = now();
    const there = followed();
    // A list that follows no store is always current.
    if (!store || (there && !('revision' in there))) return { builtTo: at, isStale: false };
    try {
      const revision = await within(REVISION_SECONDS, undefined, () => store.revision());
      const then = followed();
      const indexed = then && 'revision' in then ? then.revision : 0;
      this.#awaySince = undefined;
      if (this.#missing && indexed >= this.#missing.revision) {
        this.#builtTo = this.#missing.at;
        this.#missing = undefined;
      }
      if (indexed >= revision) this.#builtTo = at;
      else this.#missing ??= { revision, at };
    } catch {
      this.#awaySince ??= at;
    }
    const since = Math.min(this.#missing?.at ?? at, this.#awaySince ?? at);
    return { builtTo: this.#builtTo, isStale: at - since > STALE };
  }
}

const SIGNAL_TYPE = { signal_type: TEXT };
const WHOLE: Schema = { type: 'integer' };
/** An object with a member for each signal type. */
const bySignal = (properties: NonNullable<Schema['properties']>): Schema => ({
  type: 'object',
  properties: Object.fromEntries(
    SIGNAL_NAMES.map((name) => [name, { type: 'object', properties }] as const),
  ),
});
const INDEX = bySignal({ present: { type: 'boolean' }, built_to: WHOLE, size: WHOLE });
const SIZES = bySignal({
  db_size: WHOLE,
  index_size: WHOLE,
  index_out_of_date: { type: 'boolean' },
  newest_db_item: WHOLE,
  index_built_to: WHOLE,
});
const namesWith = (member: string, schema: Schema): Schema => ({
  type: 'array',
  items: { type: 'object', properties: { name: TEXT, [member]: schema } },
});

/** Routes of the service's state: its health, its index, and the types it can hash. */
export function hmaIndexRoutes(parts: ServiceParts): Route[] {
  const age = new IndexAge(parts);
  const isReady = () => parts.followed() !== undefined && !parts.isEnding();
  const sizeOfIndex = (type: SignalType) => {
    const { algorithm, bits } = kindOfSignal(type);
    return parts.list().sizeOf(algorithm, bits);
  };
  /** The asked signal type, or all, each with its value. */
  const each = async (asked: string | undefined, of: (type: SignalType) => unknown) => {
    const types = asked === undefined ? SIGNAL_NAMES : [signalType(asked)];
    const values = await Promise.all(types.map(of));
    return hmaJson(Object.fromEntries(types.map((type, at) => [type, values[at]])));
  };
  const alive = (word: string, status = 200) =>
    new Response(word, {
      status,
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
    });
  const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
  return [
    {
      method: 'GET',
      path: '/status',
      role: 'public',
      about:
        'Readiness for lookups, by a list that keeps up with its store: I-AM-ALIVE, INDEX-NOT-LOADED or INDEX-STALE, as text.',
      replies: { 200: undefined, 503: undefined },
      async answer() {
        if (!isReady()) return alive('INDEX-NOT-LOADED', 503);
        return (await age.look()).isStale ? alive('INDEX-STALE', 503) : alive('I-AM-ALIVE');
      },
    },
    {
      method: 'GET',
      path: '/status/live',
      role: 'public',
      about: 'Liveness of the service: I-AM-ALIVE, as text.',
      replies: { 200: undefined },
      answer: () => alive('I-AM-ALIVE'),
    },
    routeOf({
      method: 'GET',
      path: '/m/index/status',
      role: 'match',
      about: 'Presence, build time and number of hashes of the index.',
      query: SIGNAL_TYPE,
      replies: { 200: INDEX, 400: MESSAGE },
      answer: async ({ query: { signal_type: type } }) => {
        if (!isReady()) return await each(type, () => ({ present: false, built_to: -1, size: 0 }));
        const built = seconds((await age.look()).builtTo);
        return await each(type, (one) => ({
          ...{ present: true, built_to: built, size: sizeOfIndex(one) },
        }));
      },
    }),
    routeOf({
      method: 'GET',
      path: '/c/signal_type/index',
      role: 'curate',
      about: 'The sizes of the store and of the index.',
      query: SIGNAL_TYPE,
      replies: { 200: SIZES, 400: MESSAGE, 503: MESSAGE },
      answer: async ({ query: { signal_type: type } }) => {
        const { builtTo, isStale } = await age.look();
        const to = seconds(builtTo);
        return await each(type, async (one) => {
          const { algorithm } = kindOfSignal(one);
          const size = isReady() ? sizeOfIndex(one) : 0;
          const inStore = (await parts.store?.count({ algorithm, paused: false }))?.entries ?? size;
          return {
            db_size: inStore,
            index_size: size,
            index_out_of_date: isStale || inStore !== size,
            newest_db_item: to,
            index_built_to: to,
          };
        });
      },
    }),
    {
      method: 'GET',
      path: '/c/signal_type',
      role: 'curate',
      about: 'The signal types.',
      replies: { 200: namesWith('enabled_ratio', { type: 'number' }) },
      answer: () => hmaJson(SIGNAL_NAMES.map((name) => ({ name, enabled_ratio: 1 }))),
    },
    {
      method: 'GET',
      path: '/c/content_type',
      role: 'curate',
      about: 'The content types.',
      replies: { 200: namesWith('enabled', { type: 'boolean' }) },
      answer: () => hmaJson(CONTENT_NAMES.map((name) => ({ name, enabled: true }))),
    },
  ];
}

/** `/openapi/openapi.json` and `/site-map` of these routes, as in HMA. */
export function hmaDocumentRoutes(routes: readonly Route[]): Route[] {
  const all: Route[] = [
    ...routes,
    {
      method: 'GET',
      path: '/openapi/openapi.json',
      role: 'public',
      about: 'The OpenAPI 3.1 document of these routes.',
      replies: { 200: { type: 'object' } },
      answer: () => hmaJson(openApiOf(all, { title: 'OpenMediaMatch', version: '1.1' })),
    },
    {
      method: 'GET',
      path: '/site-map',
      role: 'public',
      about: 'The paths.',
      replies: { 200: { type: 'array', items: TEXT } },
      answer: () => hmaJson([...new Set(all.map(({ path }) => path))].sort()),
    },
  ];
  return all;
}
