/** Milliseconds since the epoch with fractions, so that a time of the hub and a time of a tab can be compared. */

/** Long enough for many changes of the wall clock's millisecond, also on a busy machine. */
const CALIBRATION_MS = 40;

/**
 * `performance.timeOrigin` is good to a millisecond only, and differs between processes. The wall clock is one for all of them and
 * is cut to whole milliseconds: just after it changes the difference to `performance.now()` is largest, and exact.
 */
export function calibrateEpoch(): () => number {
  const endMs = performance.now() + CALIBRATION_MS;
  let base = -Infinity;
  for (let nowMs = 0; nowMs < endMs;) {
    // The wall clock first: a process that is held up between the two readings finds a difference that is too small, which does not count.
    const wallMs = Date.now();
    nowMs = performance.now();
    base = Math.max(base, wallMs - nowMs);
  }
  return () => base + performance.now();
}
