/** A button that says what it does, says so while it works, and shows the code of an error beside itself. */
import type { WireError } from '../contract/errors.js';
import type { Reply } from '../contract/rpc.js';
import { h, setAttribute, setHidden, setText } from './dom.js';

export interface ActionSettings {
  /** Stable name for tests and styles: `data-action`. */
  readonly name: string;
  readonly label: string;
  readonly busyLabel: string;
  /** Shown while there is nothing to do, for example "Is primary". */
  readonly restLabel?: string;
  run(): Promise<Reply<void>>;
  /** `null`: it worked. */
  settled(label: string, error: ActionError | null): void;
}

export type ActionError = Pick<WireError, 'message'> & { readonly code: string };

export interface ActionButton {
  readonly root: HTMLElement;
  /** `rest`: there is nothing to do at the moment. */
  setState(state: 'ready' | 'rest' | 'unavailable'): void;
  forgetError(): void;
}

export function createActionButton(settings: ActionSettings): ActionButton {
  // All labels share one grid cell, so that the button is as wide as its longest label and never changes its width.
  const texts = new Map(
    [settings.label, settings.busyLabel, settings.restLabel]
      .filter((label) => label !== undefined)
      .map((label) => [label, h('span', {}, label)]),
  );
  const button = h('button', { type: 'button', 'data-action': settings.name, part: 'button' }, ...texts.values());
  const code = h('code', { class: 'action-code', 'data-action-error': '' });
  code.hidden = true;
  const root = h('span', { class: 'action' }, button, code);
  let state: 'ready' | 'rest' | 'unavailable' = 'unavailable';
  let busy = false;

  button.addEventListener('click', () => void press());
  paint();
  return {
    root,
    setState(next) {
      state = next;
      paint();
    },
    forgetError: () => showError(null),
  };

  async function press(): Promise<void> {
    // `aria-disabled` and not `disabled`: a button that loses the focus while it works throws a keyboard user out.
    if (busy || state !== 'ready') return;
    busy = true;
    showError(null);
    paint();
    let error: ActionError | null;
    try {
      const reply = await settings.run();
      error = reply.ok ? null : reply.error;
    } catch {
      error = { code: 'worker-unreachable', message: 'The worker could not be asked.' };
    }
    busy = false;
    showError(error);
    paint();
    settings.settled(settings.label, error);
  }

  function showError(error: ActionError | null): void {
    setText(code, error?.code ?? '');
    setHidden(code, error === null);
  }

  function paint(): void {
    const shown = busy
      ? settings.busyLabel
      : state === 'rest'
        ? (settings.restLabel ?? settings.label)
        : settings.label;
    for (const [label, text] of texts) setAttribute(text, 'class', label === shown ? null : 'away');
    setAttribute(button, 'aria-busy', busy ? 'true' : null);
    setAttribute(button, 'aria-disabled', busy || state !== 'ready' ? 'true' : null);
  }
}
