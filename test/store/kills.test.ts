import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { hashToHex } from '../../src/hash.js';
import { openStore } from '../../src/store/open-store.js';
import { workerScripts } from '../node/hash-process.js';
import { describePostgresql } from './engines.js';
import type { Answer, Question } from './store-follower.js';

/** Kills of the writer and of followers, and of the whole server. */
const KILLS = Number(process.env.STORE_KILLS ?? 4);
const RESTARTS = Number(process.env.STORE_RESTARTS ?? 1);

/** A program that follows the store, and is started again when it was killed. */
class FollowerProgram {
  readonly #start: () => ChildProcess;
  #child: ChildProcess;
  #ready: Promise<unknown>;
  #number = 0;

  constructor(start: () => ChildProcess) {
    this.#start = start;
    this.#child = start();
    this.#ready = once(this.#child, 'message');
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
    this.#ready = once(this.#child, 'message');
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

describePostgresql(
  (server) => {
    let scripts: ReturnType<typeof workerScripts>;
    beforeAll(() => {
      scripts = workerScripts();
    });
    afterAll(() => scripts.remove());

    test(`${KILLS} kills of writer and followers, ${RESTARTS} of the server: nothing acknowledged is lost`, {
      timeout: 120_000 + 10_000 * (KILLS + RESTARTS),
    }, async () => {
      const url = await server().newDatabase();
      await (await openStore({ url })).close();
      const [writer, follower] = ['store-writer', 'store-follower'].map((name) =>
        fileURLToPath(scripts.build(`test/store/${name}.ts`)),
      ) as [string, string];
      const followers = [0, 1].map(() => new FollowerProgram(() => fork(follower, [url])));
      const next = random(11);
      const added = new Set<string>();
      const begun = new Set<string>();
      const withdrawn = new Set<string>();
      const asks: Promise<void>[] = [];
      let found = 0;
      let answers = 0;
      let revision = 0;
      const rounds = KILLS + RESTARTS;
      const restarts = new Set(
        Array.from({ length: RESTARTS }, (_, at) => Math.floor(((at + 0.5) * rounds) / RESTARTS)),
      );
      for (let round = 0; round < rounds; round++) {
        const child = spawn(process.execPath, [writer, url, `${round}`], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const ended = once(child, 'exit');
        const limit = 20 + (next() % 60);
        let lines = 0;
        for await (const line of createInterface({ input: child.stdout })) {
          const [hex, at] = line.slice(1).split(' ') as [string, string?];
          if (line.startsWith('+')) added.add(hex);
          if (line.startsWith('?')) begun.add(hex);
          if (at !== undefined) revision = Math.max(revision, Number(at));
          if (line.startsWith('-')) {
            withdrawn.add(hex);
            // Once a follower has reached the revision, none of them is found by it.
            for (const each of followers) {
              const asking = each.ask(revision, [...withdrawn].slice(-20)).then((hexes) => {
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
          } else if (next() % 3 === 0) {
            await followers[next() % 2]!.kill();
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
      const back = [...withdrawn].filter((hex) => there.has(hex));
      expect({ lost, back, found }).toEqual({ lost: [], back: [], found: 0 });
      expect(answers).toBeGreaterThan(0);
      expect(await store.verify()).toEqual([]);
      for (const each of followers) {
        const held = await each.ask(await store.revision(), 'all');
        expect([...held!].sort()).toEqual([...there].sort());
        await each.end();
      }
      await store.close();
    });
  },
  { title: 'postgresql, durable', isDurable: true },
);
