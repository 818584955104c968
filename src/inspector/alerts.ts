/** A quiet band below the header: how many alerts the worker has raised, and the newest in words. Not there while there is none. */
import type { Alert } from '../contract/metrics.js';
import { h, setAttribute, setAttributes, setHidden, setText, setTime } from './dom.js';
import { alertFace } from './faces.js';
import { ago, clockTime } from './format.js';

export interface AlertBand {
  readonly root: HTMLElement;
  /** Of another worker: what was said of the last one's alerts says nothing of these. */
  reset(): void;
  show(bootId: string, alerts: readonly Alert[], nowMs: number): void;
  tick(nowMs: number): void;
}

export function createAlertBand(announce: (text: string) => void): AlertBand {
  const count = h('b', { 'data-alert-count': '' });
  const text = h('span', { 'data-alert-text': '' });
  const time = h('time', { class: 'alert-time' });
  const root = h(
    'section',
    { class: 'alerts', part: 'alerts', 'aria-label': 'Alerts' },
    h('p', {}, count, ' ', text),
    time,
  );
  setHidden(root, true);
  let newest: Alert | null = null;
  let known: { readonly bootId: string; readonly id: number } | null = null;

  function tick(nowMs: number): void {
    if (newest === null) return;
    setTime(time, newest.lastAtMs, ago(nowMs - newest.lastAtMs));
    setAttribute(time, 'title', `at ${clockTime(newest.lastAtMs)}`);
    setAttribute(root, 'data-tone', alertFace([newest], nowMs).tone);
  }

  return {
    root,
    tick,
    reset() {
      known = newest = null;
      setHidden(root, true);
    },
    show(bootId, alerts, nowMs) {
      newest = alerts.at(-1) ?? null;
      setHidden(root, newest === null);
      const id = newest?.id ?? 0;
      const isNews = known !== null && newest !== null && (known.bootId !== bootId || id > known.id);
      known = { bootId, id };
      if (newest === null) return;
      const face = alertFace(alerts, nowMs);
      setText(count, face.count);
      setText(text, face.text);
      setAttributes(root, { 'data-alerts': String(alerts.length), 'data-alert-kind': newest.kind });
      tick(nowMs);
      if (isNews) announce(`Alert. ${face.text}`);
    },
  };
}
