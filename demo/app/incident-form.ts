/** The form that raises an incident, folded into the incident card. */
import { h, setAttribute } from './dom.js';
import type { Severity } from './hub-types.js';
import { whileWorking } from './working-button.js';

export interface IncidentForm {
  readonly element: HTMLElement;
  /** Shows or hides it; says whether it is shown now. */
  toggle(): boolean;
}

export function createIncidentForm(
  severities: readonly Severity[],
  create: (title: string, severity: string) => Promise<void>,
  onClosed: () => void,
): IncidentForm {
  const title = h('input', {
    id: 'incident-title',
    class: 'field',
    type: 'text',
    required: true,
    maxlength: 120,
    autocomplete: 'off',
    'data-testid': 'incident-title',
  });
  const severity = h(
    'select',
    { id: 'incident-severity', class: 'field', 'data-testid': 'incident-severity' },
    ...severities.map((value) => h('option', { value, selected: value === 'warning' }, value)),
  );
  const submit = h('button', { type: 'submit', class: 'button primary', 'data-testid': 'incident-create' }, 'Create');
  const cancel = h('button', { type: 'button', class: 'button', 'data-testid': 'incident-cancel' }, 'Cancel');
  const failure = h('p', { class: 'failure', role: 'alert', 'data-testid': 'incident-form-error' });
  const element = h(
    'form',
    { class: 'incident-form', 'data-testid': 'incident-form', hidden: true },
    h('label', { for: 'incident-title' }, 'What is wrong?'),
    title,
    h('label', { for: 'incident-severity' }, 'Severity'),
    severity,
    h('div', { class: 'form-actions' }, submit, cancel),
    failure,
  );

  const close = (): void => {
    setAttribute(element, 'hidden', true);
    failure.replaceChildren();
    onClosed();
  };
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    void whileWorking(submit, 'Creating…', failure, async () => {
      await create(title.value.trim(), severity.value);
      title.value = '';
      close();
    });
  });
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  cancel.addEventListener('click', close);

  return {
    element,
    toggle() {
      if (!element.hidden) {
        close();
        return false;
      }
      setAttribute(element, 'hidden', false);
      title.focus();
      return true;
    },
  };
}
