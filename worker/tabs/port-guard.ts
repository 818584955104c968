/**
 * Stands between a port and Comlink. Comlink would follow any property path that a message names, also to `__proto__`, and
 * would let a message set members; here only a call of a method of the contract passes, with plain values; a callback only where the
 * contract has one.
 */
import type { Endpoint } from 'comlink';
import { wireError, type WireError } from '../../src/contract/errors.js';
import { MAX_ARGUMENTS } from '../limits.js';

type Listener = (event: MessageEvent) => void;

/**
 * @param methods - Names that may be called, each with the number of the argument that is a callback; `null`: none is.
 * @param onRefused - Told of each message that is refused, with what is wrong.
 */
export function guardPort(
  port: MessagePort,
  methods: ReadonlyMap<string, number | null>,
  onRefused: (error: WireError<'message-invalid'>) => void,
): Endpoint {
  const listeners = new Map<EventListenerOrEventListenerObject, Listener>();
  return {
    postMessage: (message: unknown, transfer?: Transferable[]) => port.postMessage(message, transfer ?? []),
    start: () => port.start(),
    addEventListener: (_type: string, listener: EventListenerOrEventListenerObject) => {
      const guarded: Listener = (event) => {
        const wrong = whatIsWrong(event.data, methods);
        if (wrong === null) {
          const passed = new MessageEvent('message', { data: rebuilt(event.data as WireMessage) });
          if (typeof listener === 'function') listener(passed);
          else listener.handleEvent(passed);
          return;
        }
        const error = wireError(
          'message-invalid',
          `${wrong} Use the client of the same hubshare version on this port.`,
          { detail: wrong },
        );
        onRefused(error);
        // In the form of a Comlink answer, so that whoever waits for it gets it; plain for whoever does not speak Comlink.
        const id = readId(event.data);
        port.postMessage({ ...(id === null ? {} : { id }), type: 'RAW', value: { ok: false, error } });
      };
      listeners.set(listener, guarded);
      port.addEventListener('message', guarded);
    },
    removeEventListener: (_type: string, listener: EventListenerOrEventListenerObject) => {
      const guarded = listeners.get(listener);
      if (guarded !== undefined) port.removeEventListener('message', guarded);
      listeners.delete(listener);
    },
  };
}

function readId(data: unknown): string | null {
  return isRecord(data) && isId(data['id']) ? data['id'] : null;
}

/** What has been found to be right. */
interface WireMessage {
  readonly id: string;
  readonly type: string;
  readonly path?: readonly [string];
  readonly argumentList?: readonly { readonly type: string; readonly name?: string; readonly value: unknown }[];
}

/** The same message with nothing in it that was not looked at: a list with a member `constructor` would make Comlink throw. */
function rebuilt({ id, type, path, argumentList }: WireMessage): WireMessage {
  if (path === undefined || argumentList === undefined) return { id, type };
  const args = Array.from(argumentList, ({ type: kind, name, value }) =>
    kind === 'RAW' || name === undefined ? { type: kind, value } : { type: kind, name, value },
  );
  return { id, type, path: [path[0]], argumentList: args };
}

/** Comlink's own are shorter. It is sent back with the answer. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 200;
}

function whatIsWrong(data: unknown, methods: ReadonlyMap<string, number | null>): string | null {
  if (!isRecord(data)) return 'A message on this port must be a call.';
  if (!isId(data['id'])) return 'A call must have an id of at most 200 characters.';
  // Comlink's own goodbye, when a proxy is collected: it names nothing.
  if (data['type'] === 'RELEASE' && data['path'] === undefined && data['argumentList'] === undefined) return null;
  if (data['type'] !== 'APPLY') return 'Only calls are allowed on this port, no reading or setting of members.';
  const path = data['path'];
  if (!Array.isArray(path) || path.length !== 1 || typeof path[0] !== 'string' || !methods.has(path[0])) {
    return 'The call names a method that is not in the contract.';
  }
  const args = data['argumentList'];
  const callback = methods.get(path[0]) ?? null;
  // The length first: a list of a few bytes may say that it has billions of items.
  if (!Array.isArray(args) || args.length > MAX_ARGUMENTS || !areWireValues(args, callback))
    return 'The arguments of the call are not in the form of the contract.';
  return null;
}

function areWireValues(args: readonly unknown[], callback: number | null): boolean {
  return Array.from(args).every((value, place) => {
    if (!isRecord(value)) return false;
    if (value['type'] === 'RAW') return true;
    // Comlink listens on the port of each callback that it is given, whether or not anybody wants it.
    const isCallback =
      value['type'] === 'HANDLER' && value['name'] === 'proxy' && value['value'] instanceof MessagePort;
    return isCallback && place === callback;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
