import {
  type AllowList,
  type BlocklistEntry,
  createAllowList,
  createBlocklist,
  FormatError,
  type HashJSON,
  hashFromJSON,
  hashToJSON,
  type ListSettings,
  type ReviewQuery,
  type ReviewRecord,
  type Withdrawn,
} from '../../index.js';
import type { FetchOptions, FetchProgress } from '../../node/index.js';
import {
  type Feed,
  type Store,
  type StoreChange,
  type StoredList,
  StoreError,
} from '../../server/index.js';
import { Failure } from '../failure.js';
import type { HoldingServe } from './store-socket.js';

/** The reason for an operation that cannot be done. */
export const ALONE = 'this needs a store that nothing serves';

/** A line of `/v1/lists/{name}/fetch`. */
interface FetchLine {
  readonly progress?: FetchProgress;
  readonly problem?: string;
  readonly done?: FetchProgress;
  readonly failed?: string;
  /** code of an error of the store */
  readonly code?: StoreError['code'];
}

/** A line of `/v1/entries`: the first, or one of those after it. */
interface EntriesLine {
  readonly lists: Record<string, ListSettings>;
  readonly withdrawals: readonly (HashJSON | { readonly id: string })[];
  readonly exceptions: ReturnType<AllowList['toJSON']>;
  readonly entries: readonly (Omit<BlocklistEntry, 'hash'> & { readonly hash: HashJSON })[];
}

/** A line of `/v1/reviews`. */
interface ReviewLine {
  readonly record?: ReviewRecord;
  readonly changed?: number;
}

/**
 * An embedded store that a `serve` has open: operations with a route there are requested from it,
 * and all others fail. Its services are those of `serve`.
 */
export function servedStore(serve: HoldingServe): Store {
  const lists = () =>
    serve.ask<{ revision: number; lists: StoredList[]; feeds: Feed[] }>('GET', '/v1/lists');
  const routes = {
    async apply({ withdraw = [], reinstate = [], settings = {} }: StoreChange) {
      const body = {
        withdraw: [...withdraw].map(toJSON),
        reinstate: [...reinstate].map(toJSON),
        settings,
      };
      type Done = { removed: number[]; reinstated: boolean[] };
      const { removed, reinstated } = await serve.ask<Done>('POST', '/v1/changes', body);
      return { withdrawn: removed, reinstated };
    },
    revision: async () => (await lists()).revision,
    lists: async () => (await lists()).lists,
    feeds: () => ({ items: async () => (await lists()).feeds }),
    async confirm(name: string) {
      const path = `/v1/lists/${encodeURIComponent(name)}/confirm`;
      try {
        await serve.ask('POST', path);
        return { confirmed: true };
      } catch (error) {
        if ((error as { status?: number }).status !== 404) throw error;
        return { confirmed: false };
      }
    },
    async fetch(
      name: string,
      _: unknown,
      { fromStart = false, onProgress, onProblem }: FetchOptions,
    ) {
      const path = `/v1/lists/${encodeURIComponent(name)}/fetch`;
      for await (const line of serve.lines<FetchLine>('POST', path, { fromStart })) {
        const { progress, problem, done, failed, code } = line;
        if (progress) onProgress?.(progress);
        if (problem !== undefined) onProblem?.(new FormatError('bad-record', problem));
        if (done) return done;
        if (failed !== undefined) throw code ? new StoreError(code, failed) : new Failure(failed);
      }
      throw serve.failure('its answer was cut short');
    },
    // A copy of everything, to decide as without a `serve`. No hash of a picture goes there.
    async follow() {
      const lines = serve.lines<EntriesLine>('GET', '/v1/entries');
      const { value } = await lines.next();
      const { lists, withdrawals: withdrawn, exceptions } = value as EntriesLine;
      const blocklist = createBlocklist([], { lists, withdrawn });
      await blocklist.apply({ add: entriesOf(lines) });
      return { blocklist, allowList: createAllowList(exceptions) };
    },
    reviewLog: () => ({
      async *read(query: ReviewQuery, options: { onProblem(problem: object): void }) {
        const lines = serve.lines<ReviewLine>('POST', '/v1/reviews', queryJSON(query));
        for await (const { record, changed } of lines) {
          if (record) yield record;
          else options.onProblem({ record: changed });
        }
      },
      erase: (query: ReviewQuery) =>
        serve.ask<{ erased: number }>('POST', '/v1/reviews/erase', queryJSON(query)),
    }),
    // The route erases pending reviews, too.
    reviewQueue: () => ({ erase: async () => ({ erased: 0 }) }),
    close: async () => {},
  };
  return new Proxy(routes as unknown as Store, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name);
      throw serve.failure(ALONE);
    },
  });
}

async function* entriesOf(lines: AsyncIterable<EntriesLine>): AsyncGenerator<BlocklistEntry> {
  for await (const { entries } of lines) {
    for (const entry of entries) yield { ...entry, hash: hashFromJSON(entry.hash) };
  }
}

const toJSON = ({ list, reason, ...key }: Withdrawn) => ({
  ...('id' in key ? key : hashToJSON(key)),
  ...{ list, reason },
});

const queryJSON = ({ entry, ...query }: ReviewQuery) => ({
  ...query,
  ...(entry && { entry: 'id' in entry ? entry : hashToJSON(entry) }),
});
