/** How long the worker's token broker takes to answer: the built broker itself, which no public name gives, against the real endpoint. */
import { refreshEndpoint } from 'hubshare/worker';
// From the built package, as `hubshare` itself is.
import { createSanitizer } from '../../../dist/worker/auth/sanitizer.js';
import { createTokenBroker } from '../../../dist/worker/auth/token-broker.js';
import { systemClock } from '../../../dist/worker/clock.js';

export interface TokenAnswers {
  /** The first answer of a broker, ten callers at once: one request. Milliseconds, one per caller. */
  readonly fetchedMs: readonly number[];
  /** Every later answer. Milliseconds. */
  readonly fromMemoryMs: readonly number[];
}

declare global {
  interface Window {
    measureTokenAnswers(fetches: number, answers: number): Promise<TokenAnswers>;
  }
}

window.measureTokenAnswers = async (fetches, answers) => {
  const fetchedMs: number[] = [];
  const fromMemoryMs: number[] = [];
  for (let fetch = 0; fetch < fetches; fetch += 1) {
    const broker = createTokenBroker({
      source: refreshEndpoint('/auth/refresh'),
      clock: systemClock,
      sanitizer: createSanitizer(),
      random: Math.random,
    });
    const answer = async (samplesMs: number[]): Promise<void> => {
      const beganAtMs = performance.now();
      await broker.get();
      samplesMs.push(performance.now() - beganAtMs);
    };
    await Promise.all(Array.from({ length: 10 }, () => answer(fetchedMs)));
    for (let count = 0; count < answers / fetches; count += 1) await answer(fromMemoryMs);
    broker.close();
  }
  return { fetchedMs, fromMemoryMs };
};
