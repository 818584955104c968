import { describe, expect, it, vi } from 'vitest';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeHub } from '../testing/fake-hub.js';
import type { State } from './connection-machine.js';
import { createHubLink, type HubLinkDeps } from './hub-link.js';
import { retryDelays } from './retry-delays.js';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;

function setUp(delaysMs: readonly number[] | 'ask' = [2_000]) {
  const clock = new FakeClock();
  const hub = new FakeHub();
  const states: State[] = [];
  const events: [string, unknown[]][] = [];
  const prepareStart = vi.fn(() => Promise.resolve());
  const openSocket = vi.fn(hub.open);
  const askRetryDelay = vi.fn<HubLinkDeps['askRetryDelay']>(() => Promise.resolve(null));
  const onQuestion = vi.fn<HubLinkDeps['onQuestion']>(() => Promise.resolve(undefined));
  const onResumed = vi.fn();
  const link = createHubLink({
    url: 'https://h.test/hubs/ops',
    openSocket,
    prepareStart,
    clock,
    retryDelay: delaysMs === 'ask' ? () => 'ask' : retryDelays(delaysMs, { jitter: 0, spreadMs: 0, random: () => 0 }),
    askRetryDelay,
    redact: (text) => text,
    startTimeoutMs: START_LIMIT_MS,
    stopTimeoutMs: STOP_LIMIT_MS,
    onState: (state) => states.push(state),
    onEvent: (method, args) => events.push([method, args]),
    onQuestion,
    onResumed,
  });
  return { clock, hub, link, states, events, prepareStart, openSocket, askRetryDelay, onQuestion, onResumed };
}

async function setUpLive(delaysMs?: readonly number[] | 'ask') {
  const parts = setUp(delaysMs);
  parts.link.open();
  await parts.clock.settle();
  await parts.hub.accept();
  return parts;
}

describe('a start', () => {
  it('connects and leaves no timer behind', async () => {
    const { link, clock, states } = await setUpLive();
    expect(link.state).toMatchObject({ kind: 'live', connectionId: 'connection-1' });
    expect(states.map(({ kind }) => kind)).toEqual(['starting', 'live']);
    expect(clock.pending).toBe(0);
  });

  it('is made once, however often the hub is opened', async () => {
    const { link, hub, clock } = setUp();
    link.open();
    link.open();
    await clock.settle();
    link.open();
    expect(hub.starts).toHaveLength(1);
  });

  it('waits for its token before it opens a socket', async () => {
    const { link, openSocket, prepareStart, clock } = setUp();
    let ready = (): void => undefined;
    prepareStart.mockImplementation(() => new Promise((resolve) => (ready = resolve)));
    link.open();
    await clock.settle();
    expect(openSocket).not.toHaveBeenCalled();
    ready();
    await clock.settle();
    expect(openSocket).toHaveBeenCalledTimes(1);
  });

  it('opens no socket when the hub was closed while it waited for its token', async () => {
    const { link, openSocket, prepareStart, clock } = setUp();
    let ready = (): void => undefined;
    prepareStart.mockImplementation(() => new Promise((resolve) => (ready = resolve)));
    link.open();
    await clock.settle();
    await link.close();
    ready();
    await clock.settle();
    expect(openSocket).not.toHaveBeenCalled();
    expect(link.state.kind).toBe('idle');
  });

  it('that has no token waits for the retry, without a socket', async () => {
    const { link, openSocket, prepareStart, clock } = setUp();
    prepareStart.mockRejectedValue(new HubshareError(wireError('token-unavailable', 'no network', {})));
    link.open();
    await clock.settle();
    expect(link.state).toMatchObject({ kind: 'waiting', attempt: 1, error: { code: 'token-unavailable' } });
    expect(openSocket).not.toHaveBeenCalled();
  });

  it('with settings that cannot work rests at once', async () => {
    const { link, openSocket, clock } = setUp();
    openSocket.mockImplementation(() => {
      throw new HubshareError(wireError('option-invalid', 'bad transport', { option: 'transport' }));
    });
    link.open();
    await clock.settle();
    expect(link.state).toMatchObject({ kind: 'resting', error: { code: 'option-invalid' } });
    expect(clock.pending).toBe(0);
  });

  it('that is refused waits the policy delay, then starts once more', async () => {
    const { hub, clock, link } = setUp([2_000]);
    link.open();
    await clock.settle();
    await hub.refuse();
    expect(link.state).toMatchObject({ kind: 'waiting', attempt: 1, retryAtMs: 2_000 });

    await clock.advanceBy(1_999);
    expect(hub.starts).toHaveLength(1);
    await clock.advanceBy(1);
    expect(hub.starts).toHaveLength(2);
  });

  it('rests after the last delay, and nothing is armed any more', async () => {
    const { hub, clock, link } = setUp([0, 2_000, 10_000, 30_000, 60_000]);
    link.open();
    const startedAtMs: number[] = [];
    for (let attempt = 0; attempt <= 5; attempt += 1) {
      await clock.advanceBy(attempt === 0 ? 0 : (clock.nextAtMs ?? 0) - clock.now());
      startedAtMs.push(clock.now());
      await hub.refuse();
    }
    expect(startedAtMs).toEqual([0, 0, 2_000, 12_000, 42_000, 102_000]);
    expect(link.state).toMatchObject({ kind: 'resting', attempt: 5, error: { code: 'hub-unreachable' } });
    expect(clock.pending).toBe(0);
    await clock.advanceBy(3_600_000);
    expect(hub.starts).toHaveLength(6);
  });

  it('that cannot be mended rests at once', async () => {
    const { hub, clock, link } = setUp();
    link.open();
    await clock.settle();
    await hub.refuse(new Error("Failed to complete negotiation with the server: Error: Not Found: Status code '404'"));
    expect(link.state).toMatchObject({ kind: 'resting', attempt: 0, error: { code: 'hub-not-found' } });
    expect(clock.pending).toBe(0);
  });
});

describe('a start that takes too long', () => {
  it('is left alone for 29,999 ms', async () => {
    const { hub, clock, link } = setUp();
    link.open();
    await clock.advanceBy(START_LIMIT_MS - 1);
    expect(link.state.kind).toBe('starting');
    expect(hub.socket.stops).toBe(0);
  });

  it('is told to stop at the limit, and says how long that was', async () => {
    const { hub, clock, link } = setUp();
    link.open();
    await clock.advanceBy(START_LIMIT_MS);
    expect(hub.socket.stops).toBe(1);
    expect(link.state).toMatchObject({
      kind: 'waiting',
      attempt: 1,
      error: { code: 'start-timed-out', afterMs: START_LIMIT_MS },
    });
  });

  it('and succeeds late is ignored, with all that it says', async () => {
    const { hub, clock, link, events, states } = setUp();
    hub.ignoresStopDuringStart = true;
    link.listen('metric');
    link.open();
    await clock.advanceBy(START_LIMIT_MS);
    const before = states.length;

    await hub.accept('late');
    await hub.emit('metric', 1);
    await hub.cut();
    expect(link.state.kind).toBe('waiting');
    expect(states).toHaveLength(before);
    expect(events).toEqual([]);
  });
});

it('breaks off a start that took too long and does not stop either', async () => {
  const { hub, clock, link } = setUp();
  hub.hangsOnStop = true;
  link.open();
  await clock.advanceBy(START_LIMIT_MS);
  const stuck = hub.socket;
  expect(stuck.abandoned).toBe(false);
  await clock.advanceBy(STOP_LIMIT_MS);
  expect(stuck.abandoned).toBe(true);
});

describe('never two sockets', () => {
  it('a start waits for the old socket to stop', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    void link.close();
    link.open();
    await clock.settle();
    expect(hub.starts).toHaveLength(1);
    expect(hub.held).toBe(1);

    await hub.finishStop();
    expect(hub.starts).toHaveLength(2);
    expect(hub.held).toBe(1);
  });

  it('a start waits for a socket that is stuck, but not for ever', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    void link.close();
    link.open();
    await clock.advanceBy(STOP_LIMIT_MS - 1);
    expect(hub.starts).toHaveLength(1);
    await clock.advanceBy(1);
    expect(hub.starts).toHaveLength(2);
  });

  it('a reconnect stops the live one first', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    link.reconnect();
    await clock.settle();
    expect(link.state).toMatchObject({ kind: 'starting', run: 2, wasLive: true });
    expect(hub.starts).toHaveLength(1);
    await hub.finishStop();
    expect(hub.starts).toHaveLength(2);
    await hub.accept();
    expect(link.state).toMatchObject({ kind: 'live', connectionId: 'connection-2' });
  });

  it('a retry waits for the socket of the start that timed out', async () => {
    const { hub, clock, link } = setUp([0]);
    hub.hangsOnStop = true;
    link.open();
    await clock.advanceBy(START_LIMIT_MS);
    await clock.advanceBy(0);
    expect(link.state.kind).toBe('starting');
    expect(hub.starts).toHaveLength(1);
    await hub.finishStop();
    expect(hub.starts).toHaveLength(2);
  });

  it('opening and closing many times in one task makes one socket', async () => {
    const { hub, clock, link } = setUp();
    for (let n = 0; n < 10; n += 1) {
      link.open();
      void link.close();
    }
    link.open();
    await clock.settle();
    expect(hub.sockets).toHaveLength(1);
    await hub.accept();
    expect(link.state).toMatchObject({ kind: 'live', run: 11 });
  });
});

describe('close', () => {
  it('stops a live socket, and resolves when it has stopped', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    let isClosed = false;
    const closed = link.close().then(() => (isClosed = true));
    expect(link.state.kind).toBe('idle');
    await clock.settle();
    expect(isClosed).toBe(false);
    await hub.finishStop();
    await closed;
    expect(hub.held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('resolves after the stop limit when the socket never stops', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    let isClosed = false;
    void link.close().then(() => (isClosed = true));
    await clock.advanceBy(STOP_LIMIT_MS - 1);
    expect(isClosed).toBe(false);
    await clock.advanceBy(1);
    await clock.settle();
    expect(isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('breaks off a socket that has not stopped at the limit, and not 1 ms before', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    void link.close();
    await clock.advanceBy(STOP_LIMIT_MS - 1);
    expect(hub.socket.abandoned).toBe(false);
    await clock.advanceBy(1);
    expect(hub.socket.abandoned).toBe(true);
  });

  it('does not break off a socket that stops in time', async () => {
    const { hub, clock, link } = await setUpLive();
    hub.hangsOnStop = true;
    void link.close();
    await clock.advanceBy(STOP_LIMIT_MS - 1);
    await hub.finishStop();
    await clock.advanceBy(STOP_LIMIT_MS);
    expect(hub.socket.abandoned).toBe(false);
  });

  it('in the middle of a start stops it, and its end is no news', async () => {
    const { hub, clock, link, states } = setUp();
    link.open();
    await clock.settle();
    await link.close();
    await clock.settle();
    expect(hub.socket.stops).toBe(1);
    expect(hub.held).toBe(0);
    expect(states.map(({ kind }) => kind)).toEqual(['starting', 'idle']);
    expect(clock.pending).toBe(0);
  });

  it('while a retry is due disarms it', async () => {
    const { hub, clock, link } = setUp();
    link.open();
    await clock.settle();
    await hub.refuse();
    expect(clock.pending).toBe(1);
    await link.close();
    expect(clock.pending).toBe(0);
    await clock.advanceBy(60_000);
    expect(hub.starts).toHaveLength(1);
  });

  it('of a hub at rest leaves nothing to wake', async () => {
    const { hub, clock, link } = setUp([]);
    link.open();
    await clock.settle();
    await hub.refuse();
    await link.close();
    link.wake();
    link.retryNow();
    link.reconnect();
    await clock.settle();
    expect(link.state.kind).toBe('idle');
    expect(hub.starts).toHaveLength(1);
  });

  it('of a hub that is closed resolves at once', async () => {
    const { link, states } = setUp();
    await link.close();
    expect(states).toEqual([]);
  });

  it('is not mistaken for a loss', async () => {
    const { clock, link, states } = await setUpLive();
    await link.close();
    await clock.settle();
    expect(states.map(({ kind }) => kind)).toEqual(['starting', 'live', 'idle']);
  });
});

describe('wake, retry-now and reconnect', () => {
  async function inState(kind: State['kind']) {
    const parts = setUp(kind === 'resting' ? [] : [2_000]);
    if (kind === 'idle') return parts;
    parts.link.open();
    await parts.clock.settle();
    if (kind === 'live') await parts.hub.accept();
    if (kind === 'waiting' || kind === 'resting') await parts.hub.refuse();
    expect(parts.link.state.kind).toBe(kind);
    return parts;
  }

  it.each<['wake' | 'retryNow' | 'reconnect', State['kind'], number]>([
    ['wake', 'idle', 0],
    ['wake', 'starting', 1],
    ['wake', 'live', 1],
    ['wake', 'waiting', 1],
    ['wake', 'resting', 2],
    ['retryNow', 'idle', 0],
    ['retryNow', 'starting', 1],
    ['retryNow', 'live', 1],
    ['retryNow', 'waiting', 2],
    ['retryNow', 'resting', 2],
    ['reconnect', 'idle', 0],
    ['reconnect', 'starting', 1],
    ['reconnect', 'live', 2],
    ['reconnect', 'waiting', 2],
    ['reconnect', 'resting', 2],
  ])('%s in state %s: starts so far %i', async (what, kind, starts) => {
    const { link, hub, clock } = await inState(kind);
    link[what]();
    await clock.settle();
    expect(hub.starts).toHaveLength(starts);
  });

  it('retry-now takes the timer along', async () => {
    const { link, hub, clock } = await inState('waiting');
    link.retryNow();
    await clock.settle();
    await hub.accept();
    expect(clock.pending).toBe(0);
  });

  it('after a rest begin a new series of attempts', async () => {
    const { link, hub, clock } = setUp([0]);
    link.open();
    await clock.settle();
    await hub.refuse();
    await clock.advanceBy(0);
    await hub.refuse();
    expect(link.state.kind).toBe('resting');
    link.wake();
    await clock.settle();
    await hub.refuse();
    expect(link.state).toMatchObject({ kind: 'waiting', attempt: 1 });
  });
});

describe('a loss', () => {
  it('is followed by a new start after the first delay', async () => {
    const { hub, clock, link } = await setUpLive([0]);
    await hub.cut();
    expect(link.state).toMatchObject({
      kind: 'waiting',
      attempt: 1,
      wasLive: true,
      error: { code: 'connection-lost' },
    });
    await clock.advanceBy(0);
    await hub.accept();
    expect(link.state).toMatchObject({ kind: 'live', run: 2, connectionId: 'connection-2' });
  });

  it('by a hub that allows no reconnect is final', async () => {
    const { hub, clock, link } = await setUpLive();
    await hub.close(false, 'kicked');
    expect(link.state).toMatchObject({ kind: 'resting', error: { code: 'hub-closed' } });
    expect(clock.pending).toBe(0);
  });

  it('by a hub that allows a reconnect is not', async () => {
    const { hub, link } = await setUpLive();
    await hub.close(true, 'Authentication expired');
    expect(link.state).toMatchObject({ kind: 'waiting', error: { code: 'connection-lost' } });
  });

  it('in the moment in which the start succeeds does not leave a connection that is live without a socket', async () => {
    const { hub, clock, link } = setUp([2_000]);
    link.open();
    await clock.settle();
    hub.socket.accept();
    hub.socket.end(new Error('WebSocket closed with status code: 1006 (no reason given).'), null);
    await clock.settle();
    expect(link.state.kind).toBe('waiting');
  });

  it('of an old run is dropped', async () => {
    const { hub, clock, link, states } = await setUpLive();
    const old = hub.socket;
    link.reconnect();
    await clock.settle();
    await hub.accept();
    const before = states.length;
    old.end(new Error('late'), null);
    expect(link.state).toMatchObject({ kind: 'live', run: 2 });
    expect(states).toHaveLength(before);
    await expect(Promise.race([link.invoke('Echo', []), Promise.resolve('under way')])).resolves.toBe('under way');
  });
});

describe('events', () => {
  it('come only for methods that are listened to, also on the next connection', async () => {
    const { hub, clock, link, events } = await setUpLive([0]);
    link.listen('metric');
    await hub.emit('metric', 1);
    await hub.emit('incident', 2);
    await hub.cut();
    await clock.advanceBy(0);
    await hub.accept();
    await hub.emit('metric', 3);
    link.unlisten('metric');
    await hub.emit('metric', 4);
    expect(events).toEqual([
      ['metric', [1]],
      ['metric', [3]],
    ]);
  });

  it('under a name that SignalR cannot take cost nobody the connection', async () => {
    const { hub, clock, link } = setUp();
    link.listen('constructor');
    link.open();
    await clock.settle();
    await hub.accept();
    link.listen('__proto__');
    expect(link.state.kind).toBe('live');
  });

  it('are not listened to on the next connection once they are unlistened', async () => {
    const { hub, clock, link } = await setUpLive([0]);
    link.listen('metric');
    link.unlisten('metric');
    await hub.cut();
    await clock.advanceBy(0);
    expect([...hub.socket.listened]).toEqual([]);
  });

  it('that arrive with the handshake are not lost', async () => {
    const { hub, clock, link, events } = setUp();
    link.listen('connection.authorized');
    link.open();
    await clock.settle();
    await hub.emit('connection.authorized', 'first');
    await hub.accept();
    expect(events).toEqual([['connection.authorized', ['first']]]);
  });

  it('of an old run are dropped', async () => {
    const { hub, clock, link, events } = await setUpLive();
    link.listen('metric');
    const old = hub.socket;
    link.reconnect();
    await clock.settle();
    old.emit('metric', [1]);
    await hub.accept();
    old.emit('metric', [2]);
    expect(events).toEqual([]);
  });

  it('after close are dropped', async () => {
    const { hub, link, events } = await setUpLive();
    link.listen('metric');
    hub.hangsOnStop = true;
    void link.close();
    await hub.emit('metric', 1);
    expect(events).toEqual([]);
  });
});

describe('a connection that the hub has taken up again', () => {
  it('is the same run, and told on', async () => {
    const { hub, link, states, onResumed } = await setUpLive();
    const before = link.state;
    await hub.resume(40);
    expect(onResumed.mock.calls).toEqual([[40]]);
    expect(link.state).toBe(before);
    expect(states).toHaveLength(2);
  });

  it('is no news once it was given up', async () => {
    const { hub, link, onResumed } = await setUpLive();
    await link.close();
    await hub.resume(40);
    expect(onResumed).not.toHaveBeenCalled();
  });
});

describe('calls', () => {
  it('go to the live socket and bring its answer', async () => {
    const { hub, link } = await setUpLive();
    const result = link.invoke('Add', [1, 2]);
    await hub.invocations[0]?.answer(3);
    await expect(result).resolves.toBe(3);
    await link.send('Log', ['x']);
    expect(hub.sent).toEqual([{ method: 'Log', args: ['x'] }]);
  });

  it('fail as SignalR lets them fail', async () => {
    const { hub, link } = await setUpLive();
    const result = link.invoke('Fail', []);
    void hub.invocations[0]?.fail('HubException: no');
    await expect(result).rejects.toThrow('HubException: no');
  });

  it.each(['invoke', 'send'] as const)('reject at once when there is no connection (%s)', async (kind) => {
    const { hub, link } = setUp();
    await expect(link[kind]('Add', [])).rejects.toMatchObject({
      code: 'not-connected',
      message: "Cannot send data if the connection is not in the 'Connected' State.",
    });
    expect(hub.invocations).toEqual([]);
  });

  it('are refused while a retry is due', async () => {
    const { hub, link } = await setUpLive();
    await hub.cut();
    await expect(link.invoke('Add', [])).rejects.toMatchObject({ code: 'not-connected' });
    await expect(link.reauthenticate('a-token')).rejects.toMatchObject({ code: 'not-connected' });
  });

  it('carry a new token to the live socket', async () => {
    const { hub, link } = await setUpLive();
    hub.reauthWay = 'call';
    await expect(link.reauthenticate('a-token')).resolves.toBe('call');
    expect(hub.tokens).toEqual(['a-token']);
  });
});

it('names the transport only while it is live', async () => {
  const { hub, link } = await setUpLive();
  expect(link.transport).toBe('WebSockets');
  await hub.cut();
  expect(link.transport).toBeNull();
});

describe('streams', () => {
  const sink = () => ({ next: vi.fn(), complete: vi.fn(), error: vi.fn() });

  it('go to the live socket and bring items and the end', async () => {
    const { hub, link } = await setUpLive();
    const told = sink();
    link.stream('Counter', [2], told);
    await hub.streams[0]?.emit(0, 1);
    await hub.streams[0]?.complete();
    expect(hub.streams[0]).toMatchObject({ method: 'Counter', args: [2] });
    expect(told.next.mock.calls).toEqual([[0], [1]]);
    expect(told.complete).toHaveBeenCalledTimes(1);
    expect(told.error).not.toHaveBeenCalled();
  });

  it('are cancelled on the hub', async () => {
    const { hub, link } = await setUpLive();
    const told = sink();
    link.stream('Counter', [2], told)();
    await hub.streams[0]?.emit(0);
    expect(hub.streams[0]?.cancelled).toBe(true);
    expect(told.next).not.toHaveBeenCalled();
  });

  it.each(['cut', 'close'] as const)('end with the connection, once (%s)', async (how) => {
    const { hub, link } = await setUpLive();
    const told = sink();
    link.stream('Counter', [2], told);
    await (how === 'cut' ? hub.cut() : link.close());
    await hub.streams[0]?.complete();
    expect(told.error).toHaveBeenCalledTimes(1);
    expect(told.complete).not.toHaveBeenCalled();
    expect(hub.streamsOpen).toBe(0);
  });

  it('fail when there is no connection, after the call has returned', async () => {
    const { clock, hub, link } = setUp();
    const told = sink();
    link.stream('Counter', [2], told);
    expect(told.error).not.toHaveBeenCalled();
    await clock.settle();
    expect(told.error.mock.calls).toEqual([[expect.objectContaining({ name: 'HubshareError' })]]);
    expect(told.error.mock.calls[0]?.[0]).toMatchObject({ code: 'not-connected' });
    expect(hub.streams).toEqual([]);
  });

  it('that were cancelled before that are told nothing', async () => {
    const { clock, link } = setUp();
    const told = sink();
    link.stream('Counter', [2], told)();
    await clock.settle();
    expect(told.error).not.toHaveBeenCalled();
  });

  it('of a tab go along with a call, and are let go of with the connection', async () => {
    const { hub, link } = await setUpLive();
    const dispose = vi.fn();
    const result = link.invoke(
      'Sum',
      [],
      [
        {
          subscribe: (to) => {
            to.next(1);
            return { dispose };
          },
        },
      ],
    );
    await Promise.all([expect(result).rejects.toThrow('1006'), hub.cut()]);
    expect(hub.uploads).toMatchObject([{ method: 'Sum', items: [1], end: null }]);
    expect(dispose).toHaveBeenCalledTimes(1);
  });
});

describe('a question of the hub', () => {
  it('is answered by those who listen', async () => {
    const { hub, link, onQuestion } = await setUpLive();
    link.listen('askname');
    onQuestion.mockResolvedValue('Ada');
    await expect(hub.ask('AskName', 1)).resolves.toBe('Ada');
    expect(onQuestion.mock.calls).toEqual([['askname', [1]]]);
  });

  it('of an old connection is not put to anybody', async () => {
    const { hub, clock, link, onQuestion } = await setUpLive();
    link.listen('askname');
    const old = hub.socket;
    link.reconnect();
    await clock.settle();
    await expect(old.ask('AskName', [])).rejects.toThrow("Client didn't provide a result.");
    expect(onQuestion).not.toHaveBeenCalled();
  });
});

describe('a retry policy that has to be asked', () => {
  async function setUpAsking() {
    const parts = await setUpLive('ask');
    let say = (_delayMs: number | null): void => undefined;
    parts.askRetryDelay.mockImplementation(() => new Promise((resolve) => (say = resolve)));
    await parts.hub.cut();
    expect(parts.link.state).toMatchObject({ kind: 'waiting', attempt: 1, retryAtMs: null });
    const signal = parts.askRetryDelay.mock.calls[0]?.[1];
    const answer = async (delayMs: number | null): Promise<void> => {
      say(delayMs);
      await parts.clock.settle();
    };
    return { ...parts, answer, signal };
  }

  it('sets the time of the next start, from its answer on', async () => {
    const { hub, clock, link, answer } = await setUpAsking();
    await clock.advanceBy(1_000);
    await answer(500);
    expect(link.state).toMatchObject({ kind: 'waiting', retryAtMs: 1_500 });
    await clock.advanceBy(499);
    expect(hub.starts).toHaveLength(1);
    await clock.advanceBy(1);
    expect(hub.starts).toHaveLength(2);
  });

  it('is told the count, the time since the loss and the reason, at each retry', async () => {
    const { hub, clock, askRetryDelay, answer } = await setUpAsking();
    await answer(700);
    await clock.advanceBy(700);
    await hub.refuse();
    expect(askRetryDelay.mock.calls.map(([context]) => context)).toEqual([
      {
        previousRetryCount: 0,
        elapsedMilliseconds: 0,
        retryReason: expect.objectContaining({ code: 'connection-lost' }),
      },
      {
        previousRetryCount: 1,
        elapsedMilliseconds: 700,
        retryReason: expect.objectContaining({ code: 'hub-unreachable' }),
      },
    ]);
  });

  it('gives up by null, and leaves nothing behind', async () => {
    const { clock, link, answer } = await setUpAsking();
    await answer(null);
    expect(link.state.kind).toBe('resting');
    expect(clock.pending).toBe(0);
  });

  it.each(['retryNow', 'reconnect', 'open'] as const)('that is asked meets %s', async (what) => {
    const { hub, clock, link, answer, signal } = await setUpAsking();
    link[what]();
    await clock.settle();
    const goesOn = what === 'open';
    expect(signal?.aborted).toBe(!goesOn);
    expect(hub.starts).toHaveLength(goesOn ? 1 : 2);
    await answer(0);
    await clock.advanceBy(0);
    expect(hub.starts).toHaveLength(2);
    // The limit of the start that is under way, and nothing else.
    expect(clock.pending).toBe(1);
  });

  it('whose answer comes after close is not heard', async () => {
    const { hub, clock, link, answer, signal } = await setUpAsking();
    await link.close();
    expect(signal?.aborted).toBe(true);
    await answer(0);
    expect(link.state.kind).toBe('idle');
    expect(clock.pending).toBe(0);
    expect(hub.starts).toHaveLength(1);
  });

  it('is not asked when a retry cannot help', async () => {
    const { hub, askRetryDelay } = await setUpLive('ask');
    await hub.close(false, 'kicked');
    expect(askRetryDelay).not.toHaveBeenCalled();
  });
});
