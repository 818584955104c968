/** `stream`: items, ends, cancelling, and who of several subscribers gets what. */
import { Subject } from '@microsoft/signalr';
import type { HubActions, ScenarioGroup } from '../scenario.js';

/** Between two items of a stream: the second one never comes. */
const NEVER_MS = 3_600_000;

export const streams: ScenarioGroup = [
  {
    name: 'a stream gives its items and its end',
    async run({ started, connection, watch, noted }) {
      await started();
      watch('three', connection.stream('Counter', 3, 0));
      await noted('three complete');
      watch('none', connection.stream('Counter', 0, 0));
      await noted('none complete');
      watch('lower case', connection.stream('counter', 1, 0));
      await noted('lower case complete');
    },
  },
  {
    name: 'a thousand items arrive once and in order',
    async run({ started, connection, note, noted }) {
      await started();
      const items: number[] = [];
      connection.stream<number>('Counter', 1_000, 0).subscribe({
        next: (item) => items.push(item),
        complete: () => note('complete'),
        error: (error: unknown) => note('error', error),
      });
      await noted('complete');
      note('items', items.length);
      note(
        'in order',
        items.every((item, i) => item === i),
      );
    },
  },
  {
    name: 'items arrive as they are made, not at the end',
    async run({ started, connection, watch, noted, note, hub }) {
      await started();
      const numbers = new Subject<number>();
      watch('slow', connection.stream('Double', numbers));
      numbers.next(1);
      await noted('slow item');
      note('open on the hub', (await hub.counts())['streamsOpen']);
      numbers.next(2);
      await noted('slow item', 2);
      numbers.complete();
      await noted('slow complete');
    },
  },
  {
    name: 'a stream that fails',
    async run({ started, connection, watch, noted, settled }) {
      await started();
      watch('hub exception', connection.stream('FailingCounter', 2, 'the stream failed'));
      await noted('hub exception error');
      watch('at once', connection.stream('FailingCounter', 0, 'before the first item'));
      await noted('at once error');
      watch('unexpected', connection.stream('CrashingCounter', 2));
      await noted('unexpected error');
      await settled();
    },
  },
  {
    name: 'a stream that the hub refuses',
    async run({ started, connection, watch, noted, settled }) {
      await started();
      watch('unknown', connection.stream('NoSuchStream'));
      await noted('unknown error');
      watch('too few', connection.stream('Counter', 1));
      await noted('too few error');
      watch('wrong type', connection.stream('Counter', 'many', 'slow'));
      await noted('wrong type error');
      await settled();
    },
  },
  {
    name: 'cancelled before the first item',
    async run({ started, connection, watch, settled, note, until, hub }) {
      await started();
      watch('cancelled', connection.stream('Counter', 2, NEVER_MS)).dispose();
      await settled();
      await allStreamsEnd(hub, until);
      note('end');
    },
  },
  {
    name: 'cancelled in the middle, from the handler of an item',
    async run({ started, connection, note, noted, settled, until, hub }) {
      await started();
      const subscription = connection.stream<number>('Counter', 1_000_000, 2).subscribe({
        next(item) {
          note('item', item);
          if (item < 2) return;
          subscription.dispose();
          note('disposed');
        },
        complete: () => note('complete'),
        error: (error: unknown) => note('error', error),
      });
      await noted('disposed');
      await settled();
      await allStreamsEnd(hub, until);
    },
  },
  {
    name: 'cancelled after its end, and twice',
    async run({ started, connection, watch, noted, settled }) {
      await started();
      const subscription = watch('done', connection.stream('Counter', 2, 0));
      await noted('done complete');
      subscription.dispose();
      subscription.dispose();
      await settled();
    },
  },
  {
    name: 'two subscribers each get every item',
    async run({ started, connection, watch, noted }) {
      await started();
      const stream = connection.stream('Counter', 3, 0);
      watch('first', stream);
      watch('second', stream);
      await noted('second complete');
      await noted('first complete');
    },
  },
  {
    name: 'one of two subscribers leaves, and the stream goes on for the other',
    async run({ started, connection, note, noted, watch, until, hub }) {
      await started();
      const stream = connection.stream<number>('Counter', 6, 10);
      const leaving = stream.subscribe({
        next(item) {
          note('leaving item', item);
          if (item === 1) leaving.dispose();
        },
        complete: () => note('leaving complete'),
        error: (error: unknown) => note('leaving error', error),
      });
      watch('staying', stream);
      await noted('staying complete');
      await allStreamsEnd(hub, until);
    },
  },
  {
    name: 'both subscribers leave, and the stream is cancelled',
    async run({ started, connection, watch, noted, settled, until, hub }) {
      await started();
      const stream = connection.stream<number>('Counter', 2, NEVER_MS);
      const first = watch('first', stream);
      const second = watch('second', stream);
      await noted('second item');
      first.dispose();
      second.dispose();
      await settled();
      await allStreamsEnd(hub, until);
    },
  },
  {
    name: 'a subscriber that comes late gets what is still to come',
    async run({ started, connection, watch, noted }) {
      await started();
      const numbers = new Subject<number>();
      const stream = connection.stream('Double', numbers);
      watch('early', stream);
      numbers.next(1);
      await noted('early item');
      watch('late', stream);
      numbers.next(2);
      await noted('late item');
      numbers.complete();
      await noted('late complete');
    },
  },
  {
    name: 'a subscriber that comes after the end gets nothing',
    async run({ started, connection, watch, noted, settled }) {
      await started();
      const stream = connection.stream('Counter', 2, 0);
      watch('early', stream);
      await noted('early complete');
      watch('late', stream);
      await settled();
    },
  },
  {
    name: 'a stream without a subscriber runs to its end',
    async run({ started, connection, settled, until, hub }) {
      await started();
      connection.stream('Counter', 5, 0);
      await settled();
      await allStreamsEnd(hub, until);
    },
  },
  {
    name: 'a subscriber that throws still gets the next item',
    async run({ started, connection, note, noted }) {
      await started();
      connection.stream<number>('Counter', 3, 5).subscribe({
        next(item) {
          note('item', item);
          if (item === 1) throw new Error('the subscriber of the app failed');
        },
        complete: () => note('complete'),
        error: (error: unknown) => note('error', error),
      });
      await noted('complete');
    },
  },
  {
    name: 'a subscriber without an end handler',
    async run({ started, connection, note, settled, watch, noted }) {
      await started();
      const stream = connection.stream<number>('Counter', 2, 0);
      stream.subscribe({ next: (item: number) => note('item', item) } as never);
      watch('whole', stream);
      await noted('whole complete');
      await settled();
    },
  },
  {
    name: 'two streams at once keep apart',
    async run({ started, connection, note }) {
      await started();
      const streams = ['one', 'two'].map((name) => {
        const items: unknown[] = [];
        const end = new Promise<string>((resolve) =>
          connection.stream('Counter', 20, 1).subscribe({
            next: (item) => items.push(item),
            complete: () => resolve('complete'),
            error: (error: unknown) => resolve(`error ${String(error)}`),
          }),
        );
        return { name, items, end };
      });
      // Noted one after the other, for the order of their ends is nobody's promise.
      for (const { name, items, end } of streams) note(`${name} ${await end}`, items);
    },
  },
  {
    name: 'calls go on while a stream runs',
    async run({ started, connection, attempt, noted, note, until, hub }) {
      await started();
      const subscription = connection.stream('Counter', 1_000_000, 1).subscribe({
        next: () => undefined,
        complete: () => note('complete'),
        error: (error: unknown) => note('error', error),
      });
      await attempt('call', () => connection.invoke('Add', 1, 2));
      await attempt('call', () => connection.invoke('Fail', 'expected'));
      subscription.dispose();
      await noted('call', 2);
      await allStreamsEnd(hub, until);
    },
  },
  {
    name: 'the connection is stopped during a stream',
    async run({ started, connection, watch, watchLife, attempt, noted }) {
      watchLife();
      await started();
      watch('stream', connection.stream('Counter', 2, NEVER_MS));
      await noted('stream item');
      await attempt('stop', () => connection.stop());
      await noted('stream error');
    },
  },
  {
    name: 'the hub closes the connection during a stream',
    async run({ started, connection, watch, watchLife, hub, noted }) {
      watchLife();
      await started();
      watch('stream', connection.stream('Counter', 2, NEVER_MS));
      await noted('stream item');
      await hub.cut('close', connection.connectionId, 'The hub has had enough.');
      await noted('stream error');
      await noted('onclose');
    },
  },
  {
    name: 'the connection reconnects during a stream',
    wish: { reconnect: [0, 50, 100] },
    async run({ started, connection, watch, watchLife, hub, noted }) {
      watchLife();
      await started();
      watch('stream', connection.stream('Counter', 2, NEVER_MS));
      await noted('stream item');
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('onreconnected');
      await noted('stream error');
      watch('next', connection.stream('Counter', 1, 0));
      await noted('next complete');
    },
  },
  {
    name: 'a stream is cancelled after the connection was stopped',
    async run({ started, connection, watch, note, noted }) {
      await started();
      const subscription = watch('stream', connection.stream('Counter', 2, NEVER_MS));
      await noted('stream item');
      await connection.stop();
      subscription.dispose();
      note('end');
    },
  },
  {
    name: 'a stream with an argument that cannot be written',
    where: ({ protocol }) => protocol === 'json',
    async run({ started, connection, watch, attempt, settled }) {
      await started();
      await attempt('stream', () => watch('bigint', connection.stream('Counter', 10n, 0)) !== undefined);
      await settled();
    },
  },
];

async function allStreamsEnd(
  hub: HubActions,
  until: (what: string, condition: () => unknown) => Promise<void>,
): Promise<void> {
  await until('the hub has no open stream', async () => ((await hub.counts())['streamsOpen'] ?? 0) === 0);
}
