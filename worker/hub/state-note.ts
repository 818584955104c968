/** What the journal says when a hub's connection comes to another state. */
import type { ErrorCode } from '../../src/contract/errors.js';
import type { State } from './connection-machine.js';

export interface StateNote {
  readonly text: string;
  readonly code?: ErrorCode;
}

export function stateNote(state: State, transport: string | null, nowMs: number): StateNote {
  switch (state.kind) {
    case 'idle':
      return { text: 'hub closed' };
    case 'starting':
      return { text: state.attempt === 0 ? 'hub connecting' : `hub connecting, attempt ${state.attempt}` };
    case 'live':
      return { text: `hub connected, ${transport ?? 'transport unknown'}` };
    case 'waiting': {
      const { retryAtMs } = state;
      const when =
        retryAtMs === null
          ? 'a tab is asked when to try again'
          : `next attempt in ${Math.max(0, retryAtMs - nowMs)} ms`;
      return { text: `hub not connected, ${when}: ${state.error.message}`, code: state.error.code };
    }
    case 'resting': {
      const text = `hub not connected, no more attempts: ${state.error?.message ?? 'closed by the hub'}`;
      return state.error === null ? { text } : { text, code: state.error.code };
    }
  }
}
