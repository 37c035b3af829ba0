import {
  checkedBriefly,
  checkNumber,
  checkObject,
  text as checkText,
  type OptionTable,
  tableOf,
  wrongRange,
} from '../../door.js';
import { type JsonObject, jsonObject, textOf } from '../../text/json.js';
import {
  type FetchUpdatesOptions,
  fetchUpdatesOptions,
  type ListClient,
  type UpdatesPage,
} from '../list-update.js';
import { ServiceConnection, type ServiceLink } from '../service-connection.js';
import { ServiceError } from '../service-error.js';
import {
  checkCredential,
  SERVICE_OPTIONS,
  type ServiceOptions,
  serviceUrl,
} from '../service-options.js';
import {
  techAgainstTerrorismEnvelope,
  techAgainstTerrorismPage,
  updateOfTechAgainstTerrorism,
} from './format.js';

/** Progress of a fetch of Tech Against Terrorism's list. */
export interface TechAgainstTerrorismCheckpoint {
  /** the checkpoint of the last page, as the service wrote it */
  readonly after: string;
  /** when the fetch began, by our clock */
  readonly fetchedSeconds: number;
}

export const TECH_AGAINST_TERRORISM_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  baseUrl: { is: serviceUrl, default: 'https://app.terrorismanalytics.org' },
}) satisfies OptionTable<ServiceOptions>;

export const TECH_AGAINST_TERRORISM_FETCH_OPTIONS =
  /* @__PURE__ */ fetchUpdatesOptions(terrorismCheckpoint);

/**
 * The hash list of Tech Against Terrorism, version 2. It was written from the reference client and
 * its samples, and has not run against the real service.
 *
 * It logs in once, and again when the token is rejected. The next page is requested by the
 * checkpoint of the last: a link with an offset would skip a record whenever an earlier one
 * changes, and so moves to the end, in between. If a page has no checkpoint, or one that does not
 * move, its link is followed unchanged.
 */
export class TechAgainstTerrorismClient implements ListClient<TechAgainstTerrorismCheckpoint> {
  readonly #login: { readonly username: string; readonly password: string };
  readonly #connection: ServiceConnection;
  #token: string | undefined;

  /**
   * @param login user name and password that the service gave
   * @throws {TypeError | RangeError} if a credential or an option is invalid
   */
  constructor(login: { username: string; password: string }, options: ServiceOptions = {}) {
    checkObject(login, 'login: { username, password }');
    const { username, password } = login;
    for (const [name, value] of Object.entries({ username, password })) {
      checkText(name, value);
      if (value === '') wrongRange(`${name} not to be empty`);
    }
    const checked = checkedBriefly(options, TECH_AGAINST_TERRORISM_OPTIONS);
    this.#login = { username, password };
    this.#connection = new ServiceConnection('Tech Against Terrorism', {}, checked);
  }

  /** Never: the list can be fetched from any checkpoint, however old. */
  mustRestart(checkpoint: TechAgainstTerrorismCheckpoint, nowSeconds: number): boolean {
    terrorismCheckpoint('', checkpoint);
    checkNumber('nowSeconds', nowSeconds, 0);
    return false;
  }

  /**
   * @throws {ServiceError} if the service does not answer as expected
   * @throws {FormatError} the first malformed record, if there is no `onProblem`
   */
  async *fetchUpdates(
    options: FetchUpdatesOptions<TechAgainstTerrorismCheckpoint> = {},
  ): AsyncGenerator<UpdatesPage<TechAgainstTerrorismCheckpoint>, void, undefined> {
    const { checkpoint, signal } = checkedBriefly(options, TECH_AGAINST_TERRORISM_FETCH_OPTIONS);
    const fetchedSeconds = Math.floor(this.#connection.nowSeconds());
    let after = checkpoint?.after ?? '';
    const asked = new Set([after]);
    for (let link: ServiceLink | undefined, isDrained = false; !isDrained; ) {
      const reply = await this.#fetchPage(link, after, signal);
      const page = techAgainstTerrorismPage(reply, options);
      const { next } = page;
      isDrained = next === undefined;
      const hasMoved = page.checkpoint !== undefined && isAfter(page.checkpoint, after);
      if (hasMoved) after = page.checkpoint!;
      link = hasMoved || next === undefined ? undefined : this.#connection.link(next);
      const following = link?.url ?? after;
      if (!isDrained && asked.has(following)) {
        throw new ServiceError(
          'bad-reply',
          'Tech Against Terrorism: a page links to an earlier one',
        );
      }
      asked.add(following);
      yield {
        updates: page.records.map(updateOfTechAgainstTerrorism),
        unknown: page.unknown,
        ...(isDrained && { checkpoint: { after, fetchedSeconds } }),
        isDrained,
        isFromStart: checkpoint === undefined,
      };
    }
  }

  async #fetchPage(
    link: ServiceLink | undefined,
    after: string,
    signal: AbortSignal | undefined,
  ): Promise<JsonObject> {
    const ask = async (token: string) =>
      this.#connection.send({
        method: 'GET',
        name: 'hash-list',
        ...(link
          ? { path: link }
          : {
              path: '/api/hash-list/v2/all',
              query: { order: 'asc', ...(after !== '' && { after }) },
            }),
        headers: { authorization: `Bearer ${token}` },
        read: (text) => {
          const reply = jsonObject(text);
          techAgainstTerrorismEnvelope(reply);
          return reply;
        },
        signal,
      });
    const known = this.#token;
    if (known !== undefined) {
      try {
        return await ask(known);
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'unauthorized') throw error;
        // The token has expired.
        if (this.#token === known) this.#token = undefined;
      }
    }
    this.#token ??= await this.#logIn(signal);
    return ask(this.#token);
  }

  /** Sends a form, as the reference client does. Logging in twice does no harm. */
  async #logIn(signal: AbortSignal | undefined): Promise<string> {
    const form = Object.entries({ ...this.#login, resend: 'False' });
    const token = await this.#connection.send({
      method: 'POST',
      repeatable: true,
      path: '/token-auth/tcap/',
      name: 'token-auth',
      body: {
        type: 'application/x-www-form-urlencoded',
        text: form.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'),
      },
      read: (text) => textOf(jsonObject(text), 'token'),
      signal,
    });
    try {
      checkCredential('token', token);
    } catch {
      throw new ServiceError('bad-reply', 'Tech Against Terrorism: token-auth returned no token');
    }
    return token;
  }
}

/**
 * True if checkpoint `a` is after `b`: by its time, then by its id. Any other form counts as after
 * everything else.
 */
function isAfter(a: string, b: string): boolean {
  const [, time, id] = CHECKPOINT.exec(a) ?? [];
  const [, otherTime, otherId] = CHECKPOINT.exec(b) ?? [];
  if (time === undefined || otherTime === undefined) return a !== b;
  const later = Number(time) - Number(otherTime);
  return later > 0 || (later === 0 && Number(id) > Number(otherId));
}

const CHECKPOINT = /^(\d{1,15}(?:\.\d{1,15})?),(\d{1,15})$/;

function terrorismCheckpoint(_: string, value: unknown): void {
  checkObject(value, 'a checkpoint: { after, fetchedSeconds }');
  const { after, fetchedSeconds } = value as TechAgainstTerrorismCheckpoint;
  checkText('after', after);
  checkNumber('fetchedSeconds', fetchedSeconds, 0);
}
