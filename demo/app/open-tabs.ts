/** Opens more tabs of the console; says what to do when the browser allows only some of them. */
import { plural } from './format.js';
import type { Notice } from './notices.js';

const WANTED = 3;

/** @returns What to tell the visitor, or `null` when all went well. */
export function openMoreTabs(): Notice | null {
  let opened = 0;
  for (let index = 0; index < WANTED; index += 1) {
    // Without `noopener`, which always returns null: only the handle tells whether the tab was blocked.
    const page = window.open(location.href, '_blank');
    if (page === null) continue;
    page.opener = null;
    opened += 1;
  }
  if (opened === WANTED) return null;
  const blocked = WANTED - opened;
  return {
    tone: 'warning',
    text:
      `The browser blocked ${blocked} of ${WANTED} ${plural(WANTED, 'tab', 'tabs')}. ` +
      'Allow pop-ups for this page (the sign in the address bar), or open them one by one.',
    actions: [{ label: 'Open one more tab', href: location.href }],
  };
}
