import { setTimeout } from 'node:timers/promises';
import { AUTHORIZED, freePort, ServeProgram } from '../server/serve-program.js';
import { hashOfHex } from './killed-hash.js';

/** Between two questions to a service, in milliseconds. */
const PAUSE = 20;
/** Hashes of one question: a service takes up to 600 variants of a picture. */
const AT_ONCE = 500;

/** What was acknowledged so far. */
export interface Acknowledged {
  /** of the last change */
  revision: number;
  /** hashes that were withdrawn, in their order, and the revisions that have it */
  readonly withdrawn: Map<string, number>;
}

/** The program `serve` on a store, started again whenever it has ended. */
export class KilledService {
  readonly #args: readonly string[];
  readonly #url: string;
  readonly #acknowledged: Acknowledged;
  readonly #next: () => number;
  #program: ServeProgram | undefined;
  #isOver = false;
  #running: Promise<unknown> | undefined;
  /** how often it was ready */
  starts = 0;
  /** questions that were answered */
  answers = 0;
  /** what it must not have done */
  readonly wrong: string[] = [];

  private constructor(
    url: string,
    port: number,
    { acknowledged, next, tokens }: KilledServiceParts,
  ) {
    this.#args = ['--store', url, '--port', `${port}`, '--tokens', tokens, '--fetch-minutes', '0'];
    this.#url = `http://127.0.0.1:${port}`;
    this.#acknowledged = acknowledged;
    this.#next = next;
  }

  /** Starts it on the store at `url`, and goes on asking it. */
  static async start(url: string, parts: KilledServiceParts): Promise<KilledService> {
    const service = new KilledService(url, await freePort(), parts);
    service.#running = Promise.all([service.#run(), service.#ask()]);
    return service;
  }

  /** Kills it; it starts again by itself. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.kill();
    await this.#running;
  }

  /** Which of these it matches, once it has reached a revision. */
  async matched(hexes: readonly string[], revision: number): Promise<string[]> {
    while (((await this.#revision()) ?? -1) < revision) await setTimeout(PAUSE);
    const found = new Set<string>();
    for (let from = 0; from < hexes.length; from += AT_ONCE) {
      const part = hexes.slice(from, from + AT_ONCE);
      for (const hex of (await this.#matches(part))!) found.add(hex);
    }
    return [...found];
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const { revision } = this.#acknowledged;
      const program = new ServeProgram(this.#args);
      this.#program = program;
      const isReady = await this.#started(program, revision);
      const code = await program.ended;
      // While the database is away it cannot begin; but it goes on without it.
      if (isReady && code !== null) this.wrong.push(`it ended with ${code}: ${program.said}`);
    }
  }

  /** Waits until it is ready, which it must not be before it has the revision. */
  async #started(program: ServeProgram, revision: number): Promise<boolean> {
    while (program.isRunning) {
      const ready = await this.#get('/health/ready');
      if (ready?.status === 200) {
        const reached = await this.#revision();
        if (reached === undefined) continue;
        if (reached < revision) this.wrong.push(`ready at ${reached}, before ${revision}`);
        this.starts++;
        return true;
      }
      if (ready && ready.status !== 503) this.wrong.push(`not ready: ${ready.status}`);
      await setTimeout(PAUSE);
    }
    return false;
  }

  /** Asks about what was withdrawn: the last ones, and some of before. */
  async #ask(): Promise<void> {
    while (!this.#isOver) {
      await setTimeout(PAUSE);
      const reached = await this.#revision();
      if (reached === undefined) continue;
      const withdrawn = [...this.#acknowledged.withdrawn]
        .filter(([, revision]) => revision <= reached)
        .map(([hex]) => hex);
      if (withdrawn.length === 0) continue;
      const some = Array.from({ length: 20 }, () => withdrawn[this.#next() % withdrawn.length]!);
      const matched = await this.#matches([...withdrawn.slice(-20), ...some]);
      if (matched === undefined) continue;
      this.answers++;
      if (matched.length > 0) this.wrong.push(`matched what was withdrawn at ${reached}`);
    }
  }

  async #revision(): Promise<number | undefined> {
    const reply = await this.#get('/v1/status');
    return reply?.status === 200 ? (reply.body as { revision: number }).revision : undefined;
  }

  /** Those of some hashes that are entries; undefined if it was killed, or is not ready. */
  async #matches(hexes: readonly string[]): Promise<string[] | undefined> {
    const found: string[] = [];
    for (const algorithm of ['pdq', 'sha256']) {
      const [hash, ...others] = hexes.filter((hex) => hashOfHex(hex).algorithm === algorithm);
      if (hash === undefined) continue;
      const variants = others.map((each, at) => ({ name: `v${at}`, hash: each }));
      const reply = await this.#get('/v1/match?all=true&limit=1000', {
        method: 'POST',
        body: JSON.stringify({ algorithm, hash, variants }),
        headers: { 'content-type': 'application/json' },
      });
      if (reply?.status !== 200) return undefined;
      const { decision } = reply.body as { decision: { matches: { hash: string }[] } };
      found.push(...decision.matches.map((match) => match.hash));
    }
    return found;
  }

  /** undefined if nobody answers */
  async #get(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; body: unknown } | undefined> {
    try {
      const headers = { ...AUTHORIZED, ...init.headers };
      const response = await fetch(this.#url + path, { ...init, headers });
      return { status: response.status, body: await response.json() };
    } catch {
      return undefined;
    }
  }
}

/** What a service that is killed stands on. */
export interface KilledServiceParts {
  readonly acknowledged: Acknowledged;
  readonly next: () => number;
  /** the file of tokens */
  readonly tokens: string;
}
