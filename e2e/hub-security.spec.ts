/** What a browser is told when the hub turns a WebSocket away: it shows a page the close code, and nothing of a refused upgrade. */
import { expect, test } from './fixtures/test.js';

for (const [name, path, heard] of [
  [
    'that skips negotiate is closed with 1008 and the reason (SR-1)',
    '/hubs/ops',
    { opened: true, code: 1008, reason: /^INVALID_TOKEN: / },
  ],
  [
    'that has negotiated is refused, so that SignalR tries the next transport',
    '/hubs/ops?id=none',
    { opened: false, code: 1006, reason: /^$/ },
  ],
] as const) {
  test(`a WebSocket with a bad token ${name}`, async ({ hub, page }) => {
    await page.goto(`${hub.url}/harness/no-worker.html`);
    const seen = await page.evaluate(
      (address) =>
        new Promise<{ opened: boolean; code: number; reason: string; messages: number }>((resolve) => {
          const socket = new WebSocket(address, ['signalr', 'bearer.nonsense']);
          let opened = false;
          let messages = 0;
          socket.onopen = () => {
            opened = true;
            socket.send('{"protocol":"json","version":1}\u001e');
          };
          socket.onmessage = () => (messages += 1);
          socket.onclose = ({ code, reason }) => resolve({ opened, code, reason, messages });
        }),
      `${hub.url.replace('http', 'ws')}${path}`,
    );
    expect(seen).toMatchObject({ opened: heard.opened, code: heard.code, messages: 0 });
    expect(seen.reason).toMatch(heard.reason);
    expect(await hub.counts()).toMatchObject({ connections: 0, connectionsTotal: 0, handshakes: 0, authFailures: 1 });
  });
}
