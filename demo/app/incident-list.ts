/** The incidents: create, acknowledge, close. Rows are updated in place, so that neither focus nor scroll position is lost. */
import { h, setAttribute, setText } from './dom.js';
import { formatAge, formatDateTime } from './format.js';
import { SEVERITIES, type Incident } from './hub-types.js';
import { createIncidentForm } from './incident-form.js';
import type { IncidentStore } from './incident-store.js';
import { whileWorking } from './working-button.js';

export interface IncidentActions {
  create(title: string, severity: string): Promise<void>;
  acknowledge(id: string): Promise<void>;
  close(id: string): Promise<void>;
}

export interface IncidentList {
  readonly element: HTMLElement;
  draw(): void;
}

interface Row {
  readonly element: HTMLElement;
  update(incident: Incident): void;
}

/** Who did the last thing, and when. The hub's clock may run a little ahead: never "in the future". */
function story(incident: Incident): { text: string; atMs: number } {
  const raised = incident.raisedBy === 'hub' ? 'the hub' : incident.raisedBy;
  switch (incident.state) {
    case 'open':
      return { text: `raised by ${raised}`, atMs: incident.raisedAtMs };
    case 'acknowledged':
      return {
        text: `raised by ${raised}, taken by ${incident.acknowledgedBy ?? 'someone'}`,
        atMs: incident.changedAtMs,
      };
    case 'closed':
      return { text: `closed by ${incident.closedBy ?? 'the hub'}`, atMs: incident.changedAtMs };
  }
}

function createRow(id: string, actions: IncidentActions): Row {
  const mark = h('span', { 'aria-hidden': 'true' });
  const title = h('span', { class: 'incident-title' });
  const badge = h('span', { class: 'badge' });
  const what = h('span');
  const when = h('time');
  const failure = h('p', { class: 'failure', role: 'alert', 'data-testid': 'incident-error' });
  const acknowledge = h(
    'button',
    { type: 'button', class: 'button small', 'data-testid': 'incident-acknowledge' },
    'Acknowledge',
  );
  const close = h('button', { type: 'button', class: 'button small quiet', 'data-testid': 'incident-close' }, 'Close');
  const buttons = h('div', { class: 'incident-actions' }, acknowledge, close);
  const element = h(
    'li',
    { class: 'incident', 'data-testid': 'incident', 'data-incident-id': id },
    mark,
    h('div', { class: 'incident-text' }, title, h('span', { class: 'incident-story' }, what, ' ', when)),
    badge,
    buttons,
    failure,
  );

  acknowledge.addEventListener('click', () => {
    void whileWorking(acknowledge, 'Acknowledging…', failure, async () => {
      await actions.acknowledge(id);
      // The button goes; whoever pressed it with the keyboard stays in the row.
      if (document.activeElement === acknowledge || document.activeElement === document.body) close.focus();
    });
  });
  close.addEventListener('click', () => {
    void whileWorking(close, 'Closing…', failure, () => actions.close(id));
  });

  return {
    element,
    update(incident) {
      const { text, atMs } = story(incident);
      setAttribute(element, 'data-state', incident.state);
      setAttribute(element, 'data-severity', incident.severity);
      setAttribute(mark, 'class', `mark ${incident.state === 'closed' ? 'closed' : incident.severity}`);
      setText(title, incident.title);
      setText(what, `${incident.severity} · ${text},`);
      setText(when, `${formatAge(Date.now() - atMs)} ago`);
      setAttribute(when, 'datetime', new Date(atMs).toISOString());
      setAttribute(when, 'title', formatDateTime(atMs));
      setText(
        badge,
        incident.state === 'acknowledged' ? `${incident.acknowledgedBy ?? 'someone'} has it` : incident.state,
      );
      setAttribute(badge, 'class', `badge ${incident.state}`);
      setAttribute(acknowledge, 'hidden', incident.state !== 'open');
      setAttribute(buttons, 'hidden', incident.state === 'closed');
      setAttribute(acknowledge, 'aria-label', `Acknowledge ${incident.title}`);
      setAttribute(close, 'aria-label', `Close ${incident.title}`);
    },
  };
}

export function createIncidentList(store: IncidentStore, actions: IncidentActions): IncidentList {
  const rows = new Map<string, Row>();
  const count = h('span', { class: 'incident-count', 'data-testid': 'incident-count' });
  const list = h('ul', {
    class: 'incidents',
    'data-testid': 'incidents',
    tabindex: 0,
    'aria-label': 'Incidents, newest first',
  });
  const empty = h('p', { class: 'empty' }, 'No incidents. Raise one: every tab sees it at once.');
  const open = h(
    'button',
    { type: 'button', class: 'button primary', 'data-testid': 'new-incident', 'aria-expanded': 'false' },
    'New incident',
  );
  const form = createIncidentForm(SEVERITIES, actions.create, () => {
    setAttribute(open, 'aria-expanded', 'false');
    open.focus();
  });
  open.addEventListener('click', () => {
    const shown = form.toggle();
    setAttribute(open, 'aria-expanded', String(shown));
  });
  const element = h(
    'section',
    { class: 'card incident-card', 'aria-label': 'Incidents' },
    h('header', { class: 'incident-header' }, h('h2', {}, 'Incidents'), count, open),
    form.element,
    list,
    empty,
  );

  return {
    element,
    draw() {
      const incidents = store.list();
      const ids = new Set(incidents.map(({ id }) => id));
      for (const [id, row] of rows) {
        if (ids.has(id)) continue;
        row.element.remove();
        rows.delete(id);
      }
      incidents.forEach((incident, index) => {
        const row = rows.get(incident.id) ?? createRow(incident.id, actions);
        rows.set(incident.id, row);
        row.update(incident);
        // Moved only when it stands in the wrong place: moving a node takes its focus away.
        if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
      });
      const openCount = incidents.filter(({ state }) => state === 'open').length;
      setText(count, openCount === 0 ? '' : `${openCount} open`);
      setAttribute(empty, 'hidden', incidents.length > 0);
      setAttribute(list, 'hidden', incidents.length === 0);
    },
  };
}
