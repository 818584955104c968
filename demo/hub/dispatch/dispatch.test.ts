/** Streams in both directions and questions to clients, as real clients see them; and nothing of them is left afterwards. */
import { HttpTransportType, Subject, type IStreamResult } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { describe, expect, it } from 'vitest';
import type { DemoHub } from '../index.js';
import { admin, clientFor, closed, counts, hubFor, next, signIn, type SignedIn } from '../testing/fixture.js';
import { openRawSocket, type RawSocket } from '../testing/raw-socket.js';
import { eventually } from '../testing/eventually.js';

const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;

async function connected(transport: HttpTransportType, protocol: 'json' | 'messagepack' = 'json') {
  const hub = await hubFor();
  const ann = await signIn(hub);
  const client = clientFor(hub, ann, transport, protocol === 'json' ? {} : { protocol: new MessagePackHubProtocol() });
  await client.start();
  return { hub, ann, client };
}

async function rawly(): Promise<{ hub: DemoHub; ann: SignedIn; socket: RawSocket }> {
  const hub = await hubFor();
  const ann = await signIn(hub);
  return { hub, ann, socket: await openRawSocket(hub, ann) };
}

function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}

/** What a stream gave, and how it ended. */
function drained<T>(stream: IStreamResult<T>): Promise<{ items: T[]; end: string }> {
  const items: T[] = [];
  return new Promise((resolve) => {
    stream.subscribe({
      next: (item) => items.push(item),
      complete: () => resolve({ items, end: 'complete' }),
      error: (error: Error) => resolve({ items, end: error.message }),
    });
  });
}

const NOTHING_LEFT = { invocationsPending: 0, streamsOpen: 0, uploadsOpen: 0, clientResultsPending: 0 };

async function nothingIsLeft(hub: DemoHub): Promise<void> {
  await eventually(async () => expect(await counts(hub)).toMatchObject(NOTHING_LEFT));
}

/** Sends once the call is on its way, as an app would. */
function fed<T>(subject: Subject<T>, ...items: readonly T[]): Subject<T> {
  setImmediate(() => {
    for (const item of items) subject.next(item);
    subject.complete();
  });
  return subject;
}

describe.each([
  ['WebSockets', 'json', WebSockets],
  ['ServerSentEvents', 'json', ServerSentEvents],
  ['LongPolling', 'json', LongPolling],
  ['WebSockets', 'messagepack', WebSockets],
  ['LongPolling', 'messagepack', LongPolling],
] as const)('over %s in %s', (_transport, protocol, transport) => {
  it('answers calls with the values that the methods return', async () => {
    const { hub, client } = await connected(transport, protocol);
    const value = { list: [1, -1.5, 'zwei', null, { deep: true }], text: 'ü\n\u2028\u001e "quoted"', big: 2 ** 40 };

    expect(await client.invoke('Echo', value)).toEqual(value);
    expect(await client.invoke('Echo', 'x'.repeat(200_000))).toHaveLength(200_000);
    expect(await client.invoke('SendMe', 'note')).toBe(null);
    expect(await errorOf(client.invoke('Fail', 'No room'))).toBe(
      "An unexpected error occurred invoking 'Fail' on the server. HubException: No room",
    );
    expect(await counts(hub)).toMatchObject({ ...NOTHING_LEFT, connections: 1 });
  });

  it('carries events, one encoding beside the other', async () => {
    const { hub, client } = await connected(transport, protocol);
    const bob = clientFor(hub, await signIn(hub, 'bob'), WebSockets);
    await bob.start();
    const heard = Promise.all([next(client, 'note'), next(bob, 'note')]);

    await admin(hub, 'emit', { event: 'note', args: [{ a: [1, 'ü', null] }, true] });

    expect(await heard).toEqual([
      [{ a: [1, 'ü', null] }, true],
      [{ a: [1, 'ü', null] }, true],
    ]);
  });

  it('takes uploads, alone, between other arguments and two at once', async () => {
    const { hub, client } = await connected(transport, protocol);

    expect(await client.invoke('Sum', fed(new Subject<number>(), 1, 2, 3.5))).toBe(6.5);
    expect(await client.invoke('Sum', fed(new Subject<number>()))).toBe(0);
    expect(await client.invoke('Label', '<', fed(new Subject<string>(), 'a', 'b'), '>')).toBe('<a,b>');
    expect(
      await client.invoke('Mix', fed(new Subject<number>(), 1, 2), 'sums', fed(new Subject<number>(), 10, 20)),
    ).toBe('sums:3:30');
    expect(await client.invoke('Swallow', fed(new Subject<unknown>(), 1, null, 'x', { a: 1 }))).toBe(4);
    expect(await counts(hub)).toMatchObject(NOTHING_LEFT);
  });

  it('streams in both directions at once', async () => {
    const { hub, client } = await connected(transport, protocol);
    const values = new Subject<number>();
    const seen: number[] = [];
    const over = new Promise<void>((resolve, reject) => {
      client.stream<number>('Double', values).subscribe({
        next: (item) => {
          seen.push(item);
          // The next item leaves only when the one before has come back.
          if (item < 8) values.next(item);
          else values.complete();
        },
        complete: resolve,
        error: reject,
      });
    });
    values.next(1);

    await over;
    expect(seen).toEqual([2, 4, 8]);
    expect(await counts(hub)).toMatchObject(NOTHING_LEFT);
  });

  it('streams all items before a failure', async () => {
    const { hub, client } = await connected(transport, protocol);

    expect(await drained(client.stream<number>('FailingCounter', 3, 'No more'))).toEqual({
      items: [0, 1, 2],
      end: 'An error occurred on the server while streaming results. HubException: No more',
    });
    expect(await drained(client.stream<number>('CrashingCounter', 1))).toEqual({
      items: [0],
      end: 'An error occurred on the server while streaming results.',
    });
    expect(await counts(hub)).toMatchObject(NOTHING_LEFT);
  });

  it('stops a stream that the client has enough of', async () => {
    const { hub, client } = await connected(transport, protocol);
    await new Promise<void>((resolve) => {
      const subscription = client.stream<number>('Counter', 1_000_000, 1).subscribe({
        next: (item) => {
          if (item < 2) return;
          subscription.dispose();
          resolve();
        },
        complete: () => undefined,
        error: () => undefined,
      });
    });
    await nothingIsLeft(hub);
    expect(await client.invoke('Add', 1, 1)).toBe(2);
  });

  it('asks a client and gives back its answer or its error', async () => {
    const { hub, client } = await connected(transport, protocol);
    const asked = 'An unexpected error occurred invoking ';
    expect(await errorOf(client.invoke('AskName'))).toBe(
      `${asked}'AskName' on the server. HubException: Client didn't provide a result.`,
    );
    client.on('askName', () => 'Ann');
    client.on('double', (value: number) => Promise.resolve(value * 2));
    client.on('refuse', () => {
      throw new Error('not me');
    });

    expect(await client.invoke('AskName')).toBe('Ann');
    expect(await client.invoke('Ask', 'double', 21)).toBe(42);
    expect(await errorOf(client.invoke('Ask', 'refuse', null))).toBe(
      `${asked}'Ask' on the server. HubException: Error: not me`,
    );
    const answers = [next(client, 'asked')];
    await client.send('AskLater', 'double', 4);
    expect(await answers[0]).toEqual([{ ok: true, value: 8 }]);
    const refused = next(client, 'asked');
    await client.send('AskLater', 'refuse', 4);
    expect(await refused).toEqual([{ ok: false, error: 'Error: not me' }]);
    await nothingIsLeft(hub);
  });

  it('forgets all that a client was at when it stops in the middle', async () => {
    const { hub, client } = await connected(transport, protocol);
    client.on('never', () => new Promise(() => undefined));
    const ends = [
      errorOf(client.invoke('Slow', 60_000)),
      errorOf(client.invoke('Ask', 'never', 1)),
      errorOf(client.invoke('Sum', new Subject<number>())),
      drained(client.stream('Counter', 1_000_000, 1)),
      drained(client.stream('Double', new Subject<number>())),
    ];
    await client.send('Swallow', new Subject<number>());
    await eventually(async () =>
      expect(await counts(hub)).toMatchObject({
        invocationsPending: 6,
        streamsOpen: 2,
        uploadsOpen: 3,
        clientResultsPending: 1,
      }),
    );

    await client.stop();

    await Promise.all(ends);
    await nothingIsLeft(hub);
  });

  it('closes a connection that asks for it, for good and without an error', async () => {
    const { hub, client } = await connected(transport, protocol);
    const over = closed(client);
    expect(await errorOf(client.invoke('CloseMe'))).toBe(
      'Invocation canceled due to the underlying connection being closed.',
    );
    expect(await over).toBeUndefined();
    expect(await counts(hub)).toMatchObject({ ...NOTHING_LEFT, connections: 0 });
  });
});

describe('an upload', () => {
  it('that the client ends with an error makes the method fail with it', async () => {
    const { hub, client } = await connected(WebSockets);
    const values = new Subject<number>();
    const sum = errorOf(client.invoke('Sum', values));
    values.next(1);
    values.error(new Error('boom'));
    expect(await sum).toBe("An unexpected error occurred invoking 'Sum' on the server. HubException: boom");

    const doubled = new Subject<number>();
    const stream = drained(client.stream('Double', doubled));
    doubled.next(2);
    doubled.error(new Error('boom'));
    expect(await stream).toEqual({
      items: [4],
      end: 'An error occurred on the server while streaming results. HubException: boom',
    });
    expect(await counts(hub)).toMatchObject(NOTHING_LEFT);
  });

  it('with an item that does not fit makes the method fail, and what follows is ignored', async () => {
    const { hub, socket } = await rawly();
    socket.say(
      { type: 1, invocationId: '1', target: 'Sum', arguments: [], streamIds: ['a'] },
      { type: 2, invocationId: 'a', item: 1 },
      { type: 2, invocationId: 'a', item: 'two' },
      { type: 2, invocationId: 'a', item: 3 },
      { type: 3, invocationId: 'a' },
      { type: 1, invocationId: '2', target: 'Add', arguments: [1, 1] },
    );
    await eventually(() => expect(socket.heard).toHaveLength(2));
    expect(socket.heard).toContainEqual({
      type: 3,
      invocationId: '1',
      error: "An unexpected error occurred invoking 'Sum' on the server. HubException: Failed to bind Stream message.",
    });
    expect(socket.heard).toContainEqual({ type: 3, invocationId: '2', result: 2 });
    expect(await counts(hub)).toMatchObject({ ...NOTHING_LEFT, connections: 1 });
  });

  it('beside another is told apart by its id, whatever the order of the items', async () => {
    const { hub, socket } = await rawly();
    socket.say(
      { type: 1, invocationId: '1', target: 'SumTwo', arguments: [], streamIds: ['a', 'b'] },
      { type: 2, invocationId: 'b', item: 10 },
      { type: 2, invocationId: 'a', item: 1 },
      { type: 2, invocationId: 'b', item: 20 },
      { type: 3, invocationId: 'b' },
      { type: 2, invocationId: 'a', item: 2 },
    );
    await eventually(async () => expect((await counts(hub)).uploadsOpen).toBe(1));
    socket.say({ type: 3, invocationId: 'a' });
    await eventually(() => expect(socket.heard).toEqual([{ type: 3, invocationId: '1', result: [3, 30] }]));
    expect(await counts(hub)).toMatchObject(NOTHING_LEFT);
  });

  it('fails the whole call when one of two fails, and closes the other', async () => {
    const { hub, socket } = await rawly();
    socket.say(
      { type: 1, invocationId: '1', target: 'SumTwo', arguments: [], streamIds: ['a', 'b'] },
      { type: 3, invocationId: 'b', error: 'boom' },
    );
    await eventually(() => expect(socket.heard).toHaveLength(1));
    expect(socket.heard[0]?.['error']).toMatch(/HubException: boom$/);
    expect(await counts(hub)).toMatchObject(NOTHING_LEFT);
  });

  it.each([
    [
      'Sum',
      [],
      [],
      "An unexpected error occurred invoking 'Sum' on the server. HubException: Client sent 0 stream(s), Hub method expects 1.",
    ],
    [
      'Add',
      [1, 2],
      ['a'],
      "An unexpected error occurred invoking 'Add' on the server. HubException: Client sent 1 stream(s), Hub method expects 0.",
    ],
    ['Sum', [3], ['a'], "Failed to invoke 'Sum' due to an error on the server."],
    ['Nope', [], ['a'], "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."],
    [
      'Double',
      [],
      ['a'],
      "The client attempted to invoke the streaming 'Double' method with a non-streaming invocation.",
    ],
  ])('for a call to %s that cannot be made is never opened', async (target, args, streamIds, error) => {
    const { hub, socket } = await rawly();
    socket.say(
      { type: 1, invocationId: '1', target, arguments: args, streamIds },
      { type: 2, invocationId: 'a', item: 1 },
      { type: 3, invocationId: 'a' },
    );
    await eventually(() => expect(socket.heard).toEqual([{ type: 3, invocationId: '1', error }]));
    expect(await counts(hub)).toMatchObject({ ...NOTHING_LEFT, connections: 1 });
  });

  it('takes items while its call is held back', async () => {
    const { hub, socket } = await rawly();
    await admin(hub, 'delay', { what: 'calls', ms: 30 });
    socket.say(
      { type: 1, invocationId: '1', target: 'Sum', arguments: [], streamIds: ['a'] },
      { type: 2, invocationId: 'a', item: 1 },
      { type: 3, invocationId: 'a' },
    );
    await eventually(() => expect(socket.heard).toEqual([{ type: 3, invocationId: '1', result: 1 }]));
  });

  it('ends with its stream when the client cancels that', async () => {
    const { hub, socket } = await rawly();
    socket.say(
      { type: 4, invocationId: '1', target: 'Double', arguments: [], streamIds: ['a'] },
      { type: 2, invocationId: 'a', item: 1 },
    );
    await eventually(() => expect(socket.heard).toEqual([{ type: 2, invocationId: '1', item: 2 }]));
    socket.say({ type: 5, invocationId: '1' }, { type: 2, invocationId: 'a', item: 2 });
    await eventually(() => expect(socket.heard.slice(1)).toEqual([{ type: 3, invocationId: '1' }]));
    expect(await counts(hub)).toMatchObject({ ...NOTHING_LEFT, connections: 1 });
  });

  it('is forgotten with a client that vanishes without a goodbye', async () => {
    const { hub, socket } = await rawly();
    socket.say(
      { type: 1, invocationId: '1', target: 'SumTwo', arguments: [], streamIds: ['a', 'b'] },
      { type: 4, invocationId: '2', target: 'Double', arguments: [], streamIds: ['c'] },
      { type: 4, invocationId: '3', target: 'Counter', arguments: [1_000_000, 60_000] },
      { type: 1, invocationId: '4', target: 'AskName', arguments: [] },
    );
    await eventually(async () =>
      expect(await counts(hub)).toMatchObject({
        invocationsPending: 4,
        streamsOpen: 2,
        uploadsOpen: 3,
        clientResultsPending: 1,
      }),
    );
    socket.terminate();
    await nothingIsLeft(hub);
  });
});

describe('a stream of the hub', () => {
  it('cannot take the id of one that runs', async () => {
    const { hub, socket } = await rawly();
    const counter = { type: 4, invocationId: '1', target: 'Counter', arguments: [1, 60_000] };
    socket.say(counter);
    await eventually(() => expect(socket.heard).toHaveLength(1));
    socket.say(counter);
    await eventually(() =>
      expect(socket.heard).toEqual([
        { type: 2, invocationId: '1', item: 0 },
        { type: 3, invocationId: '1', error: "Invocation ID '1' is already in use." },
      ]),
    );
    expect(await counts(hub)).toMatchObject({ streamsOpen: 1 });
  });
});

describe('a question', () => {
  it('can be answered once, by the client that was asked, and by no other', async () => {
    const { hub, ann, socket } = await rawly();
    const other = await openRawSocket(hub, ann);
    socket.say({ type: 1, invocationId: '1', target: 'Ask', arguments: ['who', { deep: 1 }] });
    await eventually(() =>
      expect(socket.heard).toEqual([{ type: 1, invocationId: 's1', target: 'who', arguments: [{ deep: 1 }] }]),
    );

    other.say(
      { type: 3, invocationId: 's1', result: 'an impostor' },
      { type: 1, invocationId: '1', target: 'Add', arguments: [1, 1] },
    );
    await eventually(() => expect(other.heard).toHaveLength(1));
    expect((await counts(hub)).clientResultsPending).toBe(1);
    socket.say({ type: 3, invocationId: 's1', result: null }, { type: 3, invocationId: 's1', result: 'too late' });

    await eventually(() => expect(socket.heard.slice(1)).toEqual([{ type: 3, invocationId: '1', result: null }]));
    expect(await counts(hub)).toMatchObject({ ...NOTHING_LEFT, connections: 2 });
  });

  it('that is answered with nothing fails, as does a name that is no text', async () => {
    const { socket } = await rawly();
    const ask = { type: 1, invocationId: '1', target: 'AskName', arguments: [] };
    socket.say(ask);
    await eventually(() => expect(socket.heard).toHaveLength(1));
    socket.say({ type: 3, invocationId: 's1' }, ask);
    await eventually(() => expect(socket.heard).toHaveLength(3));
    socket.say({ type: 3, invocationId: 's2', result: 42 });
    await eventually(() => expect(socket.heard).toHaveLength(4));

    const errors = socket.heard.map(({ error }) => error).filter((error) => error !== undefined);
    expect(errors).toEqual([
      "An unexpected error occurred invoking 'AskName' on the server. HubException: " +
        "Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.",
      "An unexpected error occurred invoking 'AskName' on the server. HubException: " +
        'Error trying to deserialize result to String.',
    ]);
  });
});

describe('MessagePack', () => {
  it('keeps dates and bytes, which JSON cannot', async () => {
    const { client } = await connected(WebSockets, 'messagepack');
    const value = { at: new Date(1_700_000_000_000), bytes: new Uint8Array([0, 255]) };
    expect(await client.invoke('Echo', value)).toEqual(value);
  });
});
