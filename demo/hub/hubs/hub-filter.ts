/** Looks at who connects and at each call, before a hub does anything with it; one concern, one filter. */
import type { Principal } from '../auth/tokens.js';
import type { Connection } from '../connections/connection.js';

export interface HubFilter {
  /**
   * Runs for each request at the hub's door, also for those of a connection that is up.
   *
   * @throws {Refusal} The request is refused. Any other error refuses it as well, as AUTH_FAILED.
   */
  onRequest?(principal: Principal): void;
  /**
   * Runs for each call, also of methods that do not exist. Never waits, for calls are handled in the order of their arrival.
   *
   * @throws {HubException} The call is refused with this message. Any other error refuses it as well, without telling why.
   */
  onCall?(connection: Connection, target: string): void;
}
