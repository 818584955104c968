/** Streams from the client to the hub, as arguments of `invoke`, `send` and `stream`. */
import { Subject } from '@microsoft/signalr';
import type { ScenarioGroup } from '../scenario.js';

export const uploads: ScenarioGroup = [
  {
    name: 'items go up and the result comes down',
    async run({ started, connection, attempt }) {
      await started();
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      for (let n = 1; n <= 10; n += 1) numbers.next(n);
      numbers.complete();
      await call;
    },
  },
  {
    name: 'an upload without items',
    async run({ started, connection, attempt }) {
      await started();
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.complete();
      await call;
    },
  },
  {
    name: 'items that come slowly',
    async run({ started, connection, attempt, hub, until, note }) {
      await started();
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      await until('the hub waits for items', async () => (await hub.counts())['uploadsOpen'] === 1);
      numbers.next(1);
      await connection.invoke('Echo', 'between');
      numbers.next(2);
      note('still open', (await hub.counts())['uploadsOpen']);
      numbers.complete();
      await call;
    },
  },
  {
    name: 'a thousand items go up once and in order',
    // Over HTTP SignalR's client needs longer for as many requests than a scenario may take.
    where: ({ transport }) => transport === 'WebSockets',
    async run({ started, connection, attempt }) {
      await started();
      const texts = new Subject<string>();
      const call = attempt('label', () => connection.invoke('Label', '<', texts, '>'));
      for (let n = 0; n < 1_000; n += 1) texts.next(String(n));
      texts.complete();
      await call;
    },
  },
  {
    name: 'an upload between other arguments',
    async run({ started, connection, attempt }) {
      await started();
      const texts = new Subject<string>();
      const call = attempt('label', () => connection.invoke('Label', 'before ', texts, ' after'));
      texts.next('a');
      texts.next('ü');
      texts.complete();
      await call;
    },
  },
  {
    name: 'two uploads with an argument between them',
    async run({ started, connection, attempt }) {
      await started();
      const a = new Subject<number>();
      const b = new Subject<number>();
      const call = attempt('mix', () => connection.invoke('Mix', a, 'label', b));
      a.next(1);
      b.next(10);
      a.next(2);
      a.complete();
      b.next(20);
      b.complete();
      await call;
    },
  },
  {
    name: 'two uploads side by side',
    async run({ started, connection, attempt }) {
      await started();
      const first = new Subject<number>();
      const second = new Subject<number>();
      const call = attempt('sums', () => connection.invoke('SumTwo', first, second));
      first.next(1);
      second.next(10);
      second.next(20);
      first.complete();
      second.complete();
      await call;
    },
  },
  {
    name: 'items that were sent before the call are lost',
    async run({ started, connection, attempt }) {
      await started();
      const numbers = new Subject<number>();
      numbers.next(100);
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.next(1);
      numbers.complete();
      await call;
    },
  },
  {
    name: 'items after the end are nobody\u2019s',
    async run({ started, connection, attempt, settled }) {
      await started();
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.next(1);
      numbers.complete();
      numbers.next(2);
      numbers.complete();
      await call;
      await settled();
    },
  },
  {
    name: 'an upload that ends with an error',
    async run({ started, connection, attempt, settled }) {
      await started();
      const broken = new Subject<number>();
      const call = attempt('error', () => connection.invoke('Sum', broken));
      broken.next(1);
      broken.error(new Error('the upload failed'));
      await call;
      const said = new Subject<number>();
      const second = attempt('text', () => connection.invoke('Sum', said));
      said.error('only a text');
      await second;
      await settled();
    },
  },
  {
    name: 'an upload with items of the wrong type',
    async run({ started, connection, attempt, settled }) {
      await started();
      const numbers = new Subject<unknown>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.next('no number');
      numbers.complete();
      await call;
      await settled();
    },
  },
  {
    name: 'an upload to a method that takes none',
    async run({ started, connection, attempt, settled }) {
      await started();
      const numbers = new Subject<number>();
      const call = attempt('add', () => connection.invoke('Add', 1, numbers));
      numbers.next(2);
      numbers.complete();
      await call;
      await settled();
    },
  },
  {
    name: 'an upload to a method that does not exist',
    async run({ started, connection, attempt, settled }) {
      await started();
      const numbers = new Subject<number>();
      const call = attempt('unknown', () => connection.invoke('NoSuchMethod', numbers));
      numbers.next(2);
      numbers.complete();
      await call;
      await settled();
    },
  },
  {
    name: 'a value where the method wants an upload',
    async run({ started, connection, attempt, settled }) {
      await started();
      await attempt('sum', () => connection.invoke('Sum', 3));
      await settled();
    },
  },
  {
    name: 'send with an upload',
    async run({ started, connection, attempt, settled, until, hub, note }) {
      await started();
      const items = new Subject<unknown>();
      const sent = attempt('send', () => connection.send('Swallow', items));
      items.next({ any: 'thing' });
      await sent;
      await until('the hub waits for items', async () => (await hub.counts())['uploadsOpen'] === 1);
      items.next(null);
      items.complete();
      await settled();
      await until('the hub has all', async () => (await hub.counts())['uploadsOpen'] === 0);
      note('end');
    },
  },
  {
    name: 'an upload of anything',
    async run({ started, connection, attempt }) {
      await started();
      const items = new Subject<unknown>();
      const call = attempt('swallow', () => connection.invoke('Swallow', items));
      for (const item of [null, '', 0, false, [], {}, { deep: [{ er: 1 }] }, 'x'.repeat(70_000)]) items.next(item);
      items.complete();
      await call;
    },
  },
  {
    name: 'an upload of undefined',
    async run({ started, connection, attempt }) {
      await started();
      const items = new Subject<unknown>();
      const call = attempt('swallow', () => connection.invoke('Swallow', items));
      items.next(undefined);
      items.complete();
      await call;
    },
  },
  {
    name: 'a stream up and a stream down',
    async run({ started, connection, watch, noted }) {
      await started();
      const numbers = new Subject<number>();
      watch('double', connection.stream('Double', numbers));
      numbers.next(1);
      await noted('double item');
      numbers.next(2);
      await noted('double item', 2);
      numbers.complete();
      await noted('double complete');
    },
  },
  {
    name: 'a stream up that fails, and the stream down',
    async run({ started, connection, watch, noted, settled }) {
      await started();
      const numbers = new Subject<number>();
      watch('double', connection.stream('Double', numbers));
      numbers.next(1);
      await noted('double item');
      numbers.error(new Error('the upload failed'));
      await noted('double error');
      await settled();
    },
  },
  {
    name: 'a stream down that is cancelled, and the stream up',
    async run({ started, connection, watch, noted, settled, until, hub }) {
      await started();
      const numbers = new Subject<number>();
      const subscription = watch('double', connection.stream('Double', numbers));
      numbers.next(1);
      await noted('double item');
      subscription.dispose();
      await until('the hub has cancelled it', async () => (await hub.counts())['streamsOpen'] === 0);
      numbers.next(2);
      numbers.complete();
      await settled();
    },
  },
  {
    name: 'any object with subscribe is an upload',
    async run({ started, connection, attempt }) {
      await started();
      const ready = {
        subscribe(observer: { next(item: number): void; complete(): void }) {
          observer.next(1);
          observer.next(2);
          observer.complete();
          return { dispose: () => undefined };
        },
      };
      await attempt('sum', () => connection.invoke('Sum', ready));
    },
  },
  {
    name: 'an upload before start',
    async run({ connection, attempt, note }) {
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.next(1);
      numbers.complete();
      await call;
      note('end');
    },
  },
  {
    name: 'the connection is stopped during an upload',
    async run({ started, connection, attempt, until, hub, watchLife, note }) {
      watchLife();
      await started();
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.next(1);
      await until('the hub waits for items', async () => (await hub.counts())['uploadsOpen'] === 1);
      await attempt('stop', () => connection.stop());
      await call;
      numbers.next(2);
      numbers.complete();
      note('end');
    },
  },
  {
    name: 'the hub closes the connection during an upload',
    async run({ started, connection, attempt, until, hub, watchLife, noted }) {
      watchLife();
      await started();
      const numbers = new Subject<number>();
      const call = attempt('sum', () => connection.invoke('Sum', numbers));
      numbers.next(1);
      await until('the hub waits for items', async () => (await hub.counts())['uploadsOpen'] === 1);
      await hub.cut('close', connection.connectionId);
      await call;
      await noted('onclose');
    },
  },
];
