/** The entry can be loaded where there is no DOM, for example while a server renders a page. */
import { expect, it } from 'vitest';

it('loads without custom elements and still exports the class', async () => {
  expect('customElements' in globalThis).toBe(false);
  const { HubshareInspector } = await import('./index.js');
  expect(HubshareInspector.name).toBe('HubshareInspector');
});
