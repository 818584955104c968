/** Named groups of connections, as SignalR has them: a connection is in as many as it likes, and in none any more when it is over. */
import { createSharedMessage } from '../protocol/shared-message.js';
import type { Connection } from './connection.js';

export interface Groups {
  /** How many connections are in each group, added up. */
  readonly members: number;
  /** A connection that is in the group already stays in it once. */
  add(group: string, connection: Connection): void;
  /** Changes nothing for a connection that is not in the group. */
  remove(group: string, connection: Connection): void;
  /** Takes a connection out of all groups. */
  forget(connection: Connection): void;
  /** @returns To how many connections it was sent. */
  send(group: string, target: string, args: readonly unknown[]): number;
}

export function createGroups(): Groups {
  const groups = new Map<string, Set<Connection>>();

  function remove(group: string, connection: Connection): void {
    const members = groups.get(group);
    members?.delete(connection);
    if (members?.size === 0) groups.delete(group);
  }

  return {
    get members() {
      return [...groups.values()].reduce((sum, { size }) => sum + size, 0);
    },
    add(group, connection) {
      const members = groups.get(group) ?? new Set();
      groups.set(group, members.add(connection));
    },
    remove,
    forget(connection) {
      for (const group of [...groups.keys()]) remove(group, connection);
    },
    send(group, target, args) {
      const members = groups.get(group);
      if (members === undefined) return 0;
      const message = createSharedMessage({ type: 1, target, arguments: args });
      for (const connection of members) connection.sendShared(message);
      return members.size;
    },
  };
}
