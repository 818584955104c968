/** `start`, `stop`, `state`, `connectionId`, `baseUrl`, the timeouts, and the callbacks of the three ways down. */
import type { Combination, Held, ScenarioGroup, Toolbox } from '../scenario.js';

/** A delay that a scenario cannot reach: what waits for it waits until the scenario ends the wait in another way. */
const NEVER_MS = 3_600_000;

const RECONNECTS = { reconnect: [0, 50, 100, 200] };

/** Longer than most starts take, and shorter than the second between two measured values that the hub sends to all. */
const SILENCE_MS = 300;

/**
 * Long polling has no pings: there silence is an open poll. Over an event stream a start ends with a request, and when it gives up
 * the hub meanwhile, SignalR 10.0.11 stays connected for ever; a timeout that is short enough for the hub would make that happen.
 */
function noticesSilence({ transport }: Combination): boolean {
  return transport === 'WebSockets';
}

/** Tries until the hub is back, and counts how often it was asked. */
const patient = {
  asked: 0,
  nextRetryDelayInMilliseconds(): number {
    patient.asked += 1;
    return 100;
  },
};

/** ASP.NET Core keeps a long-polling connection that lost its client for 15 s, whoever the client is. */
function forgetsAtOnce({ server, transport }: Combination): boolean {
  return !(server === 'aspnet' && transport === 'LongPolling');
}

export const lifecycle: ScenarioGroup = [
  {
    name: 'from built to stopped and up again',
    async run({ attempt, connection, note, id, watchLife }) {
      watchLife();
      note('id before', id(connection.connectionId));
      await attempt('start', () => connection.start());
      note('id', id(connection.connectionId));
      const me = await connection.invoke<{ connectionId: string; name: string }>('WhoAmI');
      note('the hub says', { id: id(me.connectionId), name: me.name });
      await attempt('stop', () => connection.stop());
      note('id after', id(connection.connectionId));
      await attempt('start again', () => connection.start());
      note('new id', id(connection.connectionId));
      await attempt('echo', () => connection.invoke('Echo', 'again'));
      await attempt('stop again', () => connection.stop());
    },
  },
  {
    name: 'the state in the same task as start and stop',
    async run({ attempt, connection, note }) {
      const starting = attempt('start', () => connection.start());
      note('starting');
      await starting;
      note('started');
      const stopping = attempt('stop', () => connection.stop());
      note('stopping');
      await stopping;
      note('stopped');
    },
  },
  {
    name: 'start when it is starting or started',
    async run({ attempt, connection }) {
      const first = attempt('first', () => connection.start());
      await attempt('second', () => connection.start());
      await first;
      await attempt('third', () => connection.start());
      await attempt('echo', () => connection.invoke('Echo', 'still up'));
    },
  },
  {
    name: 'stop without start, twice, and after stop',
    async run({ attempt, connection, watchLife, started }) {
      watchLife();
      await attempt('never started', () => connection.stop());
      await started();
      const first = attempt('first', () => connection.stop());
      const second = attempt('second', () => connection.stop());
      await Promise.all([first, second]);
      await attempt('third', () => connection.stop());
    },
  },
  {
    name: 'start while it is stopping',
    async run({ attempt, connection, started, note }) {
      await started();
      const stopping = connection.stop();
      // How long a stop takes is the client's own affair, so the outcome is noted when both are over.
      const outcome: unknown = await connection.start().catch((error: unknown) => error);
      await stopping;
      note('start', outcome);
      await attempt('start after', () => connection.start());
    },
  },
  {
    name: 'stop while negotiate is under way',
    run: (tools) => stopWhileHeld(tools, 'negotiate'),
  },
  {
    name: 'stop while the transport opens',
    where: ({ transport }) => transport !== 'ServerSentEvents',
    run: (tools) => stopWhileHeld(tools, tools.on.transport === 'WebSockets' ? 'upgrade' : 'polls'),
  },
  {
    name: 'stop while the handshake is under way',
    // A WebSocket is open before the handshake, and so is an event stream; only where it is a request can the hub hold it.
    where: ({ transport }) => transport !== 'WebSockets',
    run: (tools) => stopWhileHeld(tools, 'posts'),
  },
  {
    name: 'stop in the same task as start',
    async run({ attempt, connection, watchLife }) {
      watchLife();
      const starting = attempt('start', () => connection.start());
      const stopping = attempt('stop', () => connection.stop());
      await Promise.all([starting, stopping]);
      await attempt('start after', () => connection.start());
    },
  },
  {
    name: 'start at an address where nothing is',
    wish: { url: '/hubs/nothing-here' },
    async run({ attempt, connection, watchLife }) {
      watchLife();
      await attempt('start', () => connection.start());
      await attempt('start again', () => connection.start());
      await attempt('stop', () => connection.stop());
    },
  },
  {
    name: 'start at an address that is no hub',
    wish: { url: '/not-a-hub' },
    async run({ attempt, connection, watchLife }) {
      watchLife();
      await attempt('start', () => connection.start());
    },
  },
  {
    name: 'start when the hub is down, and again when it is up',
    async run({ attempt, connection, hub, watchLife }) {
      watchLife();
      await hub.down();
      try {
        await attempt('start', () => connection.start());
      } finally {
        await hub.up();
      }
      await attempt('start again', () => connection.start());
    },
  },
  {
    name: 'a first start that fails, with automatic reconnect',
    wish: { reconnect: patient },
    async run({ attempt, connection, hub, watchLife, until }) {
      watchLife();
      await hub.down();
      let ended = false;
      const { asked } = patient;
      const starting = attempt('start', () => connection.start()).finally(() => (ended = true));
      try {
        await until('it has failed, or tries again', () => ended || patient.asked > asked);
      } finally {
        await hub.up();
      }
      await starting;
    },
  },
  {
    name: 'start with a token that the hub refuses',
    async run({ attempt, connection, hub, watchLife }) {
      watchLife();
      await hub.refuseTokens(true);
      try {
        await attempt('start', () => connection.start());
      } finally {
        await hub.refuseTokens(false);
      }
      await attempt('start again', () => connection.start());
    },
  },
  {
    name: 'the hub closes the connection',
    async run({ started, connection, hub, watchLife, noted, attempt }) {
      watchLife();
      await started();
      await hub.cut('close', connection.connectionId);
      await noted('onclose');
      await attempt('call', () => connection.invoke('Echo', 1));
      await attempt('stop', () => connection.stop());
      await attempt('start', () => connection.start());
      await attempt('call', () => connection.invoke('Echo', 1));
    },
  },
  {
    name: 'the hub closes the connection with a reason',
    async run({ started, connection, hub, watchLife, noted }) {
      watchLife();
      await started();
      await hub.cut('close', connection.connectionId, 'The hub has had enough.');
      await noted('onclose');
    },
  },
  {
    name: 'the hub closes the connection for good, with automatic reconnect',
    wish: RECONNECTS,
    async run({ started, connection, hub, watchLife, noted, attempt }) {
      watchLife();
      await started();
      await hub.cut('close', connection.connectionId);
      await noted('onclose');
      await attempt('start', () => connection.start());
    },
  },
  {
    name: 'the hub closes the connection for good and with a reason, with automatic reconnect',
    wish: RECONNECTS,
    async run({ started, connection, hub, watchLife, noted }) {
      watchLife();
      await started();
      await hub.cut('close', connection.connectionId, 'The hub has had enough.');
      await noted('onclose');
    },
  },
  {
    name: 'the hub allows a reconnect that nobody asked for',
    async run({ started, connection, hub, watchLife, noted }) {
      watchLife();
      await started();
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('onclose');
    },
  },
  {
    name: 'the hub closes and the connection comes back',
    wish: RECONNECTS,
    async run({ started, connection, hub, watchLife, noted, note, id, attempt }) {
      watchLife();
      connection.on('after', (...args: unknown[]) => note('after', args));
      await started();
      note('id', id(connection.connectionId));
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('onreconnected');
      note('id', id(connection.connectionId));
      await attempt('event', () => connection.invoke('SendMe', 'after', 1));
      await hub.cut('close-reconnect', connection.connectionId, 'Once more.');
      await noted('onreconnected', 2);
      await attempt('stop', () => connection.stop());
    },
  },
  {
    name: 'the transport breaks',
    wish: { stateful: true },
    // With stateful reconnect this is no way down; see the next one.
    where: (on) => !grantsStatefulReconnect(on) && forgetsAtOnce(on),
    async run({ started, connection, hub, watchLife, noted }) {
      watchLife();
      await started();
      await hub.cut('abort', connection.connectionId);
      await noted('onclose');
    },
  },
  {
    name: 'the transport breaks and stateful reconnect hides it',
    wish: { stateful: true },
    where: grantsStatefulReconnect,
    async run({ started, connection, hub, watchLife, note, id, attempt, noted, whileHeld, held }) {
      watchLife();
      connection.on('after', (...args: unknown[]) => note('after', args));
      await started();
      note('id', id(connection.connectionId));
      await whileHeld('calls', async (release) => {
        const slow = connection.invoke('Echo', 'slow');
        await held();
        await hub.cut('abort', connection.connectionId);
        await release();
        await attempt('slow', () => slow);
      });
      await attempt('call', () => connection.invoke('SendMe', 'after', 1));
      await noted('after');
      note('id', id(connection.connectionId));
    },
  },
  {
    name: 'the transport breaks where the app did not ask for stateful reconnect',
    where: forgetsAtOnce,
    async run({ started, connection, hub, watchLife, until, note, attempt }) {
      let closed = false;
      watchLife();
      connection.onclose(() => (closed = true));
      const before = (await started()).connectionId;
      await hub.cut('abort', before);
      // The call finds out, also where nobody else would.
      await attempt('call', async () => {
        await until('the loss is noticed or mended', async () => closed || (await isBack(connection)));
        return connection.invoke('Echo', 'back');
      });
      note('same connection', connection.connectionId === before);
    },
  },
  {
    name: 'the transport breaks and the connection comes back',
    wish: { ...RECONNECTS, stateful: true },
    where: (on) => !grantsStatefulReconnect(on) && forgetsAtOnce(on),
    async run({ started, connection, hub, watchLife, noted, note, id, attempt }) {
      watchLife();
      await started();
      note('id', id(connection.connectionId));
      await hub.cut('abort', connection.connectionId);
      await noted('onreconnected');
      note('id', id(connection.connectionId));
      await attempt('call', () => connection.invoke('Echo', 1));
    },
  },
  {
    name: 'every retry fails',
    wish: { reconnect: [0, 20, 20] },
    async run({ started, connection, hub, watchLife, noted, attempt }) {
      watchLife();
      await started();
      await hub.down();
      try {
        await noted('onclose');
        await attempt('call', () => connection.invoke('Echo', 1));
      } finally {
        await hub.up();
      }
    },
  },
  {
    name: 'every retry fails, and the app starts again',
    wish: { reconnect: [0, 20] },
    async run({ started, connection, hub, watchLife, noted, attempt }) {
      watchLife();
      await started();
      await hub.down();
      try {
        await noted('onclose');
      } finally {
        await hub.up();
      }
      await attempt('start', () => connection.start());
      await attempt('call', () => connection.invoke('Echo', 1));
    },
  },
  {
    name: 'a retry policy that gives up at once',
    wish: { reconnect: [] },
    async run({ started, connection, hub, watchLife, noted }) {
      watchLife();
      await started();
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('onclose');
    },
  },
  {
    name: 'calls, start and stop while reconnecting',
    wish: { reconnect: [NEVER_MS] },
    async run({ started, connection, hub, watchLife, noted, attempt, watch }) {
      watchLife();
      await started();
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('onreconnecting');
      await attempt('invoke', () => connection.invoke('Echo', 1));
      await attempt('send', () => connection.send('Echo', 1));
      await attempt('stream', () => watch('late', connection.stream('Counter', 1, 0)) !== undefined);
      await attempt('start', () => connection.start());
      await attempt('stop', () => connection.stop());
      await attempt('start after', () => connection.start());
    },
  },
  {
    name: 'stop in onreconnecting',
    wish: { reconnect: [NEVER_MS] },
    async run({ started, connection, hub, watchLife, noted, attempt }) {
      watchLife();
      connection.onreconnecting(() => void attempt('stop', () => connection.stop()));
      await started();
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('stop');
      await attempt('start', () => connection.start());
    },
  },
  {
    name: 'start in onclose',
    async run({ started, connection, hub, watchLife, noted, attempt }) {
      watchLife();
      let times = 0;
      connection.onclose(() => {
        times += 1;
        if (times === 1) void attempt('start', () => connection.start());
      });
      await started();
      await hub.cut('close', connection.connectionId);
      await noted('start');
      await attempt('call', () => connection.invoke('Echo', 1));
    },
  },
  {
    name: 'several callbacks, and one that throws',
    wish: { reconnect: [0, 50, 100] },
    async run({ started, connection, hub, note, noted }) {
      const twice = (): void => note('twice');
      connection.onclose(() => note('close first'));
      connection.onclose(twice);
      connection.onclose(twice);
      connection.onreconnecting(() => note('reconnecting first'));
      connection.onreconnecting(() => note('reconnecting second'));
      connection.onreconnected(() => note('reconnected first'));
      connection.onreconnected(() => note('reconnected second'));
      await started();
      await hub.cut('close-reconnect', connection.connectionId);
      await noted('reconnected second');
      await connection.stop();
    },
  },
  {
    name: 'what follows a callback that throws',
    async run({ started, connection, note }) {
      connection.onclose(() => {
        note('throws');
        throw new Error('the callback of the app failed');
      });
      connection.onclose(() => note('after it'));
      await started();
      await connection.stop();
      note('stopped');
    },
  },
  {
    name: 'this in a callback is the connection',
    async run({ started, connection, note }) {
      connection.onclose(function (this: unknown) {
        note('this is the connection', this === connection);
      });
      await started();
      await connection.stop();
    },
  },
  {
    name: 'baseUrl is absolute, and can be changed only while nothing is connected',
    async run({ connection, note, attempt, id }) {
      const path = (): string => new URL(connection.baseUrl).pathname;
      note('url', path());
      note('absolute', connection.baseUrl.startsWith('http://'));
      await attempt('empty', () => {
        connection.baseUrl = '';
      });
      await attempt('nowhere', () => {
        connection.baseUrl = `${location.origin}/hubs/nothing-here`;
      });
      note('url', path());
      await attempt('start nowhere', () => connection.start());
      await attempt('back', () => {
        connection.baseUrl = `${location.origin}/hubs/ops`;
      });
      await attempt('start', () => connection.start());
      note('id', id(connection.connectionId));
      await attempt('while connected', () => {
        connection.baseUrl = `${location.origin}/hubs/nothing-here`;
      });
      note('url', path());
      await attempt('call', () => connection.invoke('Echo', 1));
      await attempt('stop', () => connection.stop());
      await attempt('after stop', () => {
        connection.baseUrl = `${location.origin}/hubs/nothing-here`;
      });
      note('url', path());
    },
  },
  {
    name: 'the timeouts of a connection that asks for none',
    async run({ connection, note }) {
      note('server timeout', connection.serverTimeoutInMilliseconds);
      note('keep-alive', connection.keepAliveIntervalInMilliseconds);
      connection.serverTimeoutInMilliseconds = 40_000;
      connection.keepAliveIntervalInMilliseconds = 20_000;
      note('server timeout', connection.serverTimeoutInMilliseconds);
      note('keep-alive', connection.keepAliveIntervalInMilliseconds);
    },
  },
  {
    name: 'the timeouts that the builder was told',
    wish: { serverTimeoutMs: 25_000, keepAliveMs: 5_000 },
    async run({ connection, note, started }) {
      note('server timeout', connection.serverTimeoutInMilliseconds);
      note('keep-alive', connection.keepAliveIntervalInMilliseconds);
      await started();
      note('server timeout', connection.serverTimeoutInMilliseconds);
    },
  },
  {
    name: 'a hub that is silent for too long',
    wish: { serverTimeoutMs: SILENCE_MS },
    where: noticesSilence,
    async run({ connection, watchLife, noted }) {
      watchLife();
      await startedInTime(connection);
      await noted('onclose');
    },
  },
  {
    name: 'a server timeout that is set between two starts',
    where: noticesSilence,
    async run({ started, connection, watchLife, noted, attempt }) {
      watchLife();
      await started();
      await attempt('stop', () => connection.stop());
      connection.serverTimeoutInMilliseconds = SILENCE_MS;
      await startedInTime(connection);
      await noted('onclose', 2);
    },
  },
  {
    name: 'nothing arrives after stop',
    async run({ started, connection, hub, note, attempt }) {
      connection.on('news', (...args: unknown[]) => note('news', args));
      await started();
      await attempt('event', () => connection.invoke('SendMe', 'news', 1));
      await attempt('stop', () => connection.stop());
      await hub.emit('news', [2]);
      await attempt('start', () => connection.start());
      await attempt('event', () => connection.invoke('SendMe', 'news', 3));
    },
  },
];

/**
 * Stops a connection whose start is held at this step. SignalR's own `stop` waits for the answer to most steps, so the hub lets go
 * before it is awaited, but after it was called.
 */
async function stopWhileHeld(tools: Toolbox, step: Held): Promise<void> {
  const { attempt, connection, watchLife, whileHeld, held } = tools;
  watchLife();
  await whileHeld(step, async (release) => {
    const starting = attempt('start', () => connection.start());
    await held();
    const stopping = attempt('stop', () => connection.stop());
    await release();
    await Promise.all([starting, stopping]);
  });
  await attempt('start after', () => connection.start());
}

/** Starts with a server timeout that also ends a start for which the machine took too long; then it is tried again. */
async function startedInTime(connection: { start(): Promise<void> }): Promise<void> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    try {
      await connection.start();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}

/** The Node hub has no stateful reconnect, and SignalR has it for WebSockets only. */
function grantsStatefulReconnect(on: { readonly server: string; readonly transport: string }): boolean {
  return on.server === 'aspnet' && on.transport === 'WebSockets';
}

async function isBack(connection: {
  readonly state: string;
  invoke(method: string): Promise<unknown>;
}): Promise<boolean> {
  return (
    connection.state === 'Connected' &&
    connection.invoke('WhoAmI').then(
      () => true,
      () => false,
    )
  );
}
