/** Starts the page: who is signed in decides whether it shows the console or the sign-in view. */
import { createConsole, type Console } from './console.js';
import { h } from './dom.js';
import { currentUser, onSessionChange } from './session.js';
import { createSignIn } from './sign-in.js';
import { followTheme } from './theme.js';
import { whileWorking, showFault } from './working-button.js';

const DEFAULT_HUB = '/hubs/ops';

const found = document.getElementById('app');
if (found === null) throw new Error('The page has no element #app.');
const root: HTMLElement = found;

let shown: { readonly user: string; readonly console: Console } | null = null;

/** The hub may live elsewhere behind another server; a server without this answer has it at the usual place. */
async function hubUrl(): Promise<string> {
  try {
    const response = await fetch('/api/config', { cache: 'no-store' });
    const config = (await response.json()) as { hub?: unknown };
    return typeof config.hub === 'string' ? config.hub : DEFAULT_HUB;
  } catch {
    return DEFAULT_HUB;
  }
}

const hub = hubUrl();

async function showConsole(user: string): Promise<void> {
  const url = await hub;
  await leaveConsole();
  const view = createConsole(user, url, {
    signedOut: (reason) => {
      void showSignIn(reason);
    },
  });
  shown = { user, console: view };
  root.replaceChildren(view.element);
}

async function leaveConsole(): Promise<void> {
  const old = shown;
  shown = null;
  // A connection that cannot be closed in good order must not keep the next view away.
  await old?.console.end().catch(() => {});
}

async function showSignIn(reason: string): Promise<void> {
  const leaving = leaveConsole();
  root.replaceChildren(
    createSignIn(reason, (user) => {
      void leaving.then(() => showConsole(user));
    }),
  );
  await leaving;
}

function showUnreachable(error: unknown): void {
  const failure = h('p', { class: 'failure', role: 'alert' });
  const retry = h('button', { type: 'button', class: 'button primary', 'data-testid': 'try-again' }, 'Try again');
  retry.addEventListener('click', () => {
    void whileWorking(retry, 'Trying…', failure, async () => {
      await follow(await currentUser());
    });
  });
  showFault(failure, error);
  root.replaceChildren(
    h(
      'main',
      { class: 'sign-in' },
      h('div', { class: 'card sign-in-card' }, h('h1', {}, 'Ops console'), failure, retry),
    ),
  );
}

/** Shows what fits the session: this tab's own, or what another tab has just made of it. */
async function follow(user: string | null): Promise<void> {
  if (user !== null && user !== shown?.user) await showConsole(user);
  if (user === null && shown !== null) await showSignIn('You were signed out in another tab.');
  if (user === null && shown === null && root.querySelector('form') === null) await showSignIn('');
}

followTheme();
onSessionChange(() => {
  // A server that does not answer now says nothing about the session; the link shows that it is away.
  currentUser().then(follow, () => {});
});
currentUser().then(follow, showUnreachable);
