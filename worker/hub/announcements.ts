/** What the tabs of one hub are told of it without having asked: its status at each change, and SignalR's log. */
import type { WireError } from '../../src/contract/errors.js';
import type { HubStatus } from '../../src/contract/frames.js';
import type { Clock } from '../clock.js';
import { encodeLog, encodeStatus } from '../delivery/encode.js';
import type { State } from './connection-machine.js';
import type { HubLink } from './hub-link.js';
import { createLastReconnect } from './last-reconnect.js';
import type { Membership } from './membership.js';
import { projectStatus } from './status.js';
import type { Tab } from '../tabs/tab.js';

export interface Announcements {
  readonly status: HubStatus;
  /** Remembers what later statuses say of the past. */
  follow(state: State, before: State): void;
  /** Stateful reconnect has brought the connection back. */
  resumed(lastedMs: number): void;
  /** Tells tabs that are members no more why the hub is closed for them, although nothing failed. */
  goodbye(tabs: Iterable<Tab>, why: WireError): void;
  /** Tells every member the present status. */
  publish(): void;
  /** Gives a line of SignalR's log, redacted, to the tabs that want it; `level` is SignalR's `LogLevel`. */
  log(level: number, text: string): void;
}

export function createAnnouncements(deps: {
  readonly url: string;
  /** By which entries name the hub. */
  readonly hub: number;
  readonly link: HubLink;
  readonly members: Membership;
  readonly clock: Clock;
  readonly activeHubs: () => readonly string[];
  readonly onChange: () => void;
}): Announcements {
  const { url, hub, link, members, clock } = deps;
  const lastReconnect = createLastReconnect();
  let lastConnectedMs = 0;

  function status(): HubStatus {
    return projectStatus({
      state: link.state,
      transport: link.transport,
      closedBy: null,
      lastConnectedMs,
      activeHubs: deps.activeHubs(),
      primaryTabId: members.primaryId,
      tabIds: members.ids,
      lastReconnect: lastReconnect.value,
    });
  }

  function publish(): void {
    if (members.size > 0) {
      const encoded = encodeStatus(hub, status());
      for (const tab of members.tabs()) tab.deliver(encoded, url);
    }
    deps.onChange();
  }

  return {
    get status() {
      return status();
    },
    follow(state, before) {
      if (state.kind === 'idle') lastReconnect.clear();
      else if (before.kind === 'live') lastReconnect.lost(clock.now());
      if (state.kind !== 'live') return;
      lastConnectedMs = state.sinceMs;
      lastReconnect.connected(state.sinceMs);
    },
    resumed(lastedMs) {
      lastReconnect.resumed(clock.now(), lastedMs);
      publish();
    },
    goodbye(tabs, why) {
      const parting = projectStatus({
        state: { kind: 'idle', run: 0 },
        transport: null,
        closedBy: why,
        lastConnectedMs,
        activeHubs: deps.activeHubs(),
        primaryTabId: null,
        tabIds: [],
        lastReconnect: null,
      });
      const encoded = encodeStatus(hub, parting);
      for (const tab of tabs) tab.deliver(encoded, url);
    },
    publish,
    log(level, text) {
      if (members.logReaders.length === 0) return;
      const encoded = encodeLog(hub, level, text);
      for (const tab of members.logReaders) tab.deliver(encoded, url);
    },
  };
}
