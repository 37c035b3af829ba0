import type { Feed, Feeds, Store } from '../../store/store.js';
import type { FromSchema, Schema } from '../http/json-schema.js';
import { type Call, Refusal, type Route, repliesOf, routeOf } from '../http/route.js';
import { HMA_APIS, type HmaApi, hmaFields, storedFields } from './apis.js';
import { changeBy, checkNewName, listAt } from './banks.js';
import { listOfBank } from './hits.js';
import { hmaJson } from './reply.js';
import { MESSAGE, TEXT } from './schema.js';

/** Feeds of lists: `store.feeds(key)`, with the key of their credentials. */
export type HmaFeeds = Pick<Feeds, 'set' | 'get' | 'items' | 'remove'>;

/** Stand-in for a service without feeds: it has none, and creates none. */
export const NO_FEEDS: HmaFeeds = {
  async set() {
    throw new Refusal('not-available', 'this service was started without exchanges');
  },
  async get() {
    return undefined;
  },
  async items() {
    return [];
  },
  async remove() {
    return false;
  },
};

const OBJECT = { type: 'object' } as const;
const FLAG = { type: 'boolean' } as const;
const SECONDS: Schema = { type: ['integer', 'null'] };
const AUTHENTICATION: Schema = {
  type: 'object',
  // HMA's spelling.
  properties: { supports_authentification: FLAG, has_set_authentification: FLAG },
};
const CREDENTIALS = {
  type: 'object',
  properties: { credential_json: { type: ['object', 'null'] } },
} as const;
const CREDENTIAL_STATUS: Schema = {
  type: 'object',
  properties: {
    supports_auth: FLAG,
    has_credentials: FLAG,
    source: { type: ['string', 'null'], enum: ['exchange', null] },
  },
};
const EXCHANGE: Schema = {
  type: 'object',
  properties: {
    ...{ name: TEXT, api: TEXT, enabled: FLAG },
    credential_status: CREDENTIAL_STATUS,
  },
};
const STATUS: Schema = {
  type: 'object',
  properties: {
    checkpoint_ts: SECONDS,
    running_fetch_start_ts: SECONDS,
    last_fetch_complete_ts: SECONDS,
    last_fetch_succeeded: { type: ['boolean', 'null'] },
    up_to_date: FLAG,
    fetched_items: { type: 'integer' },
  },
};

/**
 * `/c/exchanges` and `/c/exchange/…`, HMA's words for feeds. They are stored here, and fetched by
 * `onlyhashes fetch`. An exchange and its bank share a name. Credentials are write-only. An API has
 * none of its own: setting them sets those of all its exchanges.
 */
export function hmaExchangeRoutes(store: Store, feeds: HmaFeeds): Route[] {
  const exchangeAt = async (call: Call): Promise<Feed> => {
    const exchange = await feeds.get(listAt(call));
    if (!exchange) throw new Refusal('not-found', 'expected the name of an exchange');
    return exchange;
  };
  const ofApi = async ({ api }: HmaApi) =>
    (await feeds.items()).filter((exchange) => exchange.api === api);
  const authentication = async (api: HmaApi) => {
    const all = await ofApi(api);
    return hmaJson({
      supports_authentification: api.credentials.length > 0,
      has_set_authentification: all.length > 0 && all.every((one) => one.hasCredentials),
    });
  };
  const set: HmaFeeds['set'] = async (name, exchange) => {
    try {
      await feeds.set(name, exchange);
    } catch (error) {
      if (!(error instanceof TypeError) || !exchange.credentials) throw error;
      // Everything else was checked.
      throw new Refusal(
        'not-available',
        'expected no credentials: this service has no key for them',
      );
    }
  };

  return [
    {
      method: 'GET',
      path: '/c/exchanges/apis',
      role: 'curate',
      about: 'The names of the services that lists can be fetched from.',
      replies: { 200: { type: 'array', items: TEXT } },
      answer: () => hmaJson(Object.keys(HMA_APIS)),
    },
    {
      method: 'GET',
      path: '/c/exchanges/api/{api}',
      role: 'curate',
      about: 'Credential state of a service: supported, and set for all its exchanges.',
      replies: { 200: AUTHENTICATION, 400: MESSAGE },
      answer: async (call) => await authentication(apiAt(call)),
    },
    routeOf({
      method: 'POST',
      path: '/c/exchanges/api/{api}',
      role: 'curate',
      about: 'Set the credentials of all exchanges of a service.',
      body: CREDENTIALS,
      replies: { 200: AUTHENTICATION, ...repliesOf(MESSAGE, 400, 409, 501) },
      async answer(call, body) {
        const api = apiAt(call);
        const credentials = credentialsOf(api, body);
        if (credentials) {
          const all = await ofApi(api);
          if (all.length === 0)
            throw new Refusal('conflict', 'expected an exchange of this API: create one first');
          for (const { name, ...exchange } of all) await set(name, { ...exchange, credentials });
        }
        return await authentication(api);
      },
    }),
    {
      method: 'GET',
      path: '/c/exchanges/api/{api}/schema',
      role: 'curate',
      about: 'Schema of the settings and credentials of a service.',
      replies: { 200: OBJECT, 400: MESSAGE },
      answer(call) {
        const { config, credentials } = apiAt(call);
        return hmaJson({
          config_schema: { fields: config },
          credentials_schema: credentials.length > 0 ? { fields: credentials } : null,
        });
      },
    },
    {
      method: 'GET',
      path: '/c/exchanges',
      role: 'curate',
      about: 'The names of all exchanges.',
      replies: { 200: { type: 'array', items: TEXT } },
      answer: async () => hmaJson((await feeds.items()).map(({ name }) => name)),
    },
    routeOf({
      method: 'POST',
      path: '/c/exchanges',
      role: 'curate',
      about: 'Create an exchange and its bank.',
      body: {
        type: 'object',
        properties: {
          ...{ bank: TEXT, api: TEXT, api_json: OBJECT },
          ...CREDENTIALS.properties,
        },
        required: ['bank', 'api'],
      },
      replies: { 201: MESSAGE, ...repliesOf(MESSAGE, 400, 403, 501) },
      async answer(call, body) {
        const { bank, api: name, api_json: given = {} } = body;
        const api = apiOf(name);
        const settings = storedFields(api, api.config, given);
        const credentials = credentialsOf(api, body);
        await checkNewName(store, bank);
        // The unnamed list has no exchange, and its bank would not find one of that name.
        if (listOfBank(bank) !== bank || (await feeds.get(bank))) {
          throw new Refusal('forbidden', 'expected a name that no other exchange has');
        }
        const enabled = given.enabled !== false;
        // The feed first, since it can be refused. A fetch creates the list if it is missing.
        await set(bank, { api: api.api, settings, enabled, ...(credentials && { credentials }) });
        await store.apply({ settings: { [bank]: {} } }, changeBy(call));
        return hmaJson({ message: 'Created successfully' }, 201);
      },
    }),
    {
      method: 'GET',
      path: '/c/exchange/{name}',
      role: 'curate',
      about: 'One exchange.',
      replies: { 200: EXCHANGE, 404: MESSAGE },
      answer: async (call) => hmaJson(exchangeJson(await exchangeAt(call))),
    },
    routeOf({
      method: 'PUT',
      path: '/c/exchange/{name}',
      role: 'curate',
      about: 'Switch fetching on or off.',
      body: { type: 'object', properties: { enabled: FLAG } },
      replies: { 200: EXCHANGE, 400: MESSAGE, 404: MESSAGE },
      async answer(call, body) {
        const before = await exchangeAt(call);
        const { enabled = before.enabled } = body;
        const { name, api, settings } = before;
        await feeds.set(name, { api, settings, enabled });
        return hmaJson(exchangeJson({ ...before, enabled }));
      },
    }),
    {
      method: 'DELETE',
      path: '/c/exchange/{name}',
      role: 'curate',
      about: 'Remove an exchange, its credentials and its bank.',
      replies: { 200: MESSAGE, 404: MESSAGE },
      async answer(call) {
        const { name } = await exchangeAt(call);
        // The bank first: without its exchange, a repeated call could not remove it.
        await store.apply(
          { replace: { list: name, entries: [] }, settings: { [name]: null } },
          changeBy(call),
        );
        await feeds.remove(name);
        return hmaJson({ message: 'success' });
      },
    },
    routeOf({
      method: 'POST',
      path: '/c/exchange/{name}/credentials',
      role: 'curate',
      about: 'Set the credentials of an exchange.',
      body: CREDENTIALS,
      replies: { 200: CREDENTIAL_STATUS, ...repliesOf(MESSAGE, 400, 404, 501) },
      async answer(call, body) {
        const { name, api: stored, settings, enabled } = await exchangeAt(call);
        const api = hmaApiOf(stored)?.[1];
        const credentials = api && credentialsOf(api, body);
        if (!credentials) throw new Refusal('bad-request', 'expected credentials');
        await set(name, { api: stored, settings, enabled, credentials });
        return hmaJson(credentialStatus({ api: stored, hasCredentials: true }));
      },
    }),
    {
      method: 'GET',
      path: '/c/exchange/{name}/status',
      role: 'curate',
      about: 'Fetch progress of an exchange.',
      replies: { 200: STATUS, 404: MESSAGE },
      async answer(call) {
        const { name, fetched } = await exchangeAt(call);
        const { fetchedSeconds: seconds, isPartial, mustRefetch } = fetched ?? {};
        const isWhole = seconds !== undefined && !isPartial && !mustRefetch;
        return hmaJson({
          checkpoint_ts: seconds ?? null,
          // Fetches run in another process, which reports only when it ends.
          running_fetch_start_ts: null,
          last_fetch_complete_ts: seconds ?? null,
          last_fetch_succeeded: seconds === undefined ? null : isWhole,
          up_to_date: isWhole,
          fetched_items: (await store.count({ list: name })).entries,
        });
      },
    },
  ];
}

/** @throws {Refusal} 400, as in HMA */
function apiOf(name: string): HmaApi {
  const api = Object.hasOwn(HMA_APIS, name) ? HMA_APIS[name] : undefined;
  if (!api) throw new Refusal('bad-request', 'expected the name of an API');
  return api;
}

const apiAt = ({ params }: Call): HmaApi => apiOf(params.api!);

/** HMA's name of a stored API, and the API; undefined if HMA clients cannot create one. */
const hmaApiOf = (stored: string): [string, HmaApi] | undefined =>
  Object.entries(HMA_APIS).find(([, { api }]) => api === stored);

/** @throws {Refusal} 400 */
function credentialsOf(
  api: HmaApi,
  { credential_json: given }: FromSchema<typeof CREDENTIALS>,
): Record<string, string> | undefined {
  // In HMA, empty credentials delete the stored ones; here, remove the exchange instead.
  if (!given || Object.keys(given).length === 0) return undefined;
  return storedFields(api, api.credentials, given);
}

function credentialStatus({ api, hasCredentials }: Pick<Feed, 'api' | 'hasCredentials'>) {
  return {
    supports_auth: (hmaApiOf(api)?.[1].credentials.length ?? 0) > 0,
    has_credentials: hasCredentials,
    source: hasCredentials ? 'exchange' : null,
  };
}

function exchangeJson(feed: Feed) {
  const { name, api: stored, settings, enabled } = feed;
  const [api, known] = hmaApiOf(stored) ?? [stored, undefined];
  return {
    ...(known && hmaFields(known, settings)),
    ...{ name, api, enabled },
    credential_status: credentialStatus(feed),
  };
}
