import { JsonHubProtocol, MessageType, NullLogger, type HubMessage } from '@microsoft/signalr';
import { expect, it, vi } from 'vitest';
import { observeProtocol } from './protocol-observer.js';

const END = '\u001e';
const frame = (...messages: object[]): string => messages.map((message) => JSON.stringify(message) + END).join('');

it.each([
  ['allows a reconnect', { type: 7, allowReconnect: true }, true],
  ['does not', { type: 7, allowReconnect: false }, false],
  ['does not say', { type: 7, error: 'kicked' }, false],
  ['says something else', { type: 7, allowReconnect: 'yes' }, false],
])('tells of a close message that %s', (_, message, allowReconnect) => {
  const onClose = vi.fn();
  observeProtocol({ onClose, onFrame: () => undefined }).parseMessages(
    frame({ type: 6 }, message),
    NullLogger.instance,
  );
  expect(onClose.mock.calls).toEqual([[{ allowReconnect }]]);
});

it('tells of nothing else, and gives the messages as SignalR’s own protocol does', () => {
  const onClose = vi.fn();
  const text = frame(
    { type: 6 },
    { type: 1, target: 'metric', arguments: [{ a: 1 }] },
    { type: 3, invocationId: '1', result: 3 },
  );
  expect(observeProtocol({ onClose, onFrame: () => undefined }).parseMessages(text, NullLogger.instance)).toEqual(
    new JsonHubProtocol().parseMessages(text, NullLogger.instance),
  );
  expect(onClose).not.toHaveBeenCalled();
});

it('is SignalR’s JSON protocol in every other respect', () => {
  const [own, stock] = [observeProtocol({ onClose: () => undefined, onFrame: () => undefined }), new JsonHubProtocol()];
  expect([own.name, own.version, own.transferFormat]).toEqual([stock.name, stock.version, stock.transferFormat]);
  const message: HubMessage = { type: MessageType.Invocation, target: 'Add', arguments: [1, 2], invocationId: '1' };
  expect(own.writeMessage(message)).toBe(stock.writeMessage(message));
});

it('tells of each frame once, before its messages, also of a ping', () => {
  const seen: string[] = [];
  const protocol = observeProtocol({ onClose: () => seen.push('close'), onFrame: () => seen.push('frame') });
  protocol.parseMessages(frame({ type: 6 }, { type: 7 }), NullLogger.instance);
  protocol.parseMessages(frame({ type: 6 }), NullLogger.instance);
  expect(seen).toEqual(['frame', 'close', 'frame']);
});
