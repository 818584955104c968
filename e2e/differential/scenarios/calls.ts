/** `invoke` and `send`: what goes in, what comes out, and every way in which a call can fail. */
import type { ScenarioGroup, Toolbox } from '../scenario.js';

const notNeeded = (): void => undefined;

export const calls: ScenarioGroup = [
  {
    name: 'invoke gives what the hub method gave',
    async run({ started, attempt, connection }) {
      await started();
      await attempt('number', () => connection.invoke('Add', 2, 3.5));
      await attempt('nothing', () => connection.invoke('SendMe', 'unheard'));
      await attempt('text', () => connection.invoke('Echo', 'text'));
      await attempt('null', () => connection.invoke('Echo', null));
      await attempt('false', () => connection.invoke('Echo', false));
      await attempt('zero', () => connection.invoke('Echo', 0));
      await attempt('empty text', () => connection.invoke('Echo', ''));
      await attempt('empty list', () => connection.invoke('Echo', []));
      await attempt('nested', () => connection.invoke('Echo', { a: [1, { b: [null, true, 'x'] }], c: {} }));
      await attempt('unicode', () => connection.invoke('Echo', 'Grüße 你好 🙂 \u0000 \u001e \u2028 "\\'));
      await attempt('large text', () => connection.invoke('Echo', 'äb'.repeat(50_000)));
      await attempt('large list', () =>
        connection.invoke(
          'Echo',
          Array.from({ length: 5_000 }, (_, i) => i),
        ),
      );
    },
  },
  {
    name: 'arguments that JSON changes on their way',
    where: ({ protocol }) => protocol === 'json',
    async run({ started, attempt, connection }) {
      await started();
      await attempt('undefined', () => connection.invoke('Echo', undefined));
      await attempt('date', () => connection.invoke('Echo', new Date(Date.UTC(2026, 10, 22, 7, 20, 0, 123))));
      await attempt('invalid date', () => connection.invoke('Echo', new Date(Number.NaN)));
      await attempt('toJSON', () => connection.invoke('Echo', { hidden: 1, toJSON: () => ({ shown: 2 }) }));
      await attempt('class', () =>
        connection.invoke(
          'Echo',
          new (class Point {
            x = 1;
            #y = 2;
            get sum(): number {
              return this.x + this.#y;
            }
          })(),
        ),
      );
      await attempt('function in a list', () => connection.invoke('Echo', [notNeeded, Symbol('s'), undefined, 1]));
      await attempt('function in an object', () => connection.invoke('Echo', { f: notNeeded, u: undefined, n: 1 }));
      await attempt('not a number', () => connection.invoke('Echo', [Number.NaN, Number.POSITIVE_INFINITY, -0]));
      await attempt('map and set', () => connection.invoke('Echo', [new Map([[1, 2]]), new Set([1])]));
      await attempt('bytes', () => connection.invoke('Echo', new Uint8Array([1, 2, 255])));
      await attempt('error', () => connection.invoke('Echo', new Error('as an argument')));
      await attempt('boxed', () => connection.invoke('Echo', [Object('boxed'), Object(1), Object(true)]));

      await attempt('sparse', () => connection.invoke('Echo', [1, , 3]));
      await attempt('function alone', () => connection.invoke('Echo', notNeeded));
    },
  },
  {
    name: 'arguments that MessagePack carries as they are',
    where: ({ protocol }) => protocol === 'messagepack',
    async run({ started, attempt, connection }) {
      await started();
      await attempt('bytes', () => connection.invoke('Echo', new Uint8Array([0, 1, 128, 255])));
      await attempt('no bytes', () => connection.invoke('Echo', new Uint8Array()));
      await attempt('many bytes', () => connection.invoke('Echo', new Uint8Array(70_000).fill(7)));
      await attempt('date', () => connection.invoke('Echo', new Date(Date.UTC(2026, 10, 22, 7, 20, 0, 123))));
      await attempt('old date', () => connection.invoke('Echo', new Date(-1)));
      await attempt('nested', () => connection.invoke('Echo', { at: new Date(0), bytes: [new Uint8Array([9])] }));
      await attempt('undefined', () => connection.invoke('Echo', undefined));
      await attempt('undefined in an object', () => connection.invoke('Echo', { u: undefined, n: 1 }));
      await attempt('not a number', () => connection.invoke('Echo', [Number.NaN, Number.POSITIVE_INFINITY]));
      await attempt('large numbers', () => connection.invoke('Echo', [2 ** 31, -(2 ** 31), 2 ** 53 - 1, 1.5, -129]));
      await attempt('class', () =>
        connection.invoke(
          'Echo',
          new (class Point {
            x = 1;
            y = 2;
          })(),
        ),
      );
    },
  },
  {
    name: 'arguments that MessagePack refuses',
    where: ({ protocol }) => protocol === 'messagepack',
    async run({ started, attempt, connection, settled }) {
      await started();
      await attempt('function', () => connection.invoke('Echo', notNeeded));
      await attempt('function in an object', () => connection.invoke('Echo', { f: notNeeded }));
      await attempt('bigint', () => connection.invoke('Echo', 10n));
      await attempt('symbol', () => connection.invoke('Echo', Symbol('s')));
      await settled();
    },
  },
  {
    name: 'an argument that cannot be written fails the call and not the connection',
    where: ({ protocol }) => protocol === 'json',
    async run({ started, attempt, connection, settled }) {
      await started();
      const circle: { self?: unknown } = {};
      circle.self = circle;
      const willThrow = {
        toJSON() {
          throw new Error('toJSON failed');
        },
      };
      await attempt('circle', () => connection.invoke('Echo', circle));
      await attempt('bigint', () => connection.invoke('Echo', 10n));
      await attempt('toJSON that throws', () => connection.invoke('Echo', willThrow));
      await settled();
    },
  },
  {
    name: 'an argument is read when the call is made, not later',
    async run({ started, attempt, connection }) {
      await started();
      const value = { n: 1 };
      const call = attempt('echo', () => connection.invoke('Echo', value));
      value.n = 2;
      await call;
    },
  },
  {
    name: 'method names are the hub\u2019s to compare',
    async run({ started, attempt, connection }) {
      await started();
      await attempt('lower case', () => connection.invoke('echo', 1));
      await attempt('upper case', () => connection.invoke('ECHO', 1));
    },
  },
  {
    name: 'invoke that the hub fails',
    async run({ started, attempt, connection, settled }) {
      await started();
      await attempt('hub exception', () => connection.invoke('Fail', 'this was expected'));
      await attempt('empty hub exception', () => connection.invoke('Fail', ''));
      await attempt('unicode hub exception', () => connection.invoke('Fail', 'schön 🙂'));
      await attempt('unexpected error', () => connection.invoke('Crash'));
      await attempt('unknown method', () => connection.invoke('NoSuchMethod', 1));
      await attempt('unknown method with spaces', () => connection.invoke('No Such Method'));
      await settled();
    },
  },
  {
    name: 'invoke with the wrong arguments',
    async run({ started, attempt, connection, settled }) {
      await started();
      await attempt('too few', () => connection.invoke('Add', 1));
      await attempt('none', () => connection.invoke('Add'));
      await attempt('too many', () => connection.invoke('Add', 1, 2, 3));
      await attempt('text for a number', () => connection.invoke('Add', 'one', 'two'));
      await attempt('null for a number', () => connection.invoke('Add', null, 2));
      await attempt('number for a text', () => connection.invoke('Fail', 1));
      await settled();
    },
  },
  {
    name: 'invoke of a method that streams, and stream of one that does not',
    async run({ started, attempt, connection, watch, noted, settled }) {
      await started();
      await attempt('invoke', () => connection.invoke('Counter', 3, 0));
      watch('stream', connection.stream('Add', 1, 2));
      await noted('stream error');
      watch('stream of nothing', connection.stream('SendMe', 'unheard'));
      await noted('stream of nothing error');
      await settled();
    },
  },
  {
    name: 'an error is an Error with a message, and its string says so',
    async run({ started, connection, note }) {
      await started();
      const error: unknown = await connection.invoke('Fail', 'as text').catch((reason: unknown) => reason);
      note('is an error', error instanceof Error);
      note('message', (error as Error).message);
      note('has a stack', typeof (error as Error).stack === 'string');
    },
  },
  {
    name: 'the class and the code of an error',
    async run({ started, connection, note }) {
      await started();
      const error = (await connection.invoke('Fail', 'as text').catch((reason: unknown) => reason)) as Error;
      note('name', error.name);
      note('code', (error as { code?: unknown }).code);
      note('as text', String(error));
    },
  },
  {
    name: 'send resolves when it was sent, whatever the hub makes of it',
    async run({ started, attempt, connection, note, noted, settled }) {
      connection.on('sent', (...args: unknown[]) => note('sent', args));
      await started();
      // Over HTTP the event may come before the answer of the request that caused it, with either client.
      const sent = connection.send('SendMe', 'sent', 1, 'two');
      await noted('sent');
      await attempt('event', () => sent);
      await attempt('hub exception', () => connection.send('Fail', 'nobody hears'));
      await attempt('unexpected error', () => connection.send('Crash'));
      await attempt('unknown method', () => connection.send('NoSuchMethod'));
      await attempt('wrong arguments', () => connection.send('Add', 'one'));
      await attempt('method that streams', () => connection.send('Counter', 2, 0));
      await settled();
    },
  },
  {
    name: 'send of an argument that cannot be written',
    where: ({ protocol }) => protocol === 'json',
    async run({ started, attempt, connection, settled }) {
      await started();
      await attempt('bigint', () => connection.send('Echo', 10n));
      await settled();
    },
  },
  {
    name: 'an event that is sent before the result is there before the result',
    async run({ started, attempt, connection, note }) {
      connection.on('first', (...args: unknown[]) => note('first', args));
      await started();
      await attempt('result', () => connection.invoke('SendMe', 'first', 1));
      await attempt('result', () => connection.invoke('SendMe', 'first', 2));
    },
  },
  {
    name: 'calls in flight at once keep apart',
    async run({ started, attempt, connection, note, noted }) {
      let answer: (value: string) => void = notNeeded;
      connection.on('slow', async () => {
        note('asked');
        return new Promise<string>((resolve) => (answer = resolve));
      });
      await started();
      const slow = connection.invoke('Ask', 'slow', 1);
      await noted('asked');
      const fast = connection.invoke('Echo', 'fast');
      const failed = connection.invoke('Fail', 'failed');
      // Noted one after the other, for the order of their ends is nobody's promise.
      failed.catch(notNeeded);
      await attempt('fast', () => fast);
      await attempt('failed', () => failed);
      answer('slow');
      await attempt('slow', () => slow);
    },
  },
  {
    name: 'a hundred calls at once give a hundred results in order',
    async run({ started, connection, note }) {
      await started();
      const results = await Promise.all(Array.from({ length: 100 }, (_, i) => connection.invoke<number>('Add', i, 1)));
      note('results', results);
    },
  },
  {
    name: 'calls before start',
    async run({ attempt, connection, watch, note, noted }) {
      await attempt('invoke', () => connection.invoke('Echo', 1));
      await attempt('send', () => connection.send('Echo', 1));
      await attempt('stream', () => watch('early', connection.stream('Counter', 1, 0)) !== undefined);
      await noted('early error');
      note('end');
    },
  },
  {
    name: 'calls while connecting',
    async run({ attempt, connection, watch, note, noted, whileHeld }) {
      await whileHeld('negotiate', async (release) => {
        const starting = attempt('start', () => connection.start());
        await attempt('invoke', () => connection.invoke('Echo', 1));
        await attempt('send', () => connection.send('Echo', 1));
        await attempt('stream', () => watch('early', connection.stream('Counter', 1, 0)) !== undefined);
        await noted('early error');
        note('all refused');
        await release();
        await starting;
      });
      await attempt('invoke', () => connection.invoke('Echo', 1));
    },
  },
  {
    name: 'calls after stop',
    async run({ started, attempt, connection, watch, note, noted }) {
      await started();
      await connection.stop();
      await attempt('invoke', () => connection.invoke('Echo', 1));
      await attempt('send', () => connection.send('Echo', 1));
      await attempt('stream', () => watch('late', connection.stream('Counter', 1, 0)) !== undefined);
      await noted('late error');
      note('end');
    },
  },
  {
    name: 'a call in flight when the hub closes the connection',
    async run({ started, attempt, connection, hub, watchLife, noted, until }) {
      watchLife();
      await started();
      const call = attempt('call', () => connection.invoke('Slow', 60_000));
      await callArrives({ hub, until });
      await hub.cut('close', connection.connectionId);
      await call;
      await noted('onclose');
    },
  },
  {
    name: 'a call in flight when the hub closes the connection with a reason',
    async run({ started, attempt, connection, hub, watchLife, noted, until }) {
      watchLife();
      await started();
      const call = attempt('call', () => connection.invoke('Slow', 60_000));
      await callArrives({ hub, until });
      await hub.cut('close', connection.connectionId, 'The hub has had enough.');
      await call;
      await noted('onclose');
    },
  },
  {
    name: 'a call in flight when the connection is stopped',
    async run({ started, attempt, connection, hub, watchLife, noted, until }) {
      watchLife();
      await started();
      const call = attempt('call', () => connection.invoke('Slow', 60_000));
      await callArrives({ hub, until });
      await attempt('stop', () => connection.stop());
      await call;
      await noted('onclose');
    },
  },
  {
    name: 'a call in flight when the connection reconnects',
    wish: { reconnect: [0, 50, 100] },
    async run({ started, attempt, connection, hub, watchLife, noted, until }) {
      watchLife();
      await started();
      const call = attempt('call', () => connection.invoke('Slow', 60_000));
      await callArrives({ hub, until });
      await hub.cut('close-reconnect', connection.connectionId);
      await call;
      await noted('onreconnected');
      await attempt('next call', () => connection.invoke('Echo', 'again'));
    },
  },
  {
    name: 'the hub method closes its own connection',
    async run({ started, attempt, connection, watchLife, noted }) {
      watchLife();
      await started();
      await attempt('call', () => connection.invoke('CloseMe'));
      await noted('onclose');
    },
  },
];

/** Waits until the hub runs the call that was just made. */
async function callArrives({ hub, until }: Pick<Toolbox, 'hub' | 'until'>): Promise<void> {
  await until('the hub runs the call', async () => (await hub.counts())['invocationsPending'] !== 0);
}
