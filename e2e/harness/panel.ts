/** Puts the state panel into a harness page; loaded only where a test asks for it. */
import 'hubshare/inspector';
import type { SharedHubConnection } from 'hubshare';

export function showPanel(connection: SharedHubConnection): void {
  const panel = document.createElement('hubshare-inspector') as HTMLElement & { connection: SharedHubConnection };
  panel.connection = connection;
  document.body.append(panel);
}
