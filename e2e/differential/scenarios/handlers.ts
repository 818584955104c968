/** `on` and `off`: which handlers run, in which order, with what, and what one of them can do to the others. */
import type { ScenarioGroup } from '../scenario.js';

/** Event and completion may come in one frame or in two; in both cases the handlers are done after one more task. */
async function afterTurn<T>(result: Promise<T>): Promise<T> {
  const value = await result;
  await new Promise((resolve) => setTimeout(resolve));
  return value;
}

export const handlers: ScenarioGroup = [
  {
    name: 'several handlers of one event run in the order in which they came',
    async run({ started, connection, note, attempt }) {
      connection.on('news', (...args: unknown[]) => note('first', args));
      connection.on('news', (...args: unknown[]) => note('second', args));
      await started();
      connection.on('news', (...args: unknown[]) => note('third', args));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1, { two: 2 }, null)));
    },
  },
  {
    name: 'the same handler twice runs once',
    async run({ started, connection, note, attempt }) {
      const handler = (...args: unknown[]): void => note('news', args);
      connection.on('news', handler);
      connection.on('news', handler);
      connection.on('NEWS', handler);
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
      connection.off('news', handler);
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 2)));
    },
  },
  {
    name: 'names of events are the same in upper and lower case',
    async run({ started, connection, note, attempt }) {
      connection.on('MixedCase', (...args: unknown[]) => note('mixed', args));
      await started();
      await attempt('lower', () => afterTurn(connection.invoke('SendMe', 'mixedcase', 1)));
      await attempt('upper', () => afterTurn(connection.invoke('SendMe', 'MIXEDCASE', 2)));
      connection.off('mixedCASE');
      await attempt('off', () => afterTurn(connection.invoke('SendMe', 'MixedCase', 3)));
    },
  },
  {
    name: 'off takes away one handler, or all',
    async run({ started, connection, note, attempt }) {
      const one = (...args: unknown[]): void => note('one', args);
      const two = (...args: unknown[]): void => note('two', args);
      connection.on('news', one);
      connection.on('news', two);
      await started();
      connection.off('news', one);
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
      connection.on('news', one);
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 2)));
      connection.off('news');
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 3)));
      connection.on('news', two);
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 4)));
    },
  },
  {
    name: 'off of what is not there does nothing',
    async run({ started, connection, note, attempt }) {
      const handler = (...args: unknown[]): void => note('news', args);
      connection.on('news', handler);
      connection.off('other');
      connection.off('news', () => undefined);
      connection.off('');
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
    },
  },
  {
    name: 'on and off of nothing do nothing',
    async run({ connection, attempt, started }) {
      const nothing = undefined as never;
      await attempt('on without name', () => connection.on('', () => undefined));
      await attempt('on without handler', () => connection.on('news', nothing));
      await attempt('on null', () => connection.on(null as never, null as never));
      await attempt('off undefined', () => connection.off(nothing));
      await attempt('onclose', () => connection.onclose(nothing));
      await attempt('onreconnecting', () => connection.onreconnecting(nothing));
      await attempt('onreconnected', () => connection.onreconnected(nothing));
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
    },
  },
  {
    name: 'a handler that takes itself away does not disturb the others',
    async run({ started, connection, note, attempt }) {
      const once = (...args: unknown[]): void => {
        note('once', args);
        connection.off('news', once);
      };
      connection.on('news', once);
      connection.on('news', (...args: unknown[]) => note('always', args));
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 2)));
    },
  },
  {
    name: 'a handler that takes another away, or adds one, changes the next event only',
    async run({ started, connection, note, attempt }) {
      const second = (...args: unknown[]): void => note('second', args);
      const third = (...args: unknown[]): void => note('third', args);
      connection.on('news', (...args: unknown[]) => {
        note('first', args);
        connection.off('news', second);
        connection.on('news', third);
      });
      connection.on('news', second);
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 2)));
    },
  },
  {
    name: 'a handler that throws does not disturb the others',
    async run({ started, connection, note, attempt }) {
      connection.on('news', () => {
        note('throws');
        throw new Error('the handler of the app failed');
      });
      connection.on('news', async () => {
        note('rejects');
        throw new Error('the asynchronous handler of the app failed');
      });
      connection.on('news', (...args: unknown[]) => note('last', args));
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 2)));
    },
  },
  {
    name: 'the next handler waits for one that is asynchronous, the next event does not',
    async run({ started, connection, note, noted, attempt, settled }) {
      const gates: (() => void)[] = [];
      connection.on('news', async (n: number) => {
        note('first begins', n);
        await new Promise<void>((resolve) => gates.push(resolve));
        note('first ends', n);
      });
      connection.on('news', (n: number) => note('second', n));
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 2)));
      await settled();
      gates[1]?.();
      await noted('second');
      gates[0]?.();
      await noted('second', 2);
    },
  },
  {
    name: 'a handler that gives a value to an event that wants none',
    async run({ started, connection, note, attempt }) {
      connection.on('news', (...args: unknown[]) => {
        note('news', args);
        return 'not wanted';
      });
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', 1)));
    },
  },
  {
    name: 'this in a handler is the connection',
    async run({ started, connection, note, attempt }) {
      connection.on('news', function (this: unknown) {
        note('this is the connection', this === connection);
      });
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news')));
    },
  },
  {
    name: 'handlers of one event share its arguments',
    async run({ started, connection, note, attempt }) {
      connection.on('news', (value: { n: number }) => {
        value.n += 1;
      });
      connection.on('news', (value: { n: number }) => note('second sees', value));
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'news', { n: 1 })));
    },
  },
  {
    name: 'what events carry',
    async run({ started, connection, note, attempt }) {
      connection.on('news', (...args: unknown[]) => note('news', args));
      await started();
      await attempt('none', () => afterTurn(connection.invoke('SendMe', 'news')));
      await attempt('null', () => afterTurn(connection.invoke('SendMe', 'news', null)));
      await attempt('nested', () => afterTurn(connection.invoke('SendMe', 'news', { a: [{ b: [] }] }, [[], [null]])));
      await attempt('unicode', () => afterTurn(connection.invoke('SendMe', 'news', 'Grüße 你好 🙂 \u001e')));
      await attempt('large', () => afterTurn(connection.invoke('SendMe', 'news', 'x'.repeat(100_000))));
    },
  },
  {
    name: 'names of events that objects have by themselves',
    async run({ started, connection, note, attempt }) {
      connection.on('__proto__x', (...args: unknown[]) => note('news', args));
      connection.on('with space.and-dot', (...args: unknown[]) => note('spaced', args));
      connection.on('größe', (...args: unknown[]) => note('unicode', args));
      await started();
      await attempt('event', () => afterTurn(connection.invoke('SendMe', '__proto__x', 1)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'with space.and-dot', 2)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'GRÖSSE', 3)));
      await attempt('event', () => afterTurn(connection.invoke('SendMe', 'GRÖßE', 4)));
    },
  },
  {
    name: 'five hundred events arrive once each',
    async run({ started, connection, note, noted }) {
      const seen: number[] = [];
      connection.on('news', (n: number) => {
        seen.push(n);
        if (seen.length === 500) note('all');
      });
      await started();
      for (let n = 0; n < 500; n += 1) void connection.send('SendMe', 'news', n);
      await noted('all');
      // The hub runs calls side by side, so their order is not promised.
      note('different ones', new Set(seen).size);
    },
  },
  {
    name: 'a call from a handler',
    async run({ started, connection, note, noted, attempt }) {
      connection.on('ask', async (n: number) => {
        note('asked', n);
        await attempt('answer', () => connection.invoke('Add', n, 1));
      });
      await started();
      const sent = connection.send('SendMe', 'ask', 1);
      await noted('answer');
      await attempt('event', () => sent);
    },
  },
  {
    name: 'stop from a handler',
    async run({ started, connection, note, noted, attempt, watchLife }) {
      watchLife();
      connection.on('enough', () => {
        note('enough');
        void attempt('stop', () => connection.stop());
      });
      await started();
      // Over HTTP the stop may break off the request that caused it.
      connection.send('SendMe', 'enough').catch(() => undefined);
      await noted('stop');
    },
  },
];
