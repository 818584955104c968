/** Where the vault's records lie: a database of its own in IndexedDB, by idb-keyval. */
import { createStore, get, promisifyRequest, type UseStore } from 'idb-keyval';

/** One record per name. What is rejected is the engine's own error. */
export interface VaultStore {
  read(name: string): Promise<unknown>;
  /**
   * Replaces a record in one step, whatever else goes on in this and other workers.
   *
   * @param change - Gives the next record, the one that it was given to leave all as it is, or `undefined` for none.
   */
  update(name: string, change: (found: unknown) => unknown): Promise<void>;
}

export const VAULT_DATABASE = 'hubshare-vault';

export function indexedDbStore(): VaultStore {
  // Opened with the first use: where IndexedDB is missing that throws, and importing must not.
  let opened: UseStore | null = null;
  const store = (): UseStore => (opened ??= createStore(VAULT_DATABASE, 'records'));
  return {
    read: async (name) => get<unknown>(name, store()),
    // idb-keyval's own `update` cannot delete.
    update: async (name, change) =>
      store()('readwrite', async (records) => {
        const done = promisifyRequest(records.transaction);
        const finding = records.get(name);
        let failure: unknown = null;
        // In the callback: the transaction ends with the turn in which nobody asks for more.
        finding.onsuccess = () => {
          try {
            const next = change(finding.result);
            if (next === undefined) records.delete(name);
            else if (next !== finding.result) records.put(next, name);
          } catch (error) {
            records.transaction.abort();
            failure = error;
          }
        };
        await done.catch((error: unknown) => {
          throw failure ?? error;
        });
      }),
  };
}
