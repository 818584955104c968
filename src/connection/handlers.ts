/** Handlers of client methods, run as SignalR runs them: names without case, the same handler once, one after the other. */
import { Level, type Log } from './log.js';

// As in SignalR, a handler's arguments are the app's affair.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Handler = (...args: any[]) => unknown;

export interface Handlers {
  /** Names that have handlers. */
  readonly size: number;
  /** @returns the name to listen to, if this is the first handler for it. */
  add(method: string, handler: Handler): string | null;
  /** @returns the name to listen to no more, if this was the last handler for it. */
  remove(method: string, handler?: Handler): string | null;
  names(): Iterable<string>;
  /** The handlers of now for a name in lower case. */
  of(method: string): readonly Handler[];
  run(self: object, method: string, args: unknown[]): void;
}

export function createHandlers(log: Log): Handlers {
  const byName = new Map<string, Handler[]>();

  async function runAll(self: object, method: string, handlers: readonly Handler[], args: unknown[]): Promise<void> {
    let result: unknown;
    for (const handler of handlers) {
      try {
        result = await handler.apply(self, args);
      } catch (error) {
        log.insist(Level.error, `A callback for the method '${method}' threw error '${String(error)}'.`);
      }
    }
    if (result) {
      log.write(Level.error, `Result given for '${method}' method but server is not expecting a result.`);
    }
  }

  return {
    get size() {
      return byName.size;
    },
    add(method, handler) {
      const name = method.toLowerCase();
      const handlers = byName.get(name);
      if (handlers === undefined) {
        byName.set(name, [handler]);
        return name;
      }
      // A copy, never a change in place: a handler may register others while the list is being run.
      if (!handlers.includes(handler)) byName.set(name, [...handlers, handler]);
      return null;
    },
    remove(method, handler) {
      const name = method.toLowerCase();
      const handlers = byName.get(name);
      if (handlers === undefined) return null;
      const left = handler === undefined ? [] : handlers.filter((other) => other !== handler);
      if (left.length > 0) {
        byName.set(name, left);
        return null;
      }
      byName.delete(name);
      return name;
    },
    names: () => byName.keys(),
    of: (method) => byName.get(method) ?? [],
    run(self, method, args) {
      const handlers = byName.get(method);
      if (handlers !== undefined) void runAll(self, method, handlers, args);
    },
  };
}
