/**
 * Stands between a port and Comlink. Comlink would follow any property path that a message names, also to `__proto__`, and
 * would let a message set members; here only a call of a method of the contract passes.
 */
import type { Endpoint } from 'comlink';
import { wireError, type WireError } from '../../src/contract/errors.js';

type Listener = (event: MessageEvent) => void;

/**
 * @param methods - Names that may be called.
 * @param onRefused - Told of each message that is refused, with what is wrong.
 */
export function guardPort(
  port: MessagePort,
  methods: ReadonlySet<string>,
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
          if (typeof listener === 'function') listener(event);
          else listener.handleEvent(event);
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
  return isRecord(data) && typeof data['id'] === 'string' ? data['id'] : null;
}

function whatIsWrong(data: unknown, methods: ReadonlySet<string>): string | null {
  if (!isRecord(data)) return 'A message on this port must be a call.';
  if (typeof data['id'] !== 'string') return 'A call must have an id.';
  // Comlink's own goodbye, when a proxy is collected: it names nothing.
  if (data['type'] === 'RELEASE' && data['path'] === undefined && data['argumentList'] === undefined) return null;
  if (data['type'] !== 'APPLY') return 'Only calls are allowed on this port, no reading or setting of members.';
  const path = data['path'];
  if (!Array.isArray(path) || path.length !== 1 || typeof path[0] !== 'string' || !methods.has(path[0])) {
    return 'The call names a method that is not in the contract.';
  }
  if (!Array.isArray(data['argumentList']) || !data['argumentList'].every(isWireValue))
    return 'The arguments of the call are not in the form of the contract.';
  return null;
}

function isWireValue(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (value['type'] === 'RAW') return true;
  return value['type'] === 'HANDLER' && value['name'] === 'proxy' && value['value'] instanceof MessagePort;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
