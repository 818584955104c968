/** What needs a decision or an explanation, below the top bar: a sentence, a code, and the buttons that help. */
import { h } from './dom.js';
import type { Fault } from './faults.js';
import { whileWorking } from './working-button.js';

export interface Notice {
  readonly tone: 'info' | 'warning' | 'bad';
  readonly text: string;
  readonly fault?: Fault | null;
  readonly actions?: readonly NoticeAction[];
}

export type NoticeAction =
  | { readonly label: string; readonly doing: string; readonly testId: string; run(): Promise<void> }
  | { readonly label: string; readonly href: string };

export interface Notices {
  readonly element: HTMLElement;
  /** One notice per key; `null` takes it away. */
  set(key: string, notice: Notice | null): void;
}

export function createNotices(): Notices {
  const element = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });
  const shown = new Map<string, { readonly element: HTMLElement; readonly notice: Notice }>();

  function actionOf(action: NoticeAction, failure: HTMLElement): HTMLElement {
    if ('href' in action) {
      return h('a', { class: 'button small', href: action.href, target: '_blank', rel: 'noopener' }, action.label);
    }
    const button = h('button', { type: 'button', class: 'button small', 'data-testid': action.testId }, action.label);
    button.addEventListener('click', () => {
      void whileWorking(button, action.doing, failure, () => action.run());
    });
    return button;
  }

  function build(key: string, { tone, text, fault, actions = [] }: Notice): HTMLElement {
    const failure = h('span', { class: 'failure' });
    const dismiss = h('button', { type: 'button', class: 'toast-close', 'aria-label': 'Dismiss' }, '×');
    dismiss.addEventListener('click', () => {
      set(key, null);
    });
    return h(
      'div',
      { class: `notice ${tone}`, 'data-testid': 'notice', 'data-notice': key },
      h(
        'p',
        {},
        text,
        ...(fault === null || fault === undefined
          ? []
          : [' ', fault.message, fault.message === '' ? null : ' ', h('code', {}, fault.code)]),
      ),
      ...actions.map((action) => actionOf(action, failure)),
      failure,
      // What waits for a decision stays until it is made.
      actions.some((action) => 'run' in action) ? null : dismiss,
    );
  }

  function set(key: string, notice: Notice | null): void {
    const old = shown.get(key);
    // The same words again are no news: nothing is announced twice and no button loses its focus.
    if (old !== undefined && notice !== null && same(old.notice, notice)) return;
    if (notice === null) {
      old?.element.remove();
      shown.delete(key);
      return;
    }
    const next = build(key, notice);
    if (old === undefined) element.append(next);
    else old.element.replaceWith(next);
    shown.set(key, { element: next, notice });
  }

  return { element, set };
}

function same(a: Notice, b: Notice): boolean {
  return (
    a.text === b.text && a.tone === b.tone && a.fault?.code === b.fault?.code && a.fault?.message === b.fault?.message
  );
}
