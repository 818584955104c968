/** The bar at the top: how the connection is, whether it is shared, and the one sentence that says what that is worth. */
import { h, setAttribute, setText } from './dom.js';
import { soundOffIcon, soundOnIcon } from './icons.js';
import { countSentence, faceOf } from './link-face.js';
import type { LinkStatus } from './link.js';
import { preferences, type Mode } from './preferences.js';
import { createThemeSwitch } from './theme-switch.js';
import { whileWorking } from './working-button.js';

export interface TopBar {
  readonly element: HTMLElement;
  drawStatus(status: LinkStatus): void;
  drawCount(mode: Mode, connections: number | null, tabs: number): void;
  drawPreferences(): void;
}

export interface TopBarActions {
  openTabs(): void;
  signOut(): Promise<void>;
}

export function createTopBar(user: string, actions: TopBarActions): TopBar {
  const title = h('span', { class: 'status-title' });
  const detail = h('span', { class: 'status-detail' });
  const status = h(
    'p',
    { class: 'pill status', 'data-testid': 'status' },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    title,
    ' ',
    detail,
  );

  const modeButton = (mode: Mode, label: string): HTMLButtonElement => {
    const button = h('button', { type: 'button', 'data-testid': `mode-${mode}` }, label);
    button.addEventListener('click', () => {
      if (preferences.get().mode !== mode) preferences.set({ mode });
    });
    return button;
  };
  const shared = modeButton('shared', 'Shared');
  const plain = modeButton('plain', 'Plain SignalR');
  const modes = h(
    'div',
    { class: 'segmented', role: 'group', 'aria-label': 'Connection mode, for all tabs' },
    shared,
    plain,
  );

  const connections = h('b');
  const connectionsText = h('span');
  const tabs = h('b');
  const tabsText = h('span');
  const count = h(
    'p',
    {
      class: 'pill count',
      'data-testid': 'count-sentence',
      title: "The hub's own count, over all users and browsers; tabs are those of this browser.",
    },
    // One inline box: as flex items the words would be read and copied line by line.
    h('span', {}, connections, ' ', connectionsText, ' ', tabs, ' ', tabsText),
  );

  const openTabs = h('button', { type: 'button', class: 'button', 'data-testid': 'open-tabs' }, 'Open 3 more tabs');
  openTabs.addEventListener('click', () => {
    actions.openTabs();
  });

  const sound = h('button', { type: 'button', class: 'button icon-button', 'data-testid': 'sound' });
  sound.addEventListener('click', () => {
    preferences.set({ sound: !preferences.get().sound });
  });

  const theme = createThemeSwitch();
  const failure = h('span', { class: 'failure', role: 'alert' });
  const signOut = h('button', { type: 'button', class: 'button sign-out', 'data-testid': 'sign-out' }, 'Sign out');
  signOut.addEventListener('click', () => {
    void whileWorking(signOut, 'Signing out…', failure, () => actions.signOut());
  });

  const element = h(
    'header',
    { class: 'top-bar' },
    h('h1', {}, 'Ops console'),
    status,
    modes,
    count,
    h(
      'div',
      { class: 'top-bar-end' },
      openTabs,
      sound,
      theme.element,
      h('span', { class: 'user', 'data-testid': 'user', title: `Signed in as ${user}` }, user),
      signOut,
      failure,
    ),
  );

  function drawPreferences(): void {
    const { mode, sound: on } = preferences.get();
    setAttribute(shared, 'aria-pressed', String(mode === 'shared'));
    setAttribute(plain, 'aria-pressed', String(mode === 'plain'));
    setAttribute(sound, 'aria-pressed', String(on));
    // The label names the thing and `aria-pressed` its state: a label that changes as well would say it twice.
    setAttribute(sound, 'aria-label', 'Sound for new incidents');
    setAttribute(sound, 'title', on ? 'Sound is on' : 'Sound is off');
    sound.replaceChildren(on ? soundOnIcon() : soundOffIcon());
    theme.draw();
  }
  drawPreferences();

  return {
    element,
    drawPreferences,
    drawStatus(current) {
      const face = faceOf(current);
      setAttribute(status, 'data-kind', current.kind);
      setAttribute(status, 'data-tone', face.tone);
      setText(title, face.title);
      setText(detail, face.detail === '' ? '' : `· ${face.detail}`);
      setAttribute(status, 'title', 'why' in current && current.why !== null ? current.why.message : null);
    },
    drawCount(mode, connectionCount, tabCount) {
      const [, middle = '', end = ''] =
        /^\S+ (.+ for) \S+ (.+)$/.exec(countSentence(connectionCount ?? 0, tabCount)) ?? [];
      setText(connections, connectionCount === null ? '–' : String(connectionCount));
      setText(connectionsText, middle);
      setText(tabs, String(tabCount));
      setText(tabsText, end);
      setAttribute(count, 'data-warning', mode === 'plain' && (connectionCount ?? 0) > 1);
      setAttribute(count, 'data-known', connectionCount !== null);
    },
  };
}
