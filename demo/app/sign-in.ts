/** The sign-in view: a name is enough, for this is a demo; what follows (tokens, rotation, expiry) is real. */
import { h } from './dom.js';
import { signIn } from './session.js';
import { createThemeSwitch } from './theme-switch.js';
import { whileWorking } from './working-button.js';

export function createSignIn(reason: string, onSignedIn: (user: string) => void): HTMLElement {
  const user = h('input', {
    id: 'user',
    class: 'field',
    name: 'user',
    type: 'text',
    required: true,
    pattern: '[a-z][a-z0-9\\-]{0,31}',
    title: 'A small letter, then small letters, digits or hyphens; 32 characters at most',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    placeholder: 'ann',
    'aria-describedby': 'user-hint',
    'data-testid': 'sign-in-user',
  });
  const submit = h('button', { type: 'submit', class: 'button primary', 'data-testid': 'sign-in-submit' }, 'Sign in');
  const failure = h('p', { class: 'failure', role: 'alert', 'data-testid': 'sign-in-error' });
  const form = h(
    'form',
    { class: 'sign-in-form', 'data-testid': 'sign-in-form' },
    h('label', { for: 'user' }, 'User name'),
    user,
    h('p', { class: 'hint', id: 'user-hint' }, 'Any name, no password: “ann” or “bob-2”.'),
    submit,
    failure,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void whileWorking(submit, 'Signing in…', failure, async () => {
      onSignedIn(await signIn(user.value.trim()));
    });
  });
  const view = h(
    'main',
    { class: 'sign-in' },
    h(
      'div',
      { class: 'card sign-in-card' },
      h('h1', {}, 'Ops console'),
      h(
        'p',
        { class: 'muted' },
        'Live figures of the machine that the hub runs on, over one connection for all your tabs.',
      ),
      reason === '' ? null : h('p', { class: 'reason', role: 'status', 'data-testid': 'sign-in-reason' }, reason),
      form,
    ),
    h('p', { class: 'sign-in-foot' }, createThemeSwitch().element),
  );
  queueMicrotask(() => {
    user.focus();
  });
  return view;
}
