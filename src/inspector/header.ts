/** The top of the panel: which worker this is, how long its token lasts, and what can be done. */
import type { Inspection } from '../contract/inspection.js';
import type { TokenReport, WorkerReport } from '../contract/report.js';
import type { Reply } from '../contract/rpc.js';
import { createActionButton, type ActionError } from './action-button.js';
import { h, setAttribute, setAttributes, setHidden, setText } from './dom.js';
import { tokenFace } from './faces.js';
import { NONE, shortId, uptime } from './format.js';

export type InspectionAction = 'refreshTokenNow' | 'reconnectNow' | 'becomePrimary';

export interface HeaderState {
  readonly report: WorkerReport | null;
  readonly source: Inspection | null;
  /** Of the hub that the panel's connection speaks to. */
  readonly token: TokenReport | null;
  readonly hubKnown: boolean;
  readonly ownTabIsPrimary: boolean;
}

export interface Header {
  readonly root: HTMLElement;
  show(state: HeaderState): void;
  tick(nowMs: number): void;
  /** Another connection is shown: errors of actions on the last one mean nothing here. */
  reset(): void;
}

export interface HeaderDeps {
  act(action: InspectionAction): Promise<Reply<void>>;
  announce(text: string): void;
}

export function createHeader({ act, announce }: HeaderDeps): Header {
  const boot = h('span', { 'data-boot-id': '' }, NONE);
  const contract = h('span', { 'data-contract': '' }, NONE);
  const up = h('span', { 'data-up': '' }, NONE);
  const meta = h('p', { class: 'meta mono' }, 'boot ', boot, ' · contract ', contract, ' · up ', up);
  const token = h('p', { class: 'token', 'data-token-left': '', part: 'token' });
  const messages = h('ul', { class: 'action-errors', 'aria-live': 'polite', part: 'action-errors' });
  setHidden(messages, true);

  const lines = new Map<string, HTMLElement>();
  const settled = (label: string, error: ActionError | null): void => {
    lines.get(label)?.remove();
    lines.delete(label);
    if (error === null) announce(`${label}: done.`);
    else {
      const line = h('li', {}, h('b', {}, `${label} failed. `), error.message, ' ', h('code', {}, error.code));
      lines.set(label, line);
      messages.append(line);
    }
    setHidden(messages, lines.size === 0);
  };

  const refresh = createActionButton({
    name: 'refresh-token',
    label: 'Refresh token',
    busyLabel: 'Refreshing…',
    restLabel: 'No token in use',
    run: () => act('refreshTokenNow'),
    settled,
  });
  const reconnect = createActionButton({
    name: 'reconnect',
    label: 'Reconnect',
    busyLabel: 'Reconnecting…',
    run: () => act('reconnectNow'),
    settled,
  });
  const primary = createActionButton({
    name: 'become-primary',
    label: 'Become primary',
    busyLabel: 'Asking…',
    restLabel: 'Is primary',
    run: () => act('becomePrimary'),
    settled,
  });
  const buttons = [refresh, reconnect, primary];

  const root = h(
    'header',
    { part: 'header' },
    h(
      'div',
      { class: 'bar' },
      h('div', { class: 'title' }, h('h2', {}, 'Shared worker'), meta),
      h(
        'div',
        { class: 'side' },
        token,
        h('div', { class: 'actions', role: 'group', 'aria-label': 'Actions' }, ...buttons.map((button) => button.root)),
      ),
    ),
    messages,
  );

  let state: HeaderState | null = null;
  return {
    root,
    show(next) {
      state = next;
      const { report, source } = next;
      setText(boot, report === null ? NONE : shortId(report.bootId));
      setAttributes(boot, { 'data-boot-id': report?.bootId ?? '', title: report?.bootId ?? null });
      setText(contract, report === null ? NONE : String(report.contractVersion));
      const usable = source !== null && report !== null && next.hubKnown;
      refresh.setState(!usable ? 'unavailable' : next.token?.source === 'none' ? 'rest' : 'ready');
      reconnect.setState(usable ? 'ready' : 'unavailable');
      primary.setState(!usable ? 'unavailable' : next.ownTabIsPrimary ? 'rest' : 'ready');
    },
    tick(nowMs) {
      const report = state?.report ?? null;
      setText(up, report === null ? NONE : uptime(nowMs - report.startedAtMs));
      const face = tokenFace(state?.token ?? null, nowMs);
      setText(token, face.text);
      setAttributes(token, {
        'data-token-left': face.leftSeconds === null ? '' : String(face.leftSeconds),
        'data-token-state': state?.token?.state ?? '',
        'data-tone': face.tone,
      });
      setAttribute(root, 'data-boot', report?.bootId ?? '');
    },
    reset() {
      for (const line of lines.values()) line.remove();
      lines.clear();
      setHidden(messages, true);
      for (const button of buttons) button.forgetError();
    },
  };
}
