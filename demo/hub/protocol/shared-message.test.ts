import { expect, it, vi } from 'vitest';
import { jsonProtocol } from './json.js';
import { messagePackProtocol } from './message-pack.js';
import { createSharedMessage } from './shared-message.js';

it('encodes once for each protocol, and not at all for one that nobody speaks', () => {
  const [json, messagePack] = [jsonProtocol, messagePackProtocol].map((protocol) => ({
    ...protocol,
    encode: vi.fn(protocol.encode),
  }));
  if (json === undefined || messagePack === undefined) throw new Error('unreachable');
  const message = createSharedMessage({ type: 1, target: 'note', arguments: [1] });

  const first = message.encodedIn(json);
  expect(message.encodedIn(json)).toBe(first);
  expect(json.encode).toHaveBeenCalledTimes(1);
  expect(messagePack.encode).not.toHaveBeenCalled();
  expect(message.encodedIn(messagePack)).toBe(message.encodedIn(messagePack));
  expect(messagePack.encode).toHaveBeenCalledTimes(1);
});
