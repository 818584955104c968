/** The strip below the header: each hub with its status, transport, connection id, times and error. */
import type { HubReport } from '../contract/report.js';
import type { Reply } from '../contract/rpc.js';
import { createActionButton } from './action-button.js';
import { createKeyedRows, h, setAttribute, setAttributes, setHidden, setText } from './dom.js';
import { authenticationFace, hubFace, hubTiming, reconnectFace, tokenFace } from './faces.js';
import { duration, hubAddress, hubPath, NONE, plural } from './format.js';

export interface HubListDeps {
  reconnect(): Promise<Reply<void>>;
  announce(text: string): void;
}

export interface HubList {
  readonly root: HTMLElement;
  /** `own`: the URL of the hub that the panel's connection speaks to; only this one can be started from here. */
  show(hubs: readonly HubReport[], own: string | null, nowMs: number): void;
  tick(nowMs: number): void;
}

export function createHubList(deps: HubListDeps): HubList {
  let own: string | null = null;
  let shownAtMs = 0;
  const list = h('ul', { class: 'hubs' });
  const none = h(
    'p',
    { class: 'no-hub', 'data-no-hub': '' },
    h('b', {}, 'No hub is open. '),
    'The worker opens one as soon as a signed-in tab starts a connection, and closes it after the last tab has gone.',
  );
  const root = h('section', { part: 'hubs', 'aria-label': 'Hubs' }, list, none);
  const rows = createKeyedRows<HubReport, ReturnType<typeof createHubRow>>(
    list,
    (hub) => hub.url,
    () => createHubRow(deps),
  );

  return {
    root,
    show(hubs, ownUrl, nowMs) {
      own = ownUrl;
      shownAtMs = nowMs;
      setHidden(list, hubs.length === 0);
      setHidden(none, hubs.length > 0);
      rows.show(hubs);
    },
    tick(nowMs) {
      for (const row of rows.views()) row.tick(nowMs);
    },
  };

  function createHubRow({ reconnect, announce }: HubListDeps) {
    const address = h('dt', { class: 'address' });
    const status = h('span', { class: 'status-text', 'data-hub-status': '' });
    const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
    const transport = h('dd', { 'data-transport': '' });
    const connectionId = h('dd', { class: 'mono', 'data-connection-id': '' });
    const timingLabel = h('dt');
    const timing = h('dd', { 'data-timing': '' });
    const reconnectLabel = h('dt');
    const lastReconnect = h('dd', { 'data-last-reconnect': '' });
    const tokenLabel = h('dt');
    const token = h('dd', { 'data-token': '' });
    const authentication = h('dd', { 'data-authentication': '' });
    const code = h('code', { 'data-error-code': '' });
    const message = h('span', { 'data-error-message': '' });
    const advice = h('span', { class: 'advice', 'data-advice': '' });
    const start = createActionButton({
      name: 'start-again',
      label: 'Start again',
      busyLabel: 'Starting…',
      run: reconnect,
      settled: (label, error) => announce(error === null ? `${label}: done.` : `${label} failed. ${error.message}`),
    });
    start.setState('ready');
    const trouble = h(
      'div',
      { class: 'trouble', 'data-trouble': '' },
      h('p', {}, message, ' ', code, ' ', advice),
      start.root,
    );
    const row = h(
      'li',
      { class: 'hub', part: 'hub' },
      h(
        'dl',
        { class: 'facts' },
        h('div', { class: 'fact' }, address, h('dd', { class: 'status' }, dot, status)),
        h('div', { class: 'fact' }, h('dt', {}, 'Transport'), transport),
        h('div', { class: 'fact' }, h('dt', {}, 'Connection id'), connectionId),
        h('div', { class: 'fact' }, timingLabel, timing),
        h('div', { class: 'fact' }, reconnectLabel, lastReconnect),
        h('div', { class: 'fact' }, tokenLabel, token),
        h('div', { class: 'fact' }, h('dt', {}, 'Authentication'), authentication),
      ),
      trouble,
    );

    let shown: HubReport | null = null;
    let spoken = '';
    const tick = (nowMs: number): void => {
      if (shown === null) return;
      const fact = hubTiming(shown, nowMs);
      setText(timingLabel, fact.label);
      setText(timing, fact.text);
      const reconnected = reconnectFace(shown, nowMs);
      setText(reconnectLabel, reconnected.label);
      setText(lastReconnect, reconnected.text);
      setAttributes(lastReconnect, {
        'data-last-reconnect': shown.lastReconnect?.missed ?? '',
        'data-tone': reconnected.tone,
        title: reconnected.sentence,
      });
      const leftMs = shown.retryAtMs === null ? null : Math.max(0, shown.retryAtMs - nowMs);
      setAttribute(row, 'data-retry-in', leftMs === null ? '' : String(Math.ceil(leftMs / 1_000)));
      // The short hash tells one token from the next; what is left of its life stands in the header.
      const { fingerprint, refreshAtMs } = shown.token;
      const face = tokenFace(shown.token, nowMs);
      setText(tokenLabel, fingerprint === null ? 'Token' : `Token ${fingerprint.slice(0, 8)}`);
      setText(
        token,
        refreshAtMs === null || shown.token.state !== 'valid'
          ? capital(face.text.replace(/^Token /, ''))
          : refreshAtMs > nowMs
            ? `Renewed in ${duration(refreshAtMs - nowMs)}`
            : 'Renewal is due',
      );
      setAttribute(token, 'title', `${face.text}, ${plural(shown.token.refreshes, 'refresh', 'refreshes')} so far`);
    };

    return {
      root: row,
      tick,
      update(hub: HubReport) {
        shown = hub;
        const face = hubFace(hub);
        const { counters } = hub;
        setAttributes(row, {
          'data-hub': hub.url,
          'data-hub-status': hub.snapshot.status,
          'data-phase': hub.phase,
          'data-face': face.kind,
          'data-tone': face.tone,
          'data-connection-id': hub.connectionId ?? '',
          'data-transport': hub.transport ?? '',
          'data-attempt': String(hub.snapshot.reconnectAttempts),
          'data-primary-tab': hub.snapshot.primaryTabId,
          'data-events': String(counters.events),
          'data-calls': String(counters.calls),
          'data-missed': hub.lastReconnect?.missed ?? '',
          'data-topics': String(hub.topics.length),
          'data-error-code': hub.error?.code ?? '',
        });
        setText(address, hubAddress(hub.url));
        setAttribute(address, 'title', hubAddress(hub.url));
        setText(status, face.label);
        setAttribute(status, 'data-hub-status', hub.snapshot.status);
        setText(transport, hub.transport ?? NONE);
        setText(connectionId, hub.connectionId ?? NONE);
        setAttributes(connectionId, { 'data-connection-id': hub.connectionId ?? '', title: hub.connectionId });

        const authenticated = authenticationFace(hub.authentication);
        setText(authentication, authenticated.text);
        setAttributes(authentication, {
          'data-accepted': String(hub.authentication.accepted),
          'data-tone': authenticated.tone,
          title: authenticated.sentence,
        });

        const error = hub.phase === 'live' ? null : hub.error;
        setText(message, error === null ? '' : error.message);
        setText(code, error === null ? '' : error.code);
        setText(advice, face.advice ?? '');
        setHidden(code, error === null);
        setHidden(start.root, !(face.canStart && own !== null && sameHub(hub.url, own)));
        setHidden(trouble, error === null && face.advice === null);
        tick(shownAtMs);

        const now = `${hubPath(hub.url)}: ${face.label}${face.advice === null ? '' : `. ${face.advice}`}`;
        if (spoken !== '' && now !== spoken) announce(now);
        spoken = now;
      },
    };
  }
}

/** A report's URL has no query; a connection's own may have one. */
export function sameHub(a: string, b: string): boolean {
  return a === b || hubAddress(a) === hubAddress(b);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
