/** What a tab of way `comlink` calls in its worker. */
import type { Tick } from './tab-api.js';

export interface ComlinkWorker {
  /** Resolves when the hub is connected; `onTick` is a Comlink proxy, called once for each event. */
  subscribe(onTick: (value: Tick | number) => void): Promise<void>;
}
