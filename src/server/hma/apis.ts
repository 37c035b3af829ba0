import { NCMEC_LISTS } from '../../services/ncmec/format.js';
import { Refusal } from '../http/route.js';

/** A member of a configuration or of credentials, as HMA describes it. */
export interface HmaField {
  readonly name: string;
  readonly type: 'string' | 'number' | 'enum';
  readonly required: boolean;
  readonly default: null;
  readonly help: string;
  readonly choices: readonly string[] | null;
}

/** A service that lists are fetched from, in HMA's names and the store's. */
export interface HmaApi {
  /** the store's name of the service, by which `onlyhashes fetch` finds its client */
  readonly api: string;
  readonly config: readonly HmaField[];
  readonly credentials: readonly HmaField[];
  /** names of all fields in the store */
  readonly stored: Readonly<Record<string, string>>;
  /** the client's value for each choice */
  readonly chosen?: Readonly<Record<string, string>>;
}

const field = (name: string, help: string, more: Partial<HmaField> = {}): HmaField => ({
  ...{ name, type: 'string', required: true, default: null, help, choices: null },
  ...more,
});

const NCMEC_NAMES = Object.fromEntries(
  Object.entries(NCMEC_LISTS).map(([name, { baseUrl }]) => [baseUrl, name]),
);

/** Services by HMA's names, or by the store's if HMA does not have them. */
export const HMA_APIS: Readonly<Record<string, HmaApi>> = {
  fb_threatexchange: {
    api: 'threatexchange',
    config: [field('privacy_group', 'The number of the privacy group', { type: 'number' })],
    credentials: [field('api_token', 'The access token of the app')],
    stored: { privacy_group: 'privacyGroup', api_token: 'accessToken' },
  },
  ncmec: {
    api: 'ncmec',
    config: [field('environment', 'The list', { type: 'enum', choices: Object.keys(NCMEC_NAMES) })],
    credentials: [field('user', 'The user name'), field('password', 'The password')],
    stored: { environment: 'list', user: 'user', password: 'password' },
    chosen: NCMEC_NAMES,
  },
  stop_ncii: {
    api: 'stopncii',
    config: [],
    credentials: [
      field('fetch_function_key', 'The key for fetching hashes'),
      field('subscription_key', 'The subscription key'),
    ],
    stored: { fetch_function_key: 'fetchHashesKey', subscription_key: 'subscriptionKey' },
  },
  techagainstterrorism: {
    api: 'techagainstterrorism',
    config: [],
    credentials: [field('username', 'The user name'), field('password', 'The password')],
    stored: { username: 'username', password: 'password' },
  },
};

/** Most characters of a value: more than these services issue, less than a store refuses. */
const LONGEST = 4096;

/** Members that HMA's own clients add to a configuration. */
const IGNORED = ['name', 'api', 'enabled'];

/**
 * A caller's values of `fields`, under the store's names. No message names a member or a value,
 * since callers log messages, and a value may be secret.
 * @throws {Refusal} 400 if one is unknown, missing, too long or of another type
 */
export function storedFields(
  { stored, chosen = {} }: HmaApi,
  fields: readonly HmaField[],
  sent: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const known = fields.map(({ name }) => name);
  const others = Object.keys(sent).filter((name) => !known.includes(name));
  if (others.some((name) => !IGNORED.includes(name))) {
    throw new Refusal('bad-request', 'expected members that match the schema of the API');
  }
  const values: Record<string, string> = {};
  for (const { name, type, choices } of fields) {
    const value = Object.hasOwn(sent, name) ? sent[name] : undefined;
    const text = type === 'number' && Number.isSafeInteger(value) ? String(value) : value;
    const isRight =
      typeof text === 'string' &&
      text !== '' &&
      text.length <= LONGEST &&
      (type !== 'number' || /^\d+$/.test(text)) &&
      (choices === null || choices.includes(text));
    if (!isRight) throw new Refusal('bad-request', 'expected all members that the schema requires');
    values[stored[name]!] = choices === null ? text : chosen[text]!;
  }
  return values;
}

/** A store's settings under HMA's names. */
export function hmaFields(
  { stored, config, chosen = {} }: HmaApi,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    config.flatMap(({ name, type, choices }) => {
      const value = settings[stored[name]!];
      if (value === undefined) return [];
      if (choices !== null) return [[name, choices.find((one) => chosen[one] === value) ?? null]];
      const isNumber = type === 'number' && Number.isSafeInteger(Number(value));
      return [[name, isNumber ? Number(value) : value]];
    }),
  );
}
