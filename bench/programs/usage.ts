import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process and its children, and theirs, have used. */
export interface TreeUsage {
  /** user and system, of those that have ended too */
  readonly cpuSeconds: number;
  /** resident at this moment; what processes share counts for each of them */
  readonly residentBytes: number;
  readonly processes: number;
}

/**
 * Reads `/proc`, so only Linux has an answer; elsewhere it is undefined. A process that ends while it
 * is read is left out.
 */
export function usageOfTree(pid: number): TreeUsage | undefined {
  if (process.platform !== 'linux') return undefined;
  let ticks = 0;
  let pages = 0;
  let processes = 0;
  for (const member of treeOf(pid)) {
    const stat = read(member, 'stat');
    const statm = read(member, 'statm');
    if (stat === undefined || statm === undefined) continue;
    // The name, in brackets, may hold blanks. Behind it, utime is the twelfth field, followed by
    // stime and those of children that were waited for.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    pages += Number(statm.split(' ')[1]);
    processes++;
  }
  if (processes === 0) return undefined;
  const { ticksPerSecond, pageBytes } = units();
  return { cpuSeconds: ticks / ticksPerSecond, residentBytes: pages * pageBytes, processes };
}

/** The memory of a process and its children, and theirs, what they share counted once. */
export function proportionalBytesOf(root: number): number {
  const kilobytes = treeOf(root).map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(read(pid, 'smaps_rollup') ?? '')?.[1] ?? 0),
  );
  return 1024 * kilobytes.reduce((sum, each) => sum + each, 0);
}

function treeOf(root: number): number[] {
  const tree = [root];
  for (const pid of tree) {
    const children = read(pid, `task/${pid}/children`) ?? '';
    tree.push(...children.split(' ').filter(Boolean).map(Number));
  }
  return tree;
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

let known: { ticksPerSecond: number; pageBytes: number } | undefined;

function units(): { ticksPerSecond: number; pageBytes: number } {
  const ask = (name: string) => Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
  known ??= { ticksPerSecond: ask('CLK_TCK'), pageBytes: ask('PAGESIZE') };
  return known;
}
