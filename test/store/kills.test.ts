import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { hashToHex } from '../../src/hash.js';
import { openStore } from '../../src/store/sql/open-store.js';
import { workerScripts } from '../node/pool/hash-process.js';
import { runs } from '../seed.js';
import { tokensFile } from '../server/serve-program.js';
import { describeOwnPostgresql } from './engines.js';
import { type Acknowledged, KilledService } from './killed-service.js';
import type { Answer, Question } from './lists/store-follower.js';

/** Kills of the writer, of followers and of services, and of the database server. */
const KILLS = Number(process.env.STORE_KILLS ?? runs(4));
const RESTARTS = Number(process.env.STORE_RESTARTS ?? runs(1));

/** One that is killed before it is ready says nothing: whoever waits for it must not wait on. */
const readyOrGone = (child: ChildProcess): Promise<unknown> =>
  Promise.race([once(child, 'message'), once(child, 'exit')]);

/** A program that follows the store, and is started again when it was killed. */
class FollowerProgram {
  readonly #start: () => ChildProcess;
  #child: ChildProcess;
  #ready: Promise<unknown>;
  #number = 0;

  constructor(start: () => ChildProcess) {
    this.#start = start;
    this.#child = start();
    this.#ready = readyOrGone(this.#child);
  }

  /** @returns undefined if it was killed before it answered */
  async ask(revision: number, asked: Question['asked']): Promise<readonly string[] | undefined> {
    const child = this.#child;
    await this.#ready;
    const number = this.#number++;
    return await new Promise((resolve) => {
      const ended = () => over(undefined);
      const told = (answer: Answer) => {
        if (answer.number === number) over(answer.hexes);
      };
      const over = (hexes: readonly string[] | undefined) => {
        child.off('exit', ended);
        child.off('message', told);
        resolve(hexes);
      };
      child.once('exit', ended);
      child.on('message', told);
      child.send({ number, revision, asked } satisfies Question, (error) => {
        if (error) ended();
      });
    });
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#child = this.#start();
    this.#ready = readyOrGone(this.#child);
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

describeOwnPostgresql((server) => {
  let scripts: ReturnType<typeof workerScripts>;
  let tokens: ReturnType<typeof tokensFile>;
  beforeAll(() => {
    scripts = workerScripts();
    tokens = tokensFile();
  });
  afterAll(() => {
    scripts.remove();
    tokens.remove();
  });

  test(`${KILLS} kills of writer, followers and services, ${RESTARTS} of the database: nothing acknowledged is lost`, async () => {
    const url = await server().newDatabase();
    await (await openStore({ url })).close();
    const [writer, follower] = ['store-writer', 'lists/store-follower'].map((name) =>
      fileURLToPath(scripts.build(`test/store/${name}.ts`)),
    ) as [string, string];
    const followers = [0, 1].map(() => new FollowerProgram(() => fork(follower, [url])));
    const next = random(11);
    const added = new Set<string>();
    const begun = new Set<string>();
    const acknowledged: Acknowledged = { revision: 0, withdrawn: new Map() };
    const { withdrawn } = acknowledged;
    const services = await Promise.all(
      [12, 13].map((seed) =>
        KilledService.start(url, { acknowledged, next: random(seed), tokens: tokens.path }),
      ),
    );
    let writing: ChildProcess | undefined;
    onTestFinished(async () => {
      writing?.kill('SIGKILL');
      await Promise.all(services.map((each) => each.end()));
    });
    const asks: Promise<void>[] = [];
    let found = 0;
    let answers = 0;
    const rounds = KILLS + RESTARTS;
    const restarts = new Set(
      Array.from({ length: RESTARTS }, (_, at) => Math.floor(((at + 0.5) * rounds) / RESTARTS)),
    );
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, [writer, url, `${round}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      writing = child;
      const ended = once(child, 'exit');
      const limit = 20 + (next() % 60);
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [hex, at] = line.slice(1).split(' ') as [string, string?];
        if (line.startsWith('+')) added.add(hex);
        if (line.startsWith('?')) begun.add(hex);
        const revision = Math.max(acknowledged.revision, Number(at ?? 0));
        acknowledged.revision = revision;
        if (line.startsWith('-')) {
          withdrawn.set(hex, revision);
          // Once a follower has reached the revision, none of them is found by it.
          for (const each of followers) {
            const asking = each.ask(revision, [...withdrawn.keys()].slice(-20)).then((hexes) => {
              if (hexes === undefined) return;
              answers++;
              found += hexes.length;
            });
            asks.push(asking);
          }
        }
        if (++lines !== limit) continue;
        if (restarts.has(round)) {
          await server().kill();
          await server().start();
        } else {
          await [...followers, ...services, undefined][next() % 5]?.kill();
        }
        if (lines >= limit) child.kill('SIGKILL');
      }
      // A writer that ends by itself has found a defect.
      expect(await ended).toEqual([null, 'SIGKILL']);
    }
    await Promise.all(asks);
    const store = await openStore({ url });
    const there = new Set<string>();
    for await (const { hash } of store.entries()) there.add(hashToHex(hash));
    const lost = [...added].filter((hex) => !there.has(hex) && !begun.has(hex));
    const back = [...withdrawn.keys()].filter((hex) => there.has(hex));
    expect({ lost, back, found }).toEqual({ lost: [], back: [], found: 0 });
    expect(answers).toBeGreaterThan(0);
    expect(await store.verify()).toEqual([]);
    for (const each of followers) {
      const held = await each.ask(await store.revision(), 'all');
      expect([...held!].sort()).toEqual([...there].sort());
      await each.end();
    }
    for (const each of services) {
      const hexes = [...there, ...withdrawn.keys()];
      const matched = await each.matched(hexes, await store.revision());
      expect(matched.sort()).toEqual([...there].sort());
      expect(each.wrong).toEqual([]);
      expect(each.answers).toBeGreaterThan(0);
      expect(each.starts).toBeGreaterThan(0);
    }
    await store.close();
  });
});
