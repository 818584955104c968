/** What the operating system says about a tree of processes: processor time and memory. Linux only; elsewhere `null`. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc: 100 on every Linux that Chromium runs on. */
const TICKS_PER_SECOND = 100;

/** Fields of /proc/PID/stat, counted after the name in brackets: parent, utime and stime. */
const PARENT = 1;
const UTIME = 11;
const STIME = 12;

interface Stat {
  readonly parent: number;
  readonly cpuMs: number;
}

export function childrenOf(parent: number): readonly number[] {
  return [...readStats()].filter(([, stat]) => stat.parent === parent).map(([pid]) => pid);
}

/** Milliseconds of processor time of a process and everything below it. */
export function cpuMsOf(root: number): number | null {
  if (process.platform !== 'linux') return null;
  const stats = readStats();
  return treeOf(root, stats).reduce((sum, pid) => sum + (stats.get(pid)?.cpuMs ?? 0), 0);
}

/** Proportional set size of a process and everything below it, megabytes: memory that is shared counts once. */
export function memoryMbOf(root: number): number | null {
  if (process.platform !== 'linux') return null;
  const sizes = treeOf(root, readStats()).map(memoryKb);
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** Milliseconds of processor time that the whole machine has spent since its start, all cores added up. */
export function machineCpuMs(): number | null {
  // user, nice, system, idle, iowait, irq, softirq, steal
  const fields = readOrEmpty('/proc/stat').split('\n')[0]?.trim().split(/\s+/).slice(1, 9).map(Number) ?? [];
  const busy = fields.filter((_, index) => index !== 3 && index !== 4).reduce((sum, ticks) => sum + ticks, 0);
  return fields.length === 8 ? (busy * 1000) / TICKS_PER_SECOND : null;
}

function treeOf(root: number, stats: ReadonlyMap<number, Stat>): readonly number[] {
  const tree = [root];
  // Grows while it is walked.
  for (const parent of tree) {
    for (const [pid, stat] of stats) if (stat.parent === parent) tree.push(pid);
  }
  return tree;
}

function readStats(): ReadonlyMap<number, Stat> {
  const stats = new Map<number, Stat>();
  if (process.platform !== 'linux') return stats;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = readOrEmpty(`/proc/${name}/stat`);
    // The name may hold spaces and brackets; what follows the last bracket does not.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields.length <= STIME) continue;
    const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
    stats.set(Number(name), { parent: Number(fields[PARENT]), cpuMs: (ticks * 1000) / TICKS_PER_SECOND });
  }
  return stats;
}

function memoryKb(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

/** A process may end between being listed and being read. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
