import { MessageType, type HubMessage } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import { ACKNOWLEDGE_AFTER, createAcknowledgements } from './acknowledgements.js';

const event: HubMessage = { type: MessageType.Invocation, target: 'x', arguments: [] };
const sequence = (sequenceId: number): HubMessage => ({ type: MessageType.Sequence, sequenceId });

function setUp() {
  const told: number[] = [];
  const acknowledgements = createAcknowledgements((sequenceId) => told.push(sequenceId));
  return {
    told,
    ...acknowledgements,
    /** One frame of so many events, and the end of its task. */
    async frame(count: number, size = ACKNOWLEDGE_AFTER): Promise<void> {
      acknowledgements.received(Array<HubMessage>(count).fill(event), size);
      await Promise.resolve();
    },
  };
}

it('the hub is told of the last message once enough has come, and not before', async () => {
  const { told, frame } = setUp();
  await frame(2, ACKNOWLEDGE_AFTER - 1);
  expect(told).toEqual([]);
  await frame(1, 1);
  expect(told).toEqual([3]);
  await frame(1, ACKNOWLEDGE_AFTER - 1);
  expect(told).toEqual([3]);
});

it('after its task, and once for all frames of it', async () => {
  const { told, received } = setUp();
  for (let n = 0; n < 3; n += 1) received([event], ACKNOWLEDGE_AFTER);
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual([3]);
});

it('what both sides number is counted, and nothing else', async () => {
  const { told, received } = setUp();
  received(
    [
      event,
      { type: MessageType.Ping },
      { type: MessageType.StreamItem, invocationId: '1', item: 1 },
      { type: MessageType.Completion, invocationId: '1' },
      { type: MessageType.StreamInvocation, invocationId: '1', target: 'x', arguments: [] },
      { type: MessageType.CancelInvocation, invocationId: '1' },
      { type: MessageType.Ack, sequenceId: 9 },
      { type: MessageType.Close },
    ],
    ACKNOWLEDGE_AFTER,
  );
  await Promise.resolve();
  expect(told).toEqual([5]);
});

it('pings alone are nothing new', async () => {
  const { told, received, frame } = setUp();
  received([{ type: MessageType.Ping }], ACKNOWLEDGE_AFTER);
  await Promise.resolve();
  expect(told).toEqual([]);
  await frame(1);
  received([{ type: MessageType.Ping }], ACKNOWLEDGE_AFTER);
  await Promise.resolve();
  expect(told).toEqual([1]);
});

it('SignalR’s own acknowledgement is new when it says more, and then counts', async () => {
  const { told, mayWrite, frame } = setUp();
  await frame(2);
  expect(mayWrite(2)).toBe(false);
  expect(mayWrite(1)).toBe(false);
  await frame(1, ACKNOWLEDGE_AFTER - 1);
  expect(mayWrite(3)).toBe(true);
  expect(mayWrite(3)).toBe(false);
  // Counted anew from there.
  await frame(1, ACKNOWLEDGE_AFTER - 1);
  expect(told).toEqual([2]);
  await frame(1, 1);
  expect(told).toEqual([2, 5]);
});

describe('over the next transport', () => {
  it('the hub is told nothing before it has said where it begins', async () => {
    const { told, received, frame, interrupted, mayWrite } = setUp();
    await frame(5);
    interrupted();
    await frame(3);
    expect(mayWrite(5)).toBe(false);
    expect(told).toEqual([5]);
    received([sequence(4), event], ACKNOWLEDGE_AFTER);
    await Promise.resolve();
    // 4 and 5 come again: the hub has not had the acknowledgement, and may send nothing more until it has one.
    expect(told).toEqual([5, 5]);
    await frame(1);
    expect(told).toEqual([5, 5]);
    await frame(1);
    expect(told).toEqual([5, 5, 6]);
  });

  it('SignalR may acknowledge again what the hub sends again', async () => {
    const { received, frame, interrupted, mayWrite } = setUp();
    await frame(5);
    interrupted();
    received([sequence(1), event], 10);
    expect(mayWrite(5)).toBe(true);
    expect(mayWrite(5)).toBe(false);
  });

  it('where it begins with what is new, it has had the acknowledgement', async () => {
    const { told, received, frame, interrupted, mayWrite } = setUp();
    await frame(5);
    interrupted();
    received([sequence(6)], 0);
    expect(mayWrite(5)).toBe(false);
    await frame(1);
    expect(told).toEqual([5, 6]);
  });

  it('which breaks too, it is told nothing of either', async () => {
    const { told, received, frame, interrupted } = setUp();
    await frame(5);
    interrupted();
    received([sequence(1), event], ACKNOWLEDGE_AFTER);
    interrupted();
    await frame(1);
    expect(told).toEqual([5]);
  });
});
