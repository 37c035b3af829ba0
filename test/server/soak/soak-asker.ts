import { expect } from 'vitest';
import { AUTHORIZED } from '../serve-program.js';
import type { Query, ShadowSet, Told, ToldSubject, Wrong } from '../shadow-set.js';

type Verdict = 'match' | 'review' | 'none';

/** A match as `/v1/match` tells it. */
interface MatchJson {
  readonly hash: string;
  readonly list: string;
  readonly distance: number;
  readonly tier: 'match' | 'review';
}

interface DecisionJson {
  readonly answered: boolean;
  readonly leftOut: number;
  readonly decision: {
    readonly verdict: Verdict;
    readonly matches: readonly MatchJson[];
    readonly allowed?: readonly MatchJson[];
  };
}

type Banks = Readonly<
  Record<string, readonly { readonly bank_content_id: number; readonly distance: string }[]>
>;

/** Of what a decision tells, HMA's callers are told the matches. */
const asLookup = (told: Told): Told => (told === 'match' ? 'match' : 'absent');

/** Asks a service, and judges its answers by a shadow set. */
export class SoakAsker {
  readonly #url: string;
  readonly #shadow: ShadowSet;
  /** the subjects by the numbers of their entries, and by hash and list */
  readonly #byNumber: ReadonlyMap<number, number>;
  readonly #byEntry: ReadonlyMap<string, number>;
  /** the revision that the service has told that it has */
  reached = 0;
  /** answers that no order of the changes explains, the first ones */
  readonly wrong: (Wrong & { readonly dialect: string })[] = [];
  answers = 0;
  /** answers that could only be as they were */
  exact = 0;

  /** @param numbers of the entries of the subjects */
  constructor(url: string, shadow: ShadowSet, numbers: readonly number[]) {
    this.#url = url;
    this.#shadow = shadow;
    this.#byNumber = new Map(numbers.map((number, at) => [number, at]));
    this.#byEntry = new Map(shadow.subjects.map(({ hex, list }, at) => [hex + list, at]));
  }

  async json(path: string, init: RequestInit = {}): Promise<never> {
    const headers = { ...AUTHORIZED, ...init.headers };
    const response = await fetch(this.#url + path, { ...init, headers });
    const text = await response.text();
    expect([init.method, path, response.status, text]).toEqual([init.method, path, 200, text]);
    return JSON.parse(text) as never;
  }

  /** Sends a body of JSON. */
  async send(method: string, path: string, body: object): Promise<never> {
    const headers = { 'content-type': 'application/json' };
    return await this.json(path, { method, body: JSON.stringify(body), headers });
  }

  /** Looks how far the service is, which does not go back. */
  async look(): Promise<void> {
    const { reached } = this;
    const { revision } = (await this.json('/v1/status')) as { revision: number };
    expect(revision).toBeGreaterThanOrEqual(reached);
    this.reached = Math.max(this.reached, revision);
  }

  async lookUp(query: Query): Promise<void> {
    const { reached } = this;
    const banks = await this.json(`/m/lookup?signal_type=pdq&signal=${query.hex}`);
    this.#judge('lookup', query, this.#toldByBanks(banks), reached, asLookup);
  }

  async match(query: Query): Promise<void> {
    const { reached } = this;
    const body = { algorithm: 'pdq', hash: query.hex };
    const reply = await this.send('POST', '/v1/match?all=true', body);
    this.#judge('match', query, this.#toldByDecision(reply), reached, (told) => told);
  }

  /** Uploads a picture whose hash the query has. Only its own entry is near any of its variants. */
  async upload(query: Query, picture: Uint8Array, dialect: 'hma' | 'v1'): Promise<void> {
    const { reached } = this;
    const form = new FormData();
    form.append('photo', new File([picture as Uint8Array<ArrayBuffer>], 'x.jpg'));
    const init = { method: 'POST', body: form };
    const told =
      dialect === 'hma'
        ? this.#toldByBanks(((await this.json('/m/lookup', init)) as { pdq: Banks }).pdq)
        : this.#toldByDecision(await this.json('/v1/match', init));
    this.#judge(
      `upload, ${dialect}`,
      query,
      told,
      reached,
      dialect === 'hma' ? asLookup : (as) => as,
    );
  }

  #toldByBanks(banks: Banks): Map<number, ToldSubject> {
    return new Map(
      Object.values(banks)
        .flat()
        .map(({ bank_content_id: number, distance }) => [
          this.#byNumber.get(number) ?? -1,
          { told: 'match', distance: Number(distance) },
        ]),
    );
  }

  #toldByDecision({ answered, leftOut, decision }: DecisionJson): Map<number, ToldSubject> {
    const { verdict, matches, allowed = [] } = decision;
    const nearest = matches.some(({ tier }) => tier === 'match') ? 'match' : 'review';
    const follows: Verdict = matches.length === 0 ? 'none' : nearest;
    expect({ answered, leftOut, verdict }).toEqual({
      answered: true,
      leftOut: 0,
      verdict: follows,
    });
    const all = [
      ...matches.map((match) => [match, match.tier] as const),
      ...allowed.map((match) => [match, 'allowed'] as const),
    ];
    // Of an upload, the variant that came nearest is the last one here.
    return new Map(
      all
        .sort(([a], [b]) => b.distance - a.distance)
        .map(([{ hash, list, distance }, told]) => [
          this.#byEntry.get(hash + list) ?? -1,
          { told, distance },
        ]),
    );
  }

  #judge(
    dialect: string,
    query: Query,
    told: ReadonlyMap<number, ToldSubject>,
    revision: number,
    as: (told: Told) => Told,
  ): void {
    const { wrong, isExact } = this.#shadow.judge(query, told, revision, as);
    this.answers++;
    if (isExact) this.exact++;
    for (const each of wrong) if (this.wrong.length < 20) this.wrong.push({ dialect, ...each });
  }
}
