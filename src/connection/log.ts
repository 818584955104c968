/** What this tab says in SignalR's words: to the app's own logger, else to the console. */
import type { ILogger } from '@microsoft/signalr';

/** SignalR's `LogLevel`, whose values only the worker imports. */
export const Level = { warning: 3, error: 4 } as const;

export interface Log {
  /** As SignalR logs: only an app that has asked for a log gets it. */
  write(level: number, text: string): void;
  /** What the app must hear of though it has asked for no log: its own callback threw, or its settings are not in force. */
  insist(level: number, text: string): void;
}

/**
 * @param logger - The app's, if it gave one.
 * @param minimumLevel - What the app asked the console to show; `null`: nothing was said.
 */
export function createLog(logger: ILogger | null, minimumLevel: number | null): Log {
  const write = (level: number, text: string, leastLevel: number): void => {
    if (logger !== null) {
      try {
        logger.log(level, text);
      } catch {
        // A log that fails is no reason for anything else to fail, and there is nowhere to say so.
      }
    } else if (level >= leastLevel) {
      // eslint-disable-next-line no-console -- the app's own error or its own wish, and nobody else would ever see it
      console[level >= Level.error ? 'error' : 'warn'](`[hubshare] ${text}`);
    }
  };
  return {
    write: (level, text) => write(level, text, minimumLevel ?? Infinity),
    insist: (level, text) => write(level, text, minimumLevel ?? Level.warning),
  };
}
