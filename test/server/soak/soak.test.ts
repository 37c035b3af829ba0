import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { hash } from '../../../src/node/hash-file.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { workerScripts } from '../../node/pool/hash-process.js';
import { ROOT } from '../../project/package.js';
import { runs } from '../../seed.js';
import { describePostgresql } from '../../store/engines.js';
import { ServeProgram, tokensFile } from '../serve-program.js';
import { ShadowSet } from '../shadow-set.js';
import { SoakAsker } from './soak-asker.js';
import { Changer, SoakChanges } from './soak-changes.js';
import { LISTS, PICTURED, SINGLE, soakSubjects } from './soak-subjects.js';

/**
 * How long it goes on: `SOAK_SECONDS=1800` is half an hour. In less time than this, its memory may
 * still be growing to its usual size.
 */
const SECONDS = Number(process.env.SOAK_SECONDS ?? runs(45));
/** Between two requests or changes of each who asks or changes, in milliseconds. */
const PAUSE = 20;
const ASKING = 4;
const SAMPLE_EVERY = 200;
/** Hashes that are allowed now and then. */
const ALLOWED = 40;
/** How much more the last quarter may take than the second one, by their medians. */
const MORE_MEGABYTES = 32;
const MORE_HANDLES = 4;

const PICTURES = ['locomotion-house-cat-w301.jpg', 'nagasaki-boats-q40.jpg'].map((name) =>
  join(ROOT, 'fixtures/photos', name),
) as [string, string];

/** Resident bytes of a process, and how many files and connections it has open. */
const usageOf = (pid: number) => ({
  bytes: 1024 * Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]),
  handles: readdirSync(`/proc/${pid}/fd`).length,
});

type Next = () => number;
type Step = (next: Next) => Promise<void>;

const medianOf = (all: readonly number[]) => [...all].sort((a, b) => a - b)[all.length >> 1]!;

describePostgresql((server) => {
  test(`${SECONDS} seconds of lookups while lists change: no wrong answer, and memory is flat`, async () => {
    const hashes = await Promise.all(PICTURES.map((path) => hash(path)));
    const { subjects, queries, pictures } = soakSubjects([hashes[0]!.hash, hashes[1]!.hash]);
    const url = await server().newDatabase();
    const store = await openStore({ url });
    onTestFinished(() => store.close());
    const scripts = workerScripts();
    onTestFinished(() => scripts.remove());
    const script = fileURLToPath(scripts.build('test/server/soak/soak-changer.ts'));
    const changer = new Changer(script, url);
    onTestFinished(() => changer.end());
    const entries = subjects.map(({ hex, list, id }) => ({ hex, list, ...(id && { id }) }));
    const { numbers = [] } = await changer.make({ kind: 'add', entries });
    const tokens = tokensFile();
    onTestFinished(() => tokens.remove());
    const program = new ServeProgram([
      ...['--store', url, '--port', '0', '--tokens', tokens.path],
      // What is answered counts, not how soon.
      ...['--timeout', '300'],
    ]);
    onTestFinished(() => program.kill());

    const shadow = new ShadowSet(subjects, LISTS);
    const asker = new SoakAsker(await program.ready, shadow, numbers);
    const revision = () => store.revision();
    const changes = new SoakChanges(shadow, numbers, { changer, asker, revision });
    /** Resolves once the service has a revision. */
    const reached = async (least: number) => {
      while (asker.reached < least) {
        await asker.look();
        await setTimeout(PAUSE);
      }
    };

    const about = new Map<number, typeof queries>();
    for (const query of queries) {
      for (const { subject } of query.near) {
        about.set(subject, [...(about.get(subject) ?? []), query]);
      }
    }
    /** A query, mostly one that the last changes concern. */
    const pick = (next: Next) => {
      const recent = changes.recent[next() % Math.max(1, changes.recent.length)] ?? -1;
      const all = (next() % 3 > 0 && about.get(recent)) || queries;
      return all[next() % all.length]!;
    };
    /** An entry of one of the lists whose entries come and go. */
    const of = (list: number, next: Next) => 6 * (next() % (SINGLE / 6)) + 2 * list + (next() % 2);
    const allowed = queries.slice(0, ALLOWED);
    const usage: ReturnType<typeof usageOf>[] = [];
    const [listed, other] = PICTURES.map((path) => readFileSync(path)) as [Buffer, Buffer];

    const asks: Step = (next) =>
      next() % 2 === 0 ? asker.lookUp(pick(next)) : asker.match(pick(next));
    const uploads: Step = async (next) => {
      const dialect = next() % 2 === 0 ? 'hma' : 'v1';
      if (next() % 4 > 0) await asker.upload(pictures[0], listed, dialect);
      else await asker.upload(pictures[1], other, dialect);
    };
    // What one of these changes is changed by no other.
    const changers: ((at: number, next: Next) => Promise<number>)[] = [
      (at, next) => {
        if (at < 2) return changes.single(PICTURED, next);
        if (at === 2) return changes.list('FIRST', next);
        if (at === 3) return changes.swap();
        if (at < 7) return changes.exception(allowed[next() % ALLOWED]!);
        return changes.single(of(0, next), next);
      },
      (at, next) => {
        if (at === 0) return changes.batch();
        if (at === 1) return changes.list('BATCH', next);
        if (at === 2) return changes.list('SECOND', next);
        return changes.single(of(1, next), next);
      },
      (at, next) =>
        at === 0 ? changes.curatedBank('CURATED') : changes.curated(of(2, next), next),
    ];
    const steps: [pause: number, step: Step][] = [
      ...Array.from({ length: ASKING }, (): [number, Step] => [PAUSE, asks]),
      [PAUSE / 2, () => asker.look()],
      [1000, uploads],
      [SAMPLE_EVERY, async () => void usage.push(usageOf(program.pid))],
      ...changers.map((change): [number, Step] => [
        PAUSE,
        async (next) => {
          const made = await change(next() % 20, next);
          // A service that falls behind is waited for now and then.
          if (next() % 10 === 0) await reached(made);
        },
      ]),
    ];
    let isOver = false;
    await Promise.all([
      setTimeout(1000 * SECONDS).then(() => {
        isOver = true;
      }),
      ...steps.map(async ([pause, step], seed) => {
        const next = random(seed);
        while (!isOver && asker.wrong.length === 0) {
          await Promise.all([step(next), setTimeout(pause)]);
        }
      }),
    ]);
    expect(asker.wrong).toEqual([]);

    // Once nothing changes, each answer can only be one.
    await reached(await store.revision());
    const before = { answers: asker.answers, exact: asker.exact };
    for (const query of queries) await Promise.all([asker.lookUp(query), asker.match(query)]);
    expect(asker.wrong).toEqual([]);
    expect(asker.exact - before.exact).toBe(asker.answers - before.answers);
    // Most of the answers while it went on could have been wrong.
    expect(before.exact).toBeGreaterThan(before.answers / 2);
    expect(changes.made).toBeGreaterThan(SECONDS);

    const part = (at: number) =>
      usage.slice(Math.floor((at * usage.length) / 4), Math.floor(((at + 1) * usage.length) / 4));
    const [, early, , late] = [0, 1, 2, 3].map((at) => ({
      megabytes: medianOf(part(at).map(({ bytes }) => bytes / 2 ** 20)),
      handles: medianOf(part(at).map(({ handles }) => handles)),
    }));
    expect(late!.megabytes).toBeLessThan(early!.megabytes + MORE_MEGABYTES);
    expect(late!.handles).toBeLessThanOrEqual(early!.handles + MORE_HANDLES);
    expect(await program.stop()).toBe(0);
  });
});
