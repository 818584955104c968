/** Times of two processes can be compared to a fraction of a millisecond, also when a process is held up while it looks at its clocks. */
import { afterEach, expect, it, vi } from 'vitest';
import { calibrateEpoch } from './epoch.js';

const STARTED_AT_MS = 1_763_806_000_000.4;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Clocks that show one time, which goes on by `stepMs` with each look and jumps by 7 ms at every twentieth. */
function setClocks(stepMs: number): void {
  let passedMs = 0;
  let looks = 0;
  const look = (): number => {
    looks += 1;
    passedMs += looks % 20 === 0 ? 7 : stepMs;
    return passedMs;
  };
  vi.spyOn(performance, 'now').mockImplementation(look);
  vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(STARTED_AT_MS + look()));
}

it.each([0.013, 0.05])('finds the time to a tenth of a millisecond, with looks of %d ms', (stepMs) => {
  setClocks(stepMs);
  const epochNow = calibrateEpoch();
  const passedMs = vi.mocked(performance.now)();
  vi.mocked(performance.now).mockReturnValue(passedMs);
  expect(Math.abs(epochNow() - (STARTED_AT_MS + passedMs))).toBeLessThan(0.1);
});
