import { type Hash, hashToHex } from '../../src/hash.js';
import type { Store } from '../../src/store/store.js';
import type { BenchContext } from '../harness.js';
import { Program } from '../programs/programs.js';
import { usageOfTree } from '../programs/usage.js';
import { quantile } from '../race.js';
import { hashesOf, uniformHashes } from '../workloads.js';
import type { FollowQuestion, FollowSetup } from './follow-program.js';

const PROCESSES = 3;
const BREAK_SEED = 99;
/** Entries of a change, where many come. */
const PAGE = 1000;
/** How long a first load of a million may take, in seconds. */
const FIRST_LOAD = { atMost: 30 };

/** What followers are measured with. */
export interface FollowRun {
  readonly context: BenchContext;
  readonly script: URL;
  readonly store: Store;
  readonly url: string;
  /** listed ones */
  readonly hashes: readonly Hash[];
  readonly withdrawals: number;
  /** changes during a break, a revision each */
  readonly missed: number;
  /** entries that come during another break, in changes of 1,000 */
  readonly missedEntries: number;
}

/** What an embedded store of 100,000 may take: bytes, and seconds until it decides. */
const EMBEDDED = { megabytes: { atMost: 300 }, seconds: { atMost: 4 } };

/** A process that opens an embedded store, and follows it. */
export async function embeddedPart(
  { context, script }: Pick<FollowRun, 'context' | 'script'>,
  dataDir: string,
): Promise<unknown> {
  const setup: FollowSetup = { program: 'follow', place: { dataDir } };
  const [follower, told] = await Program.start(script, setup);
  const residentBytes = usageOfTree(follower.child.pid!)?.residentBytes;
  await follower.end();
  const [seconds, megabytes] = [(told as number) / 1000, (residentBytes ?? 0) / 1e6];
  context.figure('an embedded store, opened and followed: s', seconds, EMBEDDED.seconds);
  context.figure('an embedded store, resident: MB', megabytes, EMBEDDED.megabytes);
  return { seconds, megabytes };
}

/**
 * Three processes that follow a store: their first load, what they catch up with after a break,
 * and how long what is withdrawn is matched in any of them. A break is a process that is stopped
 * for the time.
 */
export async function followPart(run: FollowRun): Promise<unknown> {
  const { context, script, store, url, hashes, withdrawals, missed, missedEntries } = run;
  const followers: Program[] = [];
  const loads: number[] = [];
  try {
    for (let at = 0; at < PROCESSES; at++) {
      const setup: FollowSetup = { program: 'follow', place: { url } };
      const [follower, told] = await Program.start(script, setup);
      followers.push(follower);
      loads.push(told as number);
    }
    const residentBytes = usageOfTree(followers[0]!.child.pid!)?.residentBytes;
    context.figure('a follower, first load: s', quantile(loads, 0.5) / 1000, FIRST_LOAD);
    context.figure('a follower, resident: MB', residentBytes && residentBytes / 1e6);
    const [first] = followers;
    const catchUp = async (what: string, change: () => Promise<number>) => {
      first!.child.kill('SIGSTOP');
      const revision = await change();
      const resumed = performance.now();
      first!.child.kill('SIGCONT');
      await first!.ask({ reached: revision } satisfies FollowQuestion);
      const taken = performance.now() - resumed;
      return context.figure(`a follower, ${what} behind, to equal: ms`, taken);
    };
    const later = hashesOf(uniformHashes(missed + missedEntries, BREAK_SEED).bytes);
    const put = async (from: number, to: number, together: number) => {
      let revision = 0;
      for (let at = from; at < to; at += together) {
        const entries = later.slice(at, Math.min(to, at + together));
        ({ revision } = await store.apply({
          add: entries.map((hash) => ({ hash, labels: ['later'] })),
        }));
      }
      return revision;
    };
    const catchUpMilliseconds = await catchUp(`${missed} changes`, () => put(0, missed, 1));
    const many = `${missedEntries.toLocaleString('en')} entries`;
    const catchUpOfManyMilliseconds = await catchUp(many, () => put(missed, later.length, PAGE));
    const times: number[] = [];
    for (let at = 0; at < withdrawals; at++) {
      const hash = hashes[Math.floor((at * hashes.length) / withdrawals)]!;
      const gone = hashToHex(hash);
      await Promise.all(followers.map((one) => one.ask({ gone } satisfies FollowQuestion)));
      const start = performance.now();
      const invisible = Promise.all(followers.map((one) => one.said()));
      await Promise.all([store.apply({ withdraw: [hash] }), invisible]);
      times.push(performance.now() - start);
    }
    const toInvisible = { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
    const name = 'withdrawn, to invisible in three processes';
    context.figure(`${name}: p50, ms`, toInvisible.p50);
    context.figure(`${name}: p99, ms`, toInvisible.p99, { atMost: 1000 });
    const residentBytesAfter = usageOfTree(followers[0]!.child.pid!)?.residentBytes;
    return {
      ...{ loadMilliseconds: loads, residentBytes, residentBytesAfter },
      ...{ missed, catchUpMilliseconds, missedEntries, catchUpOfManyMilliseconds },
      ...{ withdrawals, toInvisible },
    };
  } finally {
    for (const follower of followers) await follower.end();
  }
}
