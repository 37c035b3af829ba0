import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { usageOfTree } from './usage.js';

/** A process that watches a server from outside. */
export interface WatchSetup {
  readonly program: 'watch';
  readonly port: number;
  readonly pid: number;
}

/** What a server is asked by its parent. It answers both with its delays. */
export type ServerQuestion = 'forget' | 'delays';

/** By how many milliseconds a timer of the server was late since it was told to forget. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a watcher has seen since it was asked before. */
export interface Watched {
  /** milliseconds until `/health` answered, asked every 20 ms */
  readonly health: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly healthErrors: number;
  /** the most that the server and its children held at once; undefined where `/proc` is missing */
  readonly peakBytes: number | undefined;
}

/** A process that was started, and answers questions one at a time. */
export class Program {
  private constructor(readonly child: ChildProcess) {}

  /**
   * @param setup with the name of the program
   * @returns the process and the first thing it said
   */
  static async start(script: URL, setup: object): Promise<[Program, unknown]> {
    const child = fork(script, [JSON.stringify(setup)], { serialization: 'json' });
    const program = new Program(child);
    return [program, await program.said()];
  }

  async ask(question: unknown): Promise<unknown> {
    const answer = this.said();
    this.child.send(question as object);
    return await answer;
  }

  /** The next thing that it says. */
  async said(): Promise<unknown> {
    const ended = new AbortController();
    const { signal } = ended;
    try {
      return await Promise.race([
        once(this.child, 'message', { signal }).then(([message]) => message),
        once(this.child, 'exit', { signal }).then(() => {
          throw new Error('a program of the benchmark ended');
        }),
      ]);
    } finally {
      ended.abort();
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }
}

/** The built programs of the benches that are run in a checkout only. */
export const serverScript = () => new URL('./bench-all-server.js', import.meta.url);

/** How a server fared while something was done to it. */
export interface Fared extends Watched {
  readonly delays: Delays;
  /** of the server and its children; undefined where `/proc` is missing */
  readonly cpuSeconds: number | undefined;
}

/** A server in a process of its own, watched by another. */
export class WatchedServer {
  private constructor(
    private readonly server: Program,
    private readonly watch: Program,
    readonly port: number,
  ) {}

  /** @param script what runs its program, and `watch` */
  static async start(script: URL, setup: object): Promise<WatchedServer> {
    const [server, said] = await Program.start(script, setup);
    const port = said as number;
    const pid = server.child.pid!;
    const watching: WatchSetup = { program: 'watch', port, pid };
    const [watch] = await Program.start(script, watching);
    return new WatchedServer(server, watch, port);
  }

  get residentBytes(): number | undefined {
    return usageOfTree(this.server.child.pid!)?.residentBytes;
  }

  /** Does something to the server, and tells what it has cost. */
  async during<Result>(work: () => Promise<Result>): Promise<[Result, Fared]> {
    const cpuSeconds = () => usageOfTree(this.server.child.pid!)?.cpuSeconds;
    await this.#ask('forget');
    await this.watch.ask('tell');
    const before = cpuSeconds();
    const result = await work();
    const after = cpuSeconds();
    const delays = await this.#ask('delays');
    const watched = (await this.watch.ask('tell')) as Watched;
    const cpu = before === undefined || after === undefined ? undefined : after - before;
    return [result, { ...watched, delays, cpuSeconds: cpu }];
  }

  async #ask(question: ServerQuestion): Promise<Delays> {
    return (await this.server.ask(question)) as Delays;
  }

  async end(): Promise<void> {
    await this.watch.end();
    await this.server.end();
  }
}
