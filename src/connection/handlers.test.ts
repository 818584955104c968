import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { createHandlers } from './handlers.js';
import { createLog } from './log.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const self = {};

let log: MockInstance<typeof console.error>;
beforeEach(() => {
  log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  log.mockRestore();
});

describe('add', () => {
  it('names what to listen to with the first handler only, without case', () => {
    const handlers = createHandlers(createLog(null, null));
    expect(handlers.add('Metric', vi.fn())).toBe('metric');
    expect(handlers.add('METRIC', vi.fn())).toBeNull();
    expect([...handlers.names()]).toEqual(['metric']);
  });

  it('takes the same handler once', async () => {
    const handlers = createHandlers(createLog(null, null));
    const handler = vi.fn();
    handlers.add('metric', handler);
    handlers.add('Metric', handler);
    handlers.run(self, 'metric', [1]);
    await settle();
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it('takes names that every object has for names', async () => {
    const handlers = createHandlers(createLog(null, null));
    const handler = vi.fn();
    for (const name of ['constructor', '__proto__', 'toString']) handlers.add(name, handler);
    handlers.run(self, '__proto__', [1]);
    await settle();
    expect(handler).toHaveBeenCalledTimes(1);
    expect([...handlers.names()]).toEqual(['constructor', '__proto__', 'tostring']);
  });
});

describe('remove', () => {
  it('takes one handler off, and names what to listen to no more with the last', async () => {
    const handlers = createHandlers(createLog(null, null));
    const [first, second] = [vi.fn(), vi.fn()];
    handlers.add('metric', first);
    handlers.add('metric', second);
    expect(handlers.remove('METRIC', first)).toBeNull();
    handlers.run(self, 'metric', []);
    await settle();
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledTimes(1);
    expect(handlers.remove('metric', second)).toBe('metric');
    expect([...handlers.names()]).toEqual([]);
  });

  it('takes all handlers off when none is named', () => {
    const handlers = createHandlers(createLog(null, null));
    handlers.add('metric', vi.fn());
    handlers.add('metric', vi.fn());
    expect(handlers.remove('Metric')).toBe('metric');
    expect(handlers.remove('Metric')).toBeNull();
  });

  it('of what is not there changes nothing', () => {
    const handlers = createHandlers(createLog(null, null));
    handlers.add('metric', vi.fn());
    expect(handlers.remove('metric', vi.fn())).toBeNull();
    expect(handlers.remove('incident', vi.fn())).toBeNull();
    expect([...handlers.names()]).toEqual(['metric']);
  });

  it('allows the name again', () => {
    const handlers = createHandlers(createLog(null, null));
    const handler = vi.fn();
    handlers.add('metric', handler);
    handlers.remove('metric', handler);
    expect(handlers.add('metric', handler)).toBe('metric');
  });
});

describe('run', () => {
  it('gives each handler the arguments and the connection as this, in the order of registering', async () => {
    const handlers = createHandlers(createLog(null, null));
    const seen: unknown[] = [];
    for (const name of ['first', 'second']) {
      handlers.add('metric', function (this: unknown, ...args: unknown[]) {
        seen.push([name, this === self, args]);
      });
    }
    handlers.run(self, 'metric', ['cpu', 1]);
    await settle();
    expect(seen).toEqual([
      ['first', true, ['cpu', 1]],
      ['second', true, ['cpu', 1]],
    ]);
  });

  it('calls the first handler at once, before the next event or result', () => {
    const handlers = createHandlers(createLog(null, null));
    const handler = vi.fn();
    handlers.add('metric', handler);
    handlers.run(self, 'metric', []);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it('waits for a handler that is async before it calls the next', async () => {
    const handlers = createHandlers(createLog(null, null));
    const seen: string[] = [];
    let go = (): void => undefined;
    handlers.add('metric', async () => {
      seen.push('first begins');
      await new Promise<void>((resolve) => (go = resolve));
      seen.push('first ends');
    });
    handlers.add('metric', () => seen.push('second'));
    handlers.run(self, 'metric', []);
    await settle();
    expect(seen).toEqual(['first begins']);
    go();
    await settle();
    expect(seen).toEqual(['first begins', 'first ends', 'second']);
  });

  it('calls those that were there when the event came, though one removes itself and one adds another', async () => {
    const handlers = createHandlers(createLog(null, null));
    const late = vi.fn();
    const once = vi.fn(() => {
      handlers.remove('metric', once);
      handlers.add('metric', late);
    });
    const after = vi.fn();
    handlers.add('metric', once);
    handlers.add('metric', after);
    handlers.run(self, 'metric', []);
    await settle();
    expect([once, after, late].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
    handlers.run(self, 'metric', []);
    await settle();
    expect([once, after, late].map(({ mock }) => mock.calls.length)).toEqual([1, 2, 1]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('goes on after a handler that %s, and says so', async (_, broken) => {
    const handlers = createHandlers(createLog(null, null));
    const next = vi.fn();
    handlers.add('metric', broken);
    handlers.add('metric', next);
    handlers.run(self, 'metric', []);
    await settle();
    expect(next).toHaveBeenCalledTimes(1);
    expect(log).toHaveBeenCalledTimes(1);
    expect(String(log.mock.calls[0]?.[0])).toContain("'metric' threw error 'Error: broken'");
  });

  it('of a name without handlers does nothing', () => {
    expect(() => createHandlers(createLog(null, null)).run(self, 'metric', [])).not.toThrow();
  });

  it('says that a result was not wanted, in SignalR’s words, to an app that asked for a log', async () => {
    const lines: string[] = [];
    const handlers = createHandlers(createLog({ log: (level, text) => lines.push(`${level} ${text}`) }, null));
    handlers.add('Metric', () => 5);
    handlers.run(self, 'metric', []);
    await settle();
    expect(lines).toEqual(["4 Result given for 'metric' method but server is not expecting a result."]);
  });

  it('says nothing of a result to the console of an app that asked for no log', async () => {
    const handlers = createHandlers(createLog(null, null));
    handlers.add('metric', () => 5);
    handlers.run(self, 'metric', []);
    await settle();
    expect(log).not.toHaveBeenCalled();
  });
});

it('gives the handlers of now', () => {
  const handlers = createHandlers(createLog(null, null));
  const [first, second] = [vi.fn(), vi.fn()];
  handlers.add('Metric', first);
  handlers.add('metric', second);
  expect(handlers.of('metric')).toEqual([first, second]);
  expect(handlers.of('incident')).toEqual([]);
});
