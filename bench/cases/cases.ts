import { setTimeout as wait } from 'node:timers/promises';
import { type Bench, type BenchContext, NotRun, partsOf } from '../harness.js';
import { PostgresqlServer, postgresqlPrograms } from '../store/postgresql-server.js';
import { Helpline, newPerson, type Person } from './helpline.js';

const RATE = 20;
const SECONDS = 30;
/** Questions about states, beside each case. */
const QUESTIONS = 2;
const WALKS = 10;
/** A kill comes at most so long after the request that it interrupts. */
const LATEST_KILL = 25;

/**
 * `cases`: a helpline as it is run, on a durable PostgreSQL server. `rate` sends it cases while
 * states are asked. `kills` ends it in each step of the way from a person to a platform and back,
 * and between any two, and checks that nothing is listed that was not confirmed, that nothing is
 * served that was taken back, and that no acknowledged case is lost.
 */
export const casesBench: Bench = {
  name: 'cases',
  about: 'cases that a helpline takes a second, and walks through kills',
  long: true,
  takes: '[rate] [kills]',
  async run(context) {
    if (postgresqlPrograms() === undefined) throw new NotRun('PostgreSQL is not installed');
    const all: Record<string, unknown> = {};
    for (const [name, part] of partsOf(context, { rate, kills })) {
      const database = new PostgresqlServer({ isDurable: true });
      database.create();
      await database.start();
      const helpline = new Helpline(database);
      await helpline.start();
      try {
        all[name] = await part(context, helpline);
      } finally {
        await helpline.kill();
        await database.close();
      }
    }
    return all;
  },
};

async function rate({ figure, note }: BenchContext, helpline: Helpline) {
  const people = await Promise.all(Array.from({ length: RATE * SECONDS }, newPerson));
  const times = { send: [] as number[], state: [] as number[] };
  let failed = 0;
  const timed = async (into: number[], isRight: () => Promise<boolean>) => {
    const start = performance.now();
    if (!(await isRight().catch(() => false))) failed++;
    into.push(performance.now() - start);
  };
  const running: Promise<void>[] = [];
  const start = performance.now();
  for (const [at, person] of people.entries()) {
    await wait(Math.max(0, start + (1000 * at) / RATE - performance.now()));
    const address = `198.51.${at >> 8}.${at & 255}`;
    running.push(timed(times.send, async () => (await helpline.send(person, address)) === 201));
    for (let question = 1; question <= QUESTIONS && at >= 100; question++) {
      const other = people[at - 40 * question]!;
      const isKnown = async () => (await helpline.state(other, address)) === 'received';
      running.push(timed(times.state, isKnown));
    }
  }
  await Promise.all(running);
  const seconds = (performance.now() - start) / 1000;
  const percentile = (all: number[], part: number) =>
    all.toSorted((a, b) => a - b)[Math.floor(part * (all.length - 1))]!;
  if (failed > 0) note(`FAILED: ${failed} requests`);
  const perSecond = people.length / seconds;
  figure('cases a second', perSecond, { atLeast: 0.98 * RATE });
  const told = Object.fromEntries(
    Object.entries(times).map(([name, all]) => {
      const [p50, p99] = [percentile(all, 0.5), percentile(all, 0.99)];
      figure(`${name}: p50, ms`, p50);
      figure(`${name}: p99, ms`, p99);
      return [name, { requests: all.length, p50, p99 }];
    }),
  );
  return { perSecond, failed, ...told };
}

async function kills({ figure, note }: BenchContext, helpline: Helpline) {
  const walks = WALKS;
  let [killed, wrong] = [0, 0];
  const must = (holds: boolean, what: string) => {
    if (holds) return;
    wrong++;
    note(`WRONG: ${what}`);
  };
  const again = async () => {
    await helpline.kill();
    killed++;
    await helpline.start();
  };
  /** Kills the helpline while it works, and repeats the step until it is acknowledged. */
  const step = async (work: () => Promise<boolean>) => {
    const interrupted = work().catch(() => false);
    await wait(LATEST_KILL * Math.random());
    await again();
    await interrupted;
    while (!(await work().catch(() => false))) await wait(10);
    await again();
  };
  const gone: Person[] = [];
  const listed: Person[] = [];
  for (let walk = 0; walk < walks; walk++) {
    const her = await newPerson();
    const has = async (state: string) => (await helpline.state(her)) === state;
    await step(async () => (await helpline.send(her)) === 201);
    must(await has('received'), 'an acknowledged case is not known');
    must(!(await helpline.active()).has(her.hex), 'a case is listed that was not confirmed');
    await step(async () => {
      if (!(await has('listed'))) await helpline.confirm(her);
      return await has('listed');
    });
    must((await helpline.active()).has(her.hex), 'a confirmed case is not listed');
    await step(async () => (await helpline.report(her.hex)) === 200);
    listed.push(her);
    // Every second one stays, to be found at the end.
    if (walk % 2 === 1) continue;
    await step(async () => (await helpline.takeBack(her)) === 200);
    listed.pop();
    gone.push(her);
    must(await has('withdrawn'), 'a case that was taken back is not');
    // The same file once more.
    await step(async () => (await helpline.send(her)) === 201);
    must(await has('withdrawn'), 'a case that was taken back has come again');
    const active = await helpline.active();
    for (const { hex } of gone) must(!active.has(hex), 'a case is served that was taken back');
    for (const { hex } of listed) must(active.has(hex), 'a confirmed case is no longer served');
  }
  figure('walks', walks);
  figure('kills', killed);
  figure('wrong', wrong, { atMost: 0 });
  return { walks, killed, wrong };
}
