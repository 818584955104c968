/** Notices how busy the machine is with other programs, which makes figures worse than they are. */
import { cpus } from 'node:os';
import { cpuMsOf, machineCpuMs } from './processes.js';
import type { Results } from './results.js';

/** @returns The end of the watch: adds the share of the machine that neither this program nor its hub and browser have used. */
export function watchMachine(): (results: Results) => void {
  const beganMs = performance.now();
  const own = cpuMsOf(process.pid);
  const all = machineCpuMs();
  return ({ othersBusy }) => {
    const ownNow = cpuMsOf(process.pid);
    const allNow = machineCpuMs();
    if (own === null || all === null || ownNow === null || allNow === null) return;
    const othersMs = Math.max(0, allNow - all - (ownNow - own));
    othersBusy.push((othersMs * 100) / ((performance.now() - beganMs) * cpus().length));
  };
}
