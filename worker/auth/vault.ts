/** Keeps what a token endpoint gave beyond the life of the worker, encrypted; in memory where the engine refuses. */
import type { Clock } from '../clock.js';
import {
  createVaultKey,
  isSealed,
  isVaultKey,
  ownerOf,
  seal,
  unseal,
  type KeptTokens,
  type SealedTokens,
  type VaultKey,
  type VaultPlace,
} from './sealed-tokens.js';
import { indexedDbStore, type VaultStore } from './vault-store.js';

/** What `refreshEndpoint()` takes as its `vault`. */
export interface TokenVault {
  /** @internal */
  open(place: VaultPlace, deps: VaultDeps): OpenVault;
}

export interface VaultDeps {
  readonly clock: Clock;
  /** Something is not kept, for a reason that is told once; without secrets. */
  readonly onNote: (text: string) => void;
}

/** The vault of one endpoint. Nothing here ever rejects. */
export interface OpenVault {
  /** Reads what is kept, and starts a turn in which it may be replaced. */
  begin(): Promise<VaultTurn>;
  /** Forgets all, here and for every worker of the origin. Turns that have begun keep nothing any more. */
  wipe(): Promise<void>;
}

export interface VaultTurn {
  readonly kept: KeptTokens | null;
  /** Keeps these in place of what was kept, unless the vault was wiped since the turn began, by whichever worker. */
  keep(tokens: KeptTokens): Promise<void>;
}

/** What lies in the store: the key, with the record that it opens. They come and go together. */
interface VaultRecord {
  readonly version: 1;
  readonly key: VaultKey;
  readonly tokens: SealedTokens | null;
}

/** Milliseconds that the engine may take for one step; the user waits for a token meanwhile. */
export const VAULT_STEP_MS = 2_000;

/**
 * Keeps the access token, and the refresh token if the endpoint gives one to scripts, over reloads and restarts of the browser: in
 * IndexedDB, AES-GCM with 256 bits, under a key that no script can read out. They are bound to origin, endpoint and user, and wiped
 * by `signOut()`. Where the browser refuses (no IndexedDB, no Web Crypto, keys that it cannot store) they are kept in memory, and
 * the journal says so.
 *
 * A script that runs on the origin could still use the key while it runs. Who signs users in and out without `signOut()` should say
 * `withIdentity()` in the page: otherwise a kept token serves until it ends.
 */
export function tokenVault(): TokenVault {
  return { open: (place, deps) => openVault(place, deps, indexedDbStore()) };
}

export function openVault(place: VaultPlace, { clock, onNote }: VaultDeps, store: VaultStore): OpenVault {
  const name = place.endpoint;
  /** What is kept where the store is not used. */
  let memory: KeptTokens | null = null;
  let inMemory = false;
  /** The store has answered once, or not in time: something may lie there, though memory is used. */
  let mayHoldTokens = false;
  /** Raised by each wipe: a turn of before keeps nothing. */
  let generation = 0;

  function giveUp(error: unknown): void {
    if (error instanceof DOMException && error.name === 'TimeoutError') mayHoldTokens = true;
    if (inMemory) return;
    inMemory = true;
    // The name alone: it says which feature is missing, and its message is the engine's.
    const why = error instanceof Error || error instanceof DOMException ? error.name : 'unknown';
    onNote(`the token vault keeps tokens in memory only, for this browser does not let it store them (${why})`);
  }

  async function load(): Promise<{ readonly key: VaultKey; readonly kept: KeptTokens | null }> {
    let found = await store.read(name);
    if (!isRecord(found)) {
      const fresh: VaultRecord = { version: 1, key: await createVaultKey(), tokens: null };
      // Another worker may have been faster; what is no record of ours is of no use to anyone.
      await store.update(name, (present) => (isRecord(present) ? present : fresh));
      found = await store.read(name);
    }
    // An engine that stores a key and gives nothing back.
    if (!isRecord(found)) throw new DOMException('', 'DataCloneError');
    const { key, tokens } = found;
    if (tokens === null) return { key, kept: null };
    try {
      return { key, kept: await unseal(tokens, key, place) };
    } catch {
      await replace(key, { version: 1, key, tokens: null });
      return { key, kept: null };
    }
  }

  /** Only while the key is the one in force: another one means that the vault was wiped meanwhile. */
  function replace(key: VaultKey, record: VaultRecord): Promise<void> {
    return store.update(name, (present) => (isRecord(present) && present.key.id === key.id ? record : present));
  }

  async function save(key: VaultKey, tokens: KeptTokens, before: KeptTokens | null): Promise<void> {
    const isOther =
      before !== null && (await ownerOf(before.accessToken, key.id)) !== (await ownerOf(tokens.accessToken, key.id));
    // Nothing of one user is ever opened by the key of another.
    const next = isOther ? await createVaultKey() : key;
    await replace(key, { version: 1, key: next, tokens: await seal(tokens, next, place) });
  }

  return {
    async begin() {
      const own = generation;
      let key: VaultKey | null = null;
      let kept = memory;
      if (!inMemory) {
        try {
          ({ key, kept } = await within(clock, load()));
          mayHoldTokens = true;
        } catch (error) {
          giveUp(error);
        }
      }
      // Wiped while it was read.
      if (own !== generation) kept = null;
      return {
        kept,
        async keep(tokens) {
          if (own !== generation) return;
          memory = tokens;
          if (key === null) return;
          try {
            await within(clock, save(key, tokens, kept));
          } catch (error) {
            giveUp(error);
          }
        },
      };
    },

    async wipe() {
      generation += 1;
      memory = null;
      try {
        // Also where nothing could be written: what an earlier worker has written goes all the same.
        await within(
          clock,
          store.update(name, () => undefined),
        );
      } catch (error) {
        if (inMemory && !mayHoldTokens) return;
        giveUp(error);
        onNote('the token vault could not be wiped: clear the data of this site to be sure');
      }
    },
  };
}

function isRecord(value: unknown): value is VaultRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, key, tokens } = value as Partial<Record<keyof VaultRecord, unknown>>;
  return version === 1 && isVaultKey(key) && (tokens === null || isSealed(tokens));
}

function within<T>(clock: Clock, step: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const disarm = clock.setTimeout(() => reject(new DOMException('', 'TimeoutError')), VAULT_STEP_MS);
    step.then(resolve, reject).finally(disarm);
  });
}
