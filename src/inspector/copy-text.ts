/** Puts a text on the clipboard, also where the page may not use the asynchronous clipboard. */
import { h } from './dom.js';

/** Tells whether it worked. Must be called from a click: browsers allow copying only then. */
export async function copyText(text: string, within: ParentNode): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No secure context, a permissions policy, or a user who said no: the old way still works in most of them.
    return copyBySelection(text, within);
  }
}

function copyBySelection(text: string, within: ParentNode): boolean {
  const field = h('textarea', { class: 'unseen', readonly: '', tabindex: '-1', 'aria-hidden': 'true' });
  field.value = text;
  within.append(field);
  const root = field.getRootNode();
  const focused = root instanceof ShadowRoot ? root.activeElement : null;
  try {
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way where the Clipboard API is not allowed
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
