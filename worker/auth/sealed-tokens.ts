/** Tokens as they lie in the vault: encrypted under a key that no script can read, and bound to where and whose they are. */
import { readIdentity } from './identity.js';

/** What an endpoint has given. Times are milliseconds since the epoch. */
export interface KeptTokens {
  readonly accessToken: string;
  readonly receivedAtMs: number;
  /** `null`: nobody knows. */
  readonly expiresAtMs: number | null;
  /** `null`: it is in a cookie, which no script sees. */
  readonly refreshToken: string | null;
}

/** A key with the name that it has in this vault. */
export interface VaultKey {
  /** A new one for each key: a record that names another one belongs to a past that was wiped. */
  readonly id: string;
  readonly key: CryptoKey;
}

export interface SealedTokens {
  /** 96 bits, new for each record, as AES-GCM needs it. */
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
  /** Whose tokens they are, as a digest that only this key's records share. */
  readonly owner: string;
}

/** A place in the vault: the origin of the worker and its token endpoint, without the query. */
export interface VaultPlace {
  readonly origin: string;
  readonly endpoint: string;
}

export async function createVaultKey(): Promise<VaultKey> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  return { id: crypto.randomUUID(), key };
}

export async function seal(tokens: KeptTokens, { id, key }: VaultKey, place: VaultPlace): Promise<SealedTokens> {
  const owner = await ownerOf(tokens.accessToken, id);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = bound(place, id, owner);
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, bytesOf(tokens));
  return { iv, data, owner };
}

/** Rejects for a record that was altered, or that comes from another place, key or user. */
export async function unseal({ iv, data, owner }: SealedTokens, { id, key }: VaultKey, place: VaultPlace) {
  const additionalData = bound(place, id, owner);
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, data);
  const tokens = JSON.parse(new TextDecoder().decode(plain)) as KeptTokens;
  if ((await ownerOf(tokens.accessToken, id)) !== owner) throw new Error('These tokens are of another user.');
  return tokens;
}

/** An opaque token does not say whose it is: all such have one owner. */
export async function ownerOf(accessToken: string, keyId: string): Promise<string> {
  const { user = null, issuer = null } = readIdentity(accessToken) ?? {};
  const digest = await crypto.subtle.digest('SHA-256', bytesOf([keyId, issuer, user]));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function isVaultKey(value: unknown): value is VaultKey {
  if (typeof value !== 'object' || value === null) return false;
  const { id, key } = value as Partial<Record<keyof VaultKey, unknown>>;
  return typeof id === 'string' && key instanceof CryptoKey && !key.extractable && key.algorithm.name === 'AES-GCM';
}

export function isSealed(value: unknown): value is SealedTokens {
  if (typeof value !== 'object' || value === null) return false;
  const { iv, data, owner } = value as Partial<Record<keyof SealedTokens, unknown>>;
  return iv instanceof Uint8Array && data instanceof ArrayBuffer && typeof owner === 'string';
}

/** Not encrypted, but what is decrypted with another one of these is refused. */
function bound({ origin, endpoint }: VaultPlace, keyId: string, owner: string): Uint8Array<ArrayBuffer> {
  return bytesOf(['hubshare vault 1', origin, endpoint, keyId, owner]);
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
