/** All connections of the hub: found by their secret token, spoken to all at once. */
import { randomBytes } from 'node:crypto';
import type { Principal } from '../auth/tokens.js';
import { createSharedMessage } from '../protocol/shared-message.js';
import { createConnection, type Connection, type ConnectionDeps, type Goodbye } from './connection.js';

export interface Connections {
  /** @param address - Of the client's socket. */
  create(principal: Principal, address: string): Connection;
  /** All that there are, live or not. */
  readonly size: number;
  /** Also finds one that is over and still owes a poll its end. */
  find(token: string): Connection | undefined;
  /** Live ones, the oldest first. */
  live(): readonly Connection[];
  users(): ReadonlyMap<string, number>;
  /** @returns To how many connections it was sent. */
  broadcast(target: string, args: readonly unknown[]): number;
  /** Says goodbye to all; settles when nothing of them is left. */
  closeAll(goodbye: Goodbye): Promise<void>;
  abortAll(): void;
}

export type ConnectionsDeps = Omit<ConnectionDeps, 'onForgotten'>;

export function createConnections(deps: ConnectionsDeps): Connections {
  const byToken = new Map<string, Connection>();
  let onEmpty: () => void = () => undefined;

  const connectionDeps: ConnectionDeps = {
    ...deps,
    onForgotten(connection) {
      byToken.delete(connection.token);
      if (byToken.size === 0) onEmpty();
    },
  };

  function live(): readonly Connection[] {
    return [...byToken.values()].filter((connection) => connection.live);
  }

  return {
    live,
    get size() {
      return byToken.size;
    },
    create(principal, address) {
      const id = randomBytes(16).toString('base64url');
      const token = randomBytes(16).toString('base64url');
      const connection = createConnection({ id, token, principal, address }, connectionDeps);
      byToken.set(token, connection);
      return connection;
    },
    find: (token) => byToken.get(token),
    users() {
      const users = new Map<string, number>();
      for (const { principal } of live()) users.set(principal.userId, (users.get(principal.userId) ?? 0) + 1);
      return users;
    },
    broadcast(target, args) {
      const message = createSharedMessage({ type: 1, target, arguments: args });
      const addressed = live();
      for (const connection of addressed) connection.sendShared(message);
      return addressed.length;
    },
    closeAll(goodbye) {
      return new Promise((resolve) => {
        onEmpty = resolve;
        for (const connection of [...byToken.values()]) connection.close(goodbye);
        if (byToken.size === 0) resolve();
      });
    },
    abortAll() {
      for (const connection of [...byToken.values()]) connection.abort();
    },
  };
}
