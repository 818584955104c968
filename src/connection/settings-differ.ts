/** The warning of a connection that shares a hub which another one opened with other settings. */
import { HubshareError, wireError } from '../contract/errors.js';
import type { SettingDifference } from '../contract/rpc.js';

export function settingsDiffer(
  hub: string,
  differences: readonly SettingDifference[],
): HubshareError<'settings-differ'> {
  const list = differences
    .map(({ setting, inForce, asked }) => `${setting} is ${inForce} (asked: ${asked})`)
    .join(', ');
  // A query is the app's own and may say more than a log should hold.
  const message = `The hub ${hub.split('?')[0] ?? ''} was opened with other settings, which hold until all tabs have let it go: ${list}. Ask for the same in every tab.`;
  return new HubshareError(
    wireError('settings-differ', message, { hub, settings: differences.map(({ setting }) => setting) }),
  );
}
