/** The console of a signed-in user: joins the link, the stores and the views. */
import { createAnnouncer } from './announcer.js';
import { chartSpecs } from './chart-specs.js';
import { createChart } from './chart.js';
import { createChime } from './chime.js';
import { h } from './dom.js';
import { faultOf } from './faults.js';
import {
  readHistory,
  readIncident,
  readIncidents,
  readMetric,
  readNames,
  readPresence,
  type Incident,
} from './hub-types.js';
import { createIncidentList } from './incident-list.js';
import { createIncidentStore } from './incident-store.js';
import { noticeFor, spoken } from './link-face.js';
import { createLinkKeeper } from './link-keeper.js';
import type { Link, LinkStatus } from './link.js';
import { createMetricStore } from './metric-store.js';
import { createNotices } from './notices.js';
import { openMoreTabs } from './open-tabs.js';
import { createPanelDock } from './panel-dock.js';
import { preferences } from './preferences.js';
import { signOut } from './session.js';
import { createToasts } from './toasts.js';
import { createTopBar } from './top-bar.js';

export interface Console {
  readonly element: HTMLElement;
  /** Ends this tab's connection and all timers. */
  end(): Promise<void>;
}

export interface ConsoleEvents {
  signedOut(reason: string): void;
}

/** Twice a second, so that a countdown never skips a second. */
const TICK_MS = 500;
/** How long the page says what was missed, or that nothing was. */
const RESYNC_NOTICE_MS = 12_000;
/** What every hub measures. The cores of its machine are asked for. */
const METRICS = ['memory.used', 'memory.total', 'load.1', 'loop.delay.p99', 'hub.connections', 'hub.messages'];

export function createConsole(user: string, hubUrl: string, events: ConsoleEvents): Console {
  const metrics = createMetricStore();
  const incidents = createIncidentStore();
  const notices = createNotices();
  const announcer = createAnnouncer();
  const toasts = createToasts();
  const chime = createChime();
  const dock = createPanelDock(() => {
    preferences.set({ mode: 'shared' });
  });
  const charts = chartSpecs(() => metrics.latest('memory.total')).map((spec) => createChart(spec, metrics));

  let link: Link | null = null;
  let status: LinkStatus = { kind: 'connecting', attempt: 0, retryAtMs: null, why: null };
  let connections: number | null = null;
  let tabs = 1;
  /** The first list is what was there before this tab came; it rings for nothing. */
  let knowsIncidents = false;
  let drawDue = false;
  let resyncTimer: ReturnType<typeof setTimeout> | undefined;
  /** Of the link that is there now. */
  let followed = new Set<string>();

  const incidentList = createIncidentList(incidents, {
    create: async (title, severity) => learn(await invoke('CreateIncident', title, severity)),
    acknowledge: async (id) => learn(await invoke('AcknowledgeIncident', id)),
    close: async (id) => learn(await invoke('CloseIncident', id)),
  });

  const keeper = createLinkKeeper(
    hubUrl,
    {
      status: (next) => {
        become(next);
      },
      refetch: () => {
        void refetch();
      },
      resynced: ({ text }) => {
        say(text);
      },
      tabs: (count) => {
        tabs = count;
        draw();
      },
    },
    listen,
  );

  const topBar = createTopBar(user, {
    openTabs: () => {
      notices.set('pop-ups', openMoreTabs());
    },
    signOut: endSession,
  });

  async function endSession(): Promise<void> {
    // The worker first: it closes the hub and forgets the token while the other tabs learn of it.
    // A worker that does not answer must not keep anybody signed in: the request below ends the session for all tabs.
    await keeper.signOut().catch(() => {});
    try {
      await signOut();
    } catch (error) {
      // Still signed in, so the console goes on.
      void keeper.use(preferences.get().mode);
      throw error;
    }
    events.signedOut('');
  }

  function invoke(method: string, ...args: unknown[]): Promise<unknown> {
    if (link === null) return Promise.reject(new Error('Not connected.'));
    return link.connection.invoke(method, ...args);
  }

  /** The answer to a call is the same news as the event that follows it: whichever comes first is shown. */
  function learn(answer: unknown): void {
    const incident = readIncident(answer);
    if (incident === null) return;
    hear(incident);
  }

  function hear(incident: Incident): void {
    const news = incidents.apply(incident);
    if (news === 'new' && incident.state === 'open' && knowsIncidents) void notify(incident);
    if (news !== 'known') draw();
  }

  async function notify(incident: Incident): Promise<void> {
    // A hub that has been restarted counts its incidents from one again.
    if (!(await link?.claim(`${incident.id} of ${incident.raisedAtMs}`))) return;
    const addNote = toasts.show(incident);
    if (!preferences.get().sound) return;
    if (!(await chime.ring(incident.severity))) addNote('Click anywhere in this tab once to let it make a sound.');
  }

  function listen(next: Link): void {
    link = next;
    // Unknown until the new connection has heard it from the hub.
    connections = null;
    const { connection } = next;
    followed = new Set();
    follow(METRICS);
    connection.on('presence', (presence) => {
      connections = readPresence(presence)?.connections ?? connections;
      draw();
    });
    connection.on('incident', (incident) => {
      const read = readIncident(incident);
      if (read !== null) hear(read);
    });
    dock.show(next);
    draw();
  }

  function follow(names: readonly string[]): void {
    for (const name of names) {
      if (link === null || followed.has(name)) continue;
      followed.add(name);
      link.followMetric(name, (value) => {
        const metric = readMetric(value);
        if (metric === null) return;
        metrics.add(metric);
        if (metric.name === 'hub.connections') connections = metric.value;
        draw();
      });
    }
  }

  async function refetch(): Promise<void> {
    const from = link;
    try {
      const calls = ['ListIncidents', 'GetHistory', 'ListMetrics'].map((method) => invoke(method));
      const [list, history, names] = await Promise.all(calls);
      // The mode was changed meanwhile; the new link fetches for itself.
      if (from !== link) return;
      for (const incident of readIncidents(list).reverse()) hear(incident);
      knowsIncidents = true;
      metrics.prefill(readHistory(history));
      follow(readNames(names));
      notices.set('refetch', null);
      draw();
    } catch (error) {
      // A connection that was lost on the way fetches again when it is back.
      if (from !== link || status.kind !== 'connected') return;
      notices.set('refetch', {
        tone: 'warning',
        text: 'The list of incidents and the history could not be fetched.',
        fault: faultOf(error),
        actions: [{ label: 'Fetch again', doing: 'Fetching…', testId: 'fetch-again', run: refetch }],
      });
    }
  }

  function become(next: LinkStatus): void {
    const changed = next.kind !== status.kind;
    status = next;
    if (next.kind === 'signed-out') {
      events.signedOut('You were signed out in another tab.');
      return;
    }
    if (changed) announcer.say(spoken(next));
    if (next.kind !== 'connected') connections = null;
    notices.set(
      'link',
      noticeFor(next, {
        retry: () => keeper.retry(),
        signInAgain: endSession,
        usePlain: () => {
          preferences.set({ mode: 'plain' });
          return Promise.resolve();
        },
      }),
    );
    draw();
  }

  function say(text: string): void {
    clearTimeout(resyncTimer);
    notices.set('resync', { tone: 'info', text });
    resyncTimer = setTimeout(() => {
      notices.set('resync', null);
    }, RESYNC_NOTICE_MS);
  }

  function drawNow(): void {
    drawDue = false;
    topBar.drawStatus(status);
    topBar.drawCount(preferences.get().mode, connections, tabs);
    incidentList.draw();
    dock.draw({ connections, tabs, messagesPerS: metrics.latest('hub.messages') });
    for (const chart of charts) chart.draw();
  }

  /** Ten metrics arrive as ten events; they are drawn once. A hidden tab draws when it is shown. */
  function draw(): void {
    if (drawDue) return;
    drawDue = true;
    requestAnimationFrame(drawNow);
  }

  const ticker = setInterval(draw, TICK_MS);
  const unsubscribe = preferences.subscribe((now, before) => {
    topBar.drawPreferences();
    if (now.mode === before.mode) return;
    announcer.say(now.mode === 'shared' ? 'Shared connection' : 'Plain SignalR, one connection per tab');
    void keeper.use(now.mode);
  });

  const element = h(
    'div',
    { class: 'console' },
    topBar.element,
    notices.element,
    h(
      'main',
      { class: 'board' },
      h('div', { class: 'charts' }, ...charts.map((chart) => chart.element)),
      incidentList.element,
      dock.element,
    ),
    toasts.element,
    announcer.element,
  );

  drawNow();
  void keeper.use(preferences.get().mode);

  return {
    element,
    async end() {
      clearInterval(ticker);
      clearTimeout(resyncTimer);
      unsubscribe();
      dock.hide();
      await keeper.stop();
    },
  };
}
