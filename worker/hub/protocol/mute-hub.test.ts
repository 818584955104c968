import { MessageType, type HubMessage } from '@microsoft/signalr';
import { expect, it, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { createMuteCheck } from './mute-hub.js';

const ACK: HubMessage = { type: MessageType.Ack, sequenceId: 1 };
const PING: HubMessage = { type: MessageType.Ping };

function setUp() {
  const clock = new FakeClock();
  const onMute = vi.fn();
  const check = createMuteCheck({ now: () => clock.now(), serverTimeoutMs: 30_000, onMute });
  return { clock, onMute, check };
}

it('a hub that only acknowledges is mute its timeout after its first frame, and not before', async () => {
  const { clock, onMute, check } = setUp();
  await clock.advanceBy(40_000);
  check([ACK]);
  await clock.advanceBy(30_000);
  check([ACK]);
  expect(onMute).not.toHaveBeenCalled();
  await clock.advanceBy(1);
  check([ACK, ACK]);
  expect(onMute).toHaveBeenCalledTimes(1);
});

it.each([
  ['a ping', [PING]],
  ['a ping in one frame with an acknowledgement', [ACK, PING]],
])('%s says that it is not', async (_, messages) => {
  const { clock, onMute, check } = setUp();
  check([ACK]);
  await clock.advanceBy(30_000);
  check(messages);
  await clock.advanceBy(30_000);
  check([ACK]);
  expect(onMute).not.toHaveBeenCalled();
});
