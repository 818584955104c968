/**
 * Notices a hub that acknowledges what it is sent, and says nothing else any more.
 *
 * ASP.NET Core (10.0.12) sometimes ends so when more than 64 kB waited for a client while its transport was cut: events, results and pings
 * wait for each other for ever. Its acknowledgements still come, once a second while there are calls, and SignalR takes each for a sign
 * of life. Without calls nothing comes, and SignalR's own server timeout does it.
 */
import { MessageType, type HubMessage } from '@microsoft/signalr';

export interface MuteHubDeps {
  /** Milliseconds. */
  readonly now: () => number;
  /** So long a hub may say nothing: it pings in less. */
  readonly serverTimeoutMs: number;
  readonly onMute: () => void;
}

/** @returns To be called with the messages of each frame. */
export function createMuteCheck({
  now,
  serverTimeoutMs,
  onMute,
}: MuteHubDeps): (messages: readonly HubMessage[]) => void {
  /** `null`: nothing yet. A start may have taken longer than the hub may be silent. */
  let heardAtMs: number | null = null;
  return (messages) => {
    if (heardAtMs === null || messages.some(({ type }) => type !== MessageType.Ack)) heardAtMs = now();
    else if (now() - heardAtMs > serverTimeoutMs) onMute();
  };
}
