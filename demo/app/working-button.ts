/** A button that says what it does, says so while it works, and shows a failure beside itself. */
import { h, setText } from './dom.js';
import { faultOf } from './faults.js';

/** Runs `work` once at a time; afterwards `failure` holds the error's sentence and code, or nothing. */
export async function whileWorking(
  button: HTMLButtonElement,
  doing: string,
  failure: HTMLElement,
  work: () => Promise<void>,
): Promise<boolean> {
  if (button.getAttribute('aria-disabled') === 'true') return false;
  const label = button.textContent;
  failure.replaceChildren();
  // Not `disabled`: that would take the focus away from who pressed it with the keyboard.
  button.setAttribute('aria-disabled', 'true');
  setText(button, doing);
  try {
    await work();
    return true;
  } catch (error) {
    showFault(failure, error);
    return false;
  } finally {
    button.removeAttribute('aria-disabled');
    setText(button, label);
  }
}

export function showFault(place: HTMLElement, error: unknown): void {
  const { code, message } = faultOf(error);
  place.replaceChildren(message, ' ', h('code', {}, code));
}
