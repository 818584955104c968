/** The hub asks for a result: the handlers of this tab are run as SignalR's `HubConnection` runs them, and their result goes back. */
import type { HandlersResult } from '../contract/rpc.js';

/** What `run` needs of the connections of this tab that have handlers for the method. */
export interface AskedUser {
  /** The handlers of now, each with its connection as `this`. */
  handlersOf(method: string): readonly ((args: unknown[]) => unknown)[];
  /** Brings a result into the form in which the hub gets it. @throws {HubshareError} `option-invalid` */
  form(value: unknown): unknown;
  /** @param level - SignalR's `LogLevel`. */
  log(level: number, text: string): void;
}

/** SignalR's `LogLevel.Error`. */
export const ERROR = 4;

/**
 * One handler after the other, over all connections as if they were one. As in SignalR a result counts as a second one only when
 * both are truthy, and a result after an exception makes good for it.
 */
export async function handlersResult(
  users: readonly AskedUser[],
  method: string,
  args: unknown[],
): Promise<HandlersResult> {
  let result: unknown;
  let exception: unknown;
  let giver: AskedUser | undefined;
  let hasSeveral = false;
  for (const user of users) {
    for (const handler of user.handlersOf(method)) {
      try {
        const before = result;
        result = await handler(args);
        giver = user;
        if (result && before) {
          hasSeveral = true;
          user.log(ERROR, `Multiple results provided for '${method}'. Sending error to server.`);
        }
        exception = undefined;
      } catch (error) {
        exception = error;
        user.log(ERROR, `A callback for the method '${method}' threw error '${String(error)}'.`);
      }
    }
  }
  if (hasSeveral) return { kind: 'error', text: 'Client provided multiple results.' };
  // As in SignalR, whatever the app threw says of itself.
  // eslint-disable-next-line @typescript-eslint/no-base-to-string
  if (exception) return { kind: 'error', text: String(exception) };
  if (result === undefined || giver === undefined) return { kind: 'none' };
  try {
    return { kind: 'result', value: giver.form(result) };
  } catch (error) {
    giver.log(ERROR, `The result for '${method}' cannot be sent: ${String(error)}`);
    return { kind: 'error', text: String(error) };
  }
}
