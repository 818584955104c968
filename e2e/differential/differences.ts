/**
 * Where ours is different from SignalR's own client on purpose. The suite expects exactly these and nothing else: a difference that
 * is not listed fails, and so does a listed one that no longer exists. The README shows this list.
 */
import { expect } from 'playwright/test';
import type { Combination, Note } from './scenario.js';

export interface Difference {
  /** Names of the scenarios that show it. */
  readonly scenarios: readonly string[];
  /** Not given: everywhere. */
  readonly where?: (on: Combination) => boolean;
  readonly what: string;
  readonly why: string;
  /** What ours notes, made of what SignalR's client notes. */
  readonly ours: (plain: readonly Note[]) => readonly Note[];
}

export const differences: readonly Difference[] = [
  {
    scenarios: ['the class and the code of an error'],
    what: 'Errors are `HubshareError`s of a class of their own, with a stable `code`. The message is the same.',
    why: 'An app can branch on a code; SignalR has only the text.',
    ours: replace({
      name: 'HubCallError',
      code: 'hub-error',
      'as text': (said: unknown) => String(said).replace(/^Error/, 'HubCallError'),
    }),
  },
  {
    scenarios: ['a first start that fails, with automatic reconnect'],
    what: 'With `withAutomaticReconnect`, a first `start()` that fails is tried again after the same delays.',
    why: 'One tab opens the connection for all: a hub that is down for a moment must not cost every tab its start.',
    ours: () => [{ what: 'start', state: 'Connected', value: { result: { $undefined: true } } }],
  },
  {
    scenarios: ['two uploads side by side'],
    what: 'Two streams as neighbouring arguments of one call work.',
    why: 'SignalR 10.0.11 loses the second one and the call fails (`splice` in `_replaceStreamingParams`).',
    ours: () => [{ what: 'sums', state: 'Connected', value: { result: [1, 30] } }],
  },
  {
    scenarios: ['the transport breaks where the app did not ask for stateful reconnect'],
    where: ({ server, transport }) => server === 'aspnet' && transport === 'WebSockets',
    what: 'Stateful reconnect is always asked for: where the hub grants it, a broken transport is mended unseen.',
    why: 'It costs nothing where the hub does not grant it, and it is how a new token gets to a live connection.',
    ours: () => [
      { what: 'call', state: 'Connected', value: { result: 'back' } },
      { what: 'same connection', state: 'Connected', value: true },
    ],
  },
  {
    scenarios: [
      'start at an address where nothing is',
      'start at an address that is no hub',
      'baseUrl is absolute, and can be changed only while nothing is connected',
    ],
    what: 'A `start()` that fails says what is wrong and what to do; the text of SignalR follows in brackets.',
    why: 'The worker has no console that people look at, so the error must be enough.',
    ours: (plain) => plain.map((note) => withMessage(note, (message) => expect.stringContaining(message))),
  },
  {
    scenarios: ['start when the hub is down, and again when it is up', 'start with a token that the hub refuses'],
    what: 'A `start()` that fails because of the network or the token names that reason, with a code of its own.',
    why: 'SignalR has only “Failed to complete negotiation” for both, and an app has to sign in again for one of them.',
    ours: (plain) => plain.map((note) => withMessage(note, () => expect.any(String))),
  },
  {
    scenarios: [
      'stop while negotiate is under way',
      'stop while the transport opens',
      'stop while the handshake is under way',
      'stop in the same task as start',
    ],
    what: 'A `start()` that is broken off by `stop()` rejects at once, with the same message at each step.',
    why: 'What the step was depends on timing, and on whether another tab has the connection open already.',
    ours: (plain) => [
      {
        what: 'start',
        state: 'Disconnecting',
        value: {
          rejected: {
            isError: true,
            message: 'The connection was stopped before the hub handshake could complete.',
          },
        },
      },
      // A start that was through already is closed, and SignalR says so.
      ...plain.filter(({ what }) => what !== 'start' && what !== 'onclose'),
    ],
  },
  {
    scenarios: ['the hub closes the connection during a stream'],
    what: 'While `error` of a stream runs that ended because the hub closed the connection, `state` is still `Connected`.',
    why: 'SignalR is in `Disconnecting` then, a state that other tabs need not see. `onclose` follows in both, in `Disconnected`.',
    ours: (plain) => plain.map((note) => (note.what === 'stream error' ? { ...note, state: 'Connected' } : note)),
  },
  {
    scenarios: ['every retry fails', 'every retry fails, and the app starts again'],
    what: '`onclose` after the last retry gets the error of that retry.',
    why: 'SignalR gives `undefined`, as for a connection that was closed on purpose.',
    ours: (plain) =>
      plain.map((note) =>
        note.what === 'onclose'
          ? { ...note, value: [{ isError: true, message: expect.any(String) as unknown }] }
          : note,
      ),
  },
  {
    scenarios: ['stop in onreconnecting'],
    what: '`stop()` in `onreconnecting` ends the connection, and it can be started again.',
    why: 'SignalR 10.0.11 stays in the state Disconnecting for ever and never calls `onclose`.',
    ours: (plain) => [
      ...plain.filter(({ what }) => what === 'onreconnecting'),
      { what: 'onclose', state: 'Disconnected', value: [{ $undefined: true }] },
      { what: 'stop', state: 'Disconnected', value: { result: { $undefined: true } } },
      { what: 'start', state: 'Connected', value: { result: { $undefined: true } } },
    ],
  },
  {
    scenarios: ['what follows a callback that throws'],
    what: 'A callback of `onclose`, `onreconnecting` or `onreconnected` that throws does not keep the others from running.',
    why: 'SignalR skips those that come after it.',
    ours: (plain) =>
      plain.flatMap((note) => (note.what === 'throws' ? [note, { what: 'after it', state: note.state }] : [note])),
  },
  {
    scenarios: [
      'an argument that cannot be written fails the call and not the connection',
      'send of an argument that cannot be written',
      'a stream with an argument that cannot be written',
    ],
    what: 'An argument that JSON cannot hold fails the call with code `option-invalid` and says so; `send` rejects too.',
    why: 'SignalR passes on the error of `JSON.stringify`, and its `send` throws it before there is a promise.',
    ours: (plain) =>
      plain.map((note) => {
        const said = withMessage(note, (message) => `An argument cannot be written as JSON: ${message}`);
        const value = said.value as { readonly threw?: unknown } | undefined;
        return note.what !== 'stream' && value?.threw !== undefined
          ? { ...said, value: { rejected: value.threw } }
          : said;
      }),
  },
  {
    scenarios: ['arguments that MessagePack refuses'],
    what: 'With MessagePack, a function, a symbol or a big integer as an argument fails the call before it leaves the tab, in other words.',
    why: 'It cannot cross to the worker, or would be refused there, when it is too late to tell who sent it.',
    ours: (plain) =>
      plain.map((note) => withMessage(note, () => expect.stringMatching(/^An argument cannot be sent: /))),
  },
  {
    scenarios: ['an upload of undefined'],
    where: ({ protocol }) => protocol === 'json',
    what: '`undefined` as an item of an upload arrives as `null`.',
    why: 'SignalR writes a message without an item, for which the hub closes the connection.',
    ours: () => [{ what: 'swallow', state: 'Connected', value: { result: 1 } }],
  },
  {
    scenarios: ['calls of methods without a name'],
    what: 'A call without a method name is refused in the tab, with the code `option-invalid`.',
    why: 'It is always a mistake, and needs no trip to the hub.',
    ours: (plain) => plain.map((note) => withMessage(note, () => expect.stringMatching(/^methodName: /))),
  },
  {
    scenarios: ['what only the shared builder refuses', 'what only a shared connection refuses'],
    what: 'Wrong values are refused where they are given, with the code `option-invalid` and what to do instead.',
    why: 'SignalR takes them and fails later, or never; in a worker nobody would see it.',
    ours: (plain) => plain.map((note) => ({ ...note, value: 'refused' })),
  },
];

/** Another message for a note of a call that failed. */
function withMessage(note: Note, change: (message: string) => unknown): Note {
  if (typeof note.value !== 'object' || note.value === null) return note;
  for (const how of ['rejected', 'threw'] as const) {
    const error = (note.value as Readonly<Record<string, { readonly message: string } | undefined>>)[how];
    if (error !== undefined) return { ...note, value: { [how]: { ...error, message: change(error.message) } } };
  }
  return note;
}

/** Other values for the notes of these names; a function makes the value of SignalR's. */
function replace(values: Readonly<Record<string, unknown>>): (plain: readonly Note[]) => readonly Note[] {
  return (plain) =>
    plain.map((note) => {
      if (!(note.what in values)) return note;
      const value = values[note.what];
      return {
        ...note,
        value: typeof value === 'function' ? (value as (said: unknown) => unknown)(note.value) : value,
      };
    });
}
