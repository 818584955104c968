/** The last alerts of the worker, newest kept. What happens again is counted in the alert that was raised for it. */
import type { Alert, AlertKind } from '../../src/contract/metrics.js';

/** Alerts that a worker keeps. */
export const KEPT_ALERTS = 50;

/** An alert that was raised; it may be kept no more. */
export interface RaisedAlert {
  readonly raisedAtMs: number;
  /** It has happened again. */
  again(): void;
}

/** A hub, for the worker by its whole URL, for those who read by its URL without query. */
export interface AlertedHub {
  readonly url: string;
  readonly name: string;
}

export interface AlertLog {
  /** @param count - How often it has happened until now. */
  raise(kind: AlertKind, hub: AlertedHub, count: number, text: string): RaisedAlert;
  /** Those with ids above `id`, of one hub or of all, oldest first; as data that does not change any more. */
  since(id: number, url?: string): readonly Alert[];
}

export function createAlertLog(deps: {
  readonly now: () => number;
  /** Told of each alert that is raised, not of what happens again. */
  readonly onRaised: (alert: Alert) => void;
  readonly onChange: () => void;
}): AlertLog {
  let kept: readonly { readonly url: string; readonly alert: Alert }[] = [];
  let last = 0;
  return {
    raise(kind, { url, name }, count, text) {
      const raisedAtMs = deps.now();
      last += 1;
      const alert: Alert = { id: last, kind, hub: name, atMs: raisedAtMs, count, lastAtMs: raisedAtMs, text };
      kept = [...kept, { url, alert }].slice(-KEPT_ALERTS);
      deps.onRaised(alert);
      deps.onChange();
      return {
        raisedAtMs,
        again() {
          kept = kept.map((one) =>
            one.alert.id === alert.id
              ? { url, alert: { ...one.alert, count: one.alert.count + 1, lastAtMs: deps.now() } }
              : one,
          );
          deps.onChange();
        },
      };
    },
    since: (id, wanted) =>
      kept.filter(({ url, alert }) => alert.id > id && (wanted ?? url) === url).map(({ alert }) => alert),
  };
}
