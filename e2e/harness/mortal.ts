/** Lets a harness worker be ended from outside at any moment, as a browser may do: without a word to its tabs. */
import { DIE, FAULT_CHANNEL } from './faults.js';

export function mortal(): void {
  new BroadcastChannel(FAULT_CHANNEL).addEventListener('message', (event) => {
    if (event.data === DIE) self.close();
  });
}
