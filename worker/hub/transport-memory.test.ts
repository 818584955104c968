import { HttpTransportType as T } from '@microsoft/signalr';
import { expect, it } from 'vitest';
import { createTransportMemory } from './transport-memory.js';

const ALL = T.WebSockets | T.ServerSentEvents | T.LongPolling;

it('tries all that the app allows at first', () => {
  expect(createTransportMemory(ALL).next).toBe(ALL);
});

it.each([T.ServerSentEvents, T.LongPolling])(
  'does not ask for WebSockets again where %i has worked in their place',
  (transport) => {
    const memory = createTransportMemory(ALL);
    memory.worked(transport);
    expect(memory.next).toBe(T.ServerSentEvents | T.LongPolling);
  },
);

it('goes on asking for WebSockets where they have worked', () => {
  const memory = createTransportMemory(ALL);
  memory.worked(T.WebSockets);
  expect(memory.next).toBe(ALL);
  memory.worked(T.LongPolling);
  expect(memory.next).toBe(ALL);
});

it('asks for all again after a start that failed', () => {
  const memory = createTransportMemory(ALL);
  memory.worked(T.LongPolling);
  memory.failed();
  expect(memory.next).toBe(ALL);
});

it('never asks for what the app does not allow', () => {
  const memory = createTransportMemory(T.LongPolling);
  memory.worked(T.LongPolling);
  expect(memory.next).toBe(T.LongPolling);
  memory.failed();
  expect(memory.next).toBe(T.LongPolling);
});

it('leaves a binary protocol its way: without WebSockets long polling is still asked for', () => {
  const memory = createTransportMemory(ALL);
  memory.worked(T.LongPolling);
  expect(memory.next & T.LongPolling).toBe(T.LongPolling);
});
