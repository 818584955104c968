/** Topics and claims of a harness page, and the one list of all that it was told. */
import type { SharedHubConnection, TopicSubscription } from 'hubshare';
import { encode } from '../differential/encode.js';
import type { Delivery, SubscriptionView, Told, TopicValue } from './delivery-api.js';
import { describeError, outcomeOf } from './outcome.js';
import type { HarnessError, Outcome } from './tab-api.js';

export interface DeliveryDeps {
  connection(): SharedHubConnection;
  readonly calls: Record<string, Outcome>;
  /** What JSON cannot hold has to be put in a form that leaves the page. */
  readonly isJson: boolean;
}

export interface DeliveryParts {
  readonly delivery: Delivery;
  watch(connection: SharedHubConnection): void;
}

export function createDelivery({ connection, calls, isJson }: DeliveryDeps): DeliveryParts {
  const told: Told[] = [];
  const subscriptions: Record<string, SubscriptionView> = {};
  const running = new Map<string, TopicSubscription>();

  // Before the library's own listeners: what it tells because of such an event comes after the event.
  addEventListener('pagehide', ({ persisted }) => persisted && told.push({ type: 'page', event: 'pagehide-cached' }));
  addEventListener('pageshow', ({ persisted }) => persisted && told.push({ type: 'page', event: 'pageshow-cached' }));
  document.addEventListener('freeze', () => told.push({ type: 'page', event: 'freeze' }));
  document.addEventListener('resume', () => told.push({ type: 'page', event: 'resume' }));

  const delivery: Delivery = {
    subscriptions,
    subscribe(name, topic, key) {
      const values: TopicValue[] = [];
      const errors: HarnessError[] = [];
      const view = { values, errors, joined: null as Outcome | null };
      subscriptions[name] = view;
      const subscription = connection()
        .topic(topic, key)
        .subscribe(
          (value: unknown, { retained, ageMs }) => {
            const shown = isJson ? value : encode(value);
            values.push({ value: shown, retained, ageMs });
            told.push({ type: 'value', subscription: name, value: shown, retained });
          },
          { onerror: (error) => errors.push(describeError(error)) },
        );
      running.set(name, subscription);
      void outcomeOf(() => subscription.joined).then((outcome) => {
        view.joined = outcome;
        if (outcome.ok) told.push({ type: 'joined', subscription: name });
      });
    },
    unsubscribe: (name) => running.get(name)?.unsubscribe(),
    claim: (id) => outcomeOf(() => connection().claim(id)),
    beginClaim(name, id) {
      void delivery.claim(id).then((outcome) => {
        calls[name] = outcome;
      });
    },
    told,
    lastReconnect: () => connection().lastReconnect,
  };

  return {
    delivery,
    watch(watched) {
      watched.on('sequence', (n: number) => {
        told.push({ type: 'sequence', n });
      });
      watched.onresync((resync) => {
        told.push({ type: 'resync', resync });
      });
    },
  };
}
