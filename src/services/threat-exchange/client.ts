import {
  checkedBriefly,
  checkObject,
  text as checkText,
  integer,
  type OptionCheck,
  type OptionTable,
  tableOf,
  wrongKind,
  wrongRange,
} from '../../door.js';
import type { FormatError } from '../../errors.js';
import { jsonObject, reportProblems } from '../../text/json.js';
import type { FetchUpdatesOptions, ListClient, UpdatesPage } from '../list-update.js';
import { ServiceConnection } from '../service-connection.js';
import {
  checkCredential,
  SERVICE_OPTIONS,
  type ServiceOptions,
  serviceUrl,
} from '../service-options.js';
import { isTooOld, OVERLAP_SECONDS, type TimedCheckpoint, timedUpdates } from '../timed-fetch.js';
import { threatUpdatesPage, updateOfThreat } from './format.js';

/** Options of `ThreatExchangeClient`. */
export interface ThreatExchangeOptions extends ServiceOptions {
  /** types of indicators to fetch, default all */
  types?: readonly string[];
  /** records per page, default 500 */
  pageSize?: number;
}

const words: OptionCheck = (name, value) => {
  if (!(Array.isArray(value) && value.every(isWord))) wrongKind(`${name} to be a list of words`);
};

export const THREAT_EXCHANGE_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  baseUrl: { is: serviceUrl, default: 'https://graph.facebook.com/v21.0' },
  types: { is: words },
  pageSize: { is: integer, least: 1, most: 100_000, default: 500 },
}) satisfies OptionTable<ThreatExchangeOptions>;

/** Notices of deletion are kept for 90 days; clients fetch from the start a little earlier. */
const RESTART_SECONDS = 85 * 86_400;

const FIELDS =
  'id,indicator,type,last_updated,should_delete,descriptors{id,reactions,owner{id},tags,status}';

/**
 * The updates of a privacy group of Meta's ThreatExchange. It was written from documents and
 * samples, and has not run against the real service. Its documents put the token in the query; here
 * it goes in the header `Authorization`, since queries end up in logs.
 * @example
 * const client = new ThreatExchangeClient({ accessToken }, '1012185296055235');
 * for await (const { updates, checkpoint } of client.fetchUpdates({ checkpoint: stored })) …
 */
export class ThreatExchangeClient implements ListClient<TimedCheckpoint> {
  readonly #connection: ServiceConnection;
  readonly #group: string;
  readonly #query: Readonly<Record<string, string>>;

  /**
   * @param credentials `accessToken`: the app's, as `APP|SECRET`
   * @param privacyGroup its number
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  constructor(
    credentials: { accessToken: string },
    privacyGroup: string,
    options: ThreatExchangeOptions = {},
  ) {
    checkObject(credentials, 'credentials: { accessToken }');
    const { accessToken } = credentials;
    checkCredential('accessToken', accessToken);
    checkText('privacyGroup', privacyGroup);
    if (!/^\d{1,32}$/.test(privacyGroup)) {
      wrongRange('privacyGroup to be a number in digits');
    }
    const { types, pageSize, ...others } = checkedBriefly(options, THREAT_EXCHANGE_OPTIONS);
    this.#group = privacyGroup;
    this.#query = {
      limit: `${pageSize}`,
      fields: FIELDS,
      ...(types && { types: types.join(',') }),
    };
    this.#connection = new ServiceConnection(
      'ThreatExchange',
      { authorization: `Bearer ${accessToken}` },
      others,
    );
  }

  mustRestart(checkpoint: TimedCheckpoint, nowSeconds: number): boolean {
    return isTooOld(checkpoint, nowSeconds, RESTART_SECONDS);
  }

  /**
   * Every update since `checkpoint`, which is the newest time of all records.
   * @throws {TypeError | RangeError} if an option is invalid
   * @throws {ServiceError} if ThreatExchange does not answer as expected
   * @throws {FormatError} the first malformed record, if there is no `onProblem`
   */
  fetchUpdates(
    options: FetchUpdatesOptions<TimedCheckpoint> = {},
  ): AsyncGenerator<UpdatesPage<TimedCheckpoint>, void, undefined> {
    const source = `ThreatExchange/${this.#group}`;
    return timedUpdates(options, {
      nowSeconds: () => this.#connection.nowSeconds(),
      everything: 0,
      mustRestart: (checkpoint, nowSeconds) => this.mustRestart(checkpoint, nowSeconds),
      twice: 'ThreatExchange: threat_updates repeated a link',
      page: async (start, link) => {
        const { page, problems } = await this.#page(start, link, options.signal);
        reportProblems(problems, options);
        const { records, unknown, next } = page;
        const times = records.map(({ lastUpdated = 0 }) => lastUpdated);
        return {
          updates: records.map((record) => updateOfThreat(record, source)),
          unknown,
          newestSeconds: times.reduce((newest, time) => Math.max(newest, time), 0),
          next,
        };
      },
    });
  }

  #page(start: number, link: string | undefined, signal: AbortSignal | undefined) {
    return this.#connection.send({
      method: 'GET',
      path: link === undefined ? `/${this.#group}/threat_updates/` : this.#connection.link(link),
      ...(link === undefined && {
        query: { ...this.#query, ...(start > 0 && { start_time: `${start - OVERLAP_SECONDS}` }) },
      }),
      name: 'threat_updates',
      read: (text) => {
        const problems: FormatError[] = [];
        const onProblem = (error: FormatError) => problems.push(error);
        return { page: threatUpdatesPage(jsonObject(text), { onProblem }), problems };
      },
      signal,
    });
  }
}

const isWord = (value: unknown) => typeof value === 'string' && /^\w+$/.test(value);
