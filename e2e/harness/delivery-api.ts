/** Topics, claims and what a page went through, in the order in which it happened. */
import type { Resync } from 'hubshare';
import type { Reconnect } from '../../src/contract/frames.js';
import type { HarnessError, Outcome } from './tab-api.js';

export interface TopicValue {
  readonly value: unknown;
  readonly retained: boolean;
  readonly ageMs: number;
}

export interface SubscriptionView {
  readonly values: readonly TopicValue[];
  /** How the first join ended; `null` while it has not. */
  readonly joined: Outcome | null;
  /** What `onerror` was told. */
  readonly errors: readonly HarnessError[];
}

/** One thing that the library told the page. */
export type Told =
  | { readonly type: 'sequence'; readonly n: number }
  | { readonly type: 'value'; readonly subscription: string; readonly value: unknown; readonly retained: boolean }
  | { readonly type: 'joined'; readonly subscription: string }
  | { readonly type: 'resync'; readonly resync: Resync }
  | { readonly type: 'page'; readonly event: 'freeze' | 'resume' | 'pagehide-cached' | 'pageshow-cached' };

export interface Delivery {
  /** By the name that the test gave. */
  readonly subscriptions: Readonly<Record<string, SubscriptionView>>;
  subscribe(name: string, topic: string, key: string | number): void;
  unsubscribe(name: string): void;
  claim(id: string): Promise<Outcome>;
  /** Claims, and keeps the outcome in `tab.calls[name]`. */
  beginClaim(name: string, id: string): void;
  /** Everything that was told, the oldest first. */
  readonly told: readonly Told[];
  lastReconnect(): Reconnect | null;
}
