import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeVaultStore } from '../testing/fake-vault-store.js';
import type { KeptTokens, SealedTokens, VaultKey } from './sealed-tokens.js';
import { openVault, VAULT_STEP_MS, type OpenVault } from './vault.js';

const PLACE = { origin: 'https://app.test', endpoint: 'https://app.test/auth/refresh' };

interface Stored {
  readonly version: 1;
  readonly key: VaultKey;
  readonly tokens: SealedTokens | null;
}

function setUp(store = new FakeVaultStore(), place = PLACE) {
  const clock = new FakeClock();
  const onNote = vi.fn<(text: string) => void>();
  const open = (at = place): OpenVault => openVault(at, { clock, onNote }, store);
  const record = (name = place.endpoint): Stored => store.records.get(name) as Stored;
  return { store, clock, onNote, open, vault: open(), record };
}

const jwt = (user: string, issuer = 'i'): string =>
  `h.${btoa(JSON.stringify({ sub: user, iss: issuer })).replaceAll('=', '')}.s`;

const tokensOf = (user: string, refreshToken: string | null = `refresh-of-${user}`): KeptTokens => ({
  accessToken: jwt(user),
  receivedAtMs: 0,
  expiresAtMs: 60_000,
  refreshToken,
});

async function keep(vault: OpenVault, tokens: KeptTokens): Promise<void> {
  await (await vault.begin()).keep(tokens);
}

const kept = async (vault: OpenVault): Promise<KeptTokens | null> => (await vault.begin()).kept;

describe('what is kept', () => {
  it('is there for the next worker, and for another one at the same time', async () => {
    const { vault, open, clock, onNote } = setUp();
    expect(await kept(vault)).toBeNull();
    await keep(vault, tokensOf('ann'));
    expect(await kept(open())).toEqual(tokensOf('ann'));
    expect(await kept(vault)).toEqual(tokensOf('ann'));
    expect(onNote).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it('cannot be read, and its key cannot be taken out', async () => {
    const { vault, record } = setUp();
    await keep(vault, tokensOf('ann'));
    const { key, tokens } = record();
    expect(JSON.stringify({ ...tokens, key: key.id })).not.toMatch(/ann|eyJ|refresh-of|accessToken/);
    // Three letters come up by chance in what is as good as random.
    expect(new TextDecoder('latin1').decode(tokens!.data)).not.toMatch(/eyJzdWIi|refresh-of|accessToken/);
    expect(key.key).toMatchObject({ extractable: false, algorithm: { name: 'AES-GCM', length: 256 } });
    await expect(crypto.subtle.exportKey('raw', key.key)).rejects.toThrow();
  });

  it('is encrypted each time with another IV of 96 bits', async () => {
    const { vault, record } = setUp();
    const seen = new Set<string>();
    for (let n = 0; n < 5; n += 1) {
      await keep(vault, tokensOf('ann'));
      const { iv } = record().tokens!;
      expect(iv.byteLength).toBe(12);
      seen.add(iv.join());
    }
    expect(seen.size).toBe(5);
  });

  it('is for both of two workers that came at the same time: they have one key', async () => {
    const { open } = setUp();
    const [one, two] = [open(), open()];
    const turns = await Promise.all([one.begin(), two.begin()]);
    for (const [n, turn] of turns.entries()) {
      await turn.keep(tokensOf('ann', `refresh-${n}`));
      expect(await kept(open())).toEqual(tokensOf('ann', `refresh-${n}`));
    }
  });

  it('is of one endpoint: others have their own', async () => {
    const { vault, open } = setUp();
    await keep(vault, tokensOf('ann'));
    expect(await kept(open({ ...PLACE, endpoint: 'https://app.test/other' }))).toBeNull();
  });

  it('gets another key with another user', async () => {
    const { vault, record } = setUp();
    await keep(vault, tokensOf('ann'));
    const before = record().key.id;
    await keep(vault, tokensOf('ann', 'refresh-2'));
    expect(record().key.id).toBe(before);
    await keep(vault, tokensOf('bob'));
    expect(record().key.id).not.toBe(before);
    expect(await kept(vault)).toEqual(tokensOf('bob'));
  });
});

describe('a record is dropped that', () => {
  const tampered: [string, (record: Stored, parts: ReturnType<typeof setUp>) => unknown][] = [
    [
      'was altered in one bit',
      (record) => {
        new Uint8Array(record.tokens!.data)[3]! ^= 1;
        return record;
      },
    ],
    ['has another IV', (record) => ({ ...record, tokens: { ...record.tokens!, iv: new Uint8Array(12) } })],
    ['has another owner', (record) => ({ ...record, tokens: { ...record.tokens!, owner: 'f'.repeat(64) } })],
    ['is under the name of another key', (record) => ({ ...record, key: { ...record.key, id: 'another' } })],
    ['is no record', () => 'what an older build has written'],
    ['has no key', (record) => ({ ...record, key: { id: record.key.id, key: null } })],
    ['is of a version to come', (record) => ({ ...record, version: 2 })],
  ];
  it.each(tampered)('%s, and the vault is used on', async (_, tamper) => {
    const parts = setUp();
    await keep(parts.vault, tokensOf('ann'));
    parts.store.records.set(PLACE.endpoint, tamper(parts.record(), parts));
    const next = parts.open();
    expect(await kept(next)).toBeNull();
    await keep(next, tokensOf('bob'));
    expect(await kept(parts.open())).toEqual(tokensOf('bob'));
    expect(parts.onNote).not.toHaveBeenCalled();
  });

  it.each([
    ['endpoint', { ...PLACE, endpoint: 'https://app.test/other' }],
    ['origin', { ...PLACE, origin: 'https://evil.test' }],
  ])('was moved to another %s', async (_, place) => {
    const { vault, store, record, open } = setUp();
    await keep(vault, tokensOf('ann'));
    store.records.set(place.endpoint, record());
    expect(await kept(open(place))).toBeNull();
  });

  it('was mixed of the records of two users', async () => {
    const one = setUp();
    const two = setUp();
    await keep(one.vault, tokensOf('ann'));
    await keep(two.vault, tokensOf('bob'));
    one.store.records.set(PLACE.endpoint, { ...one.record(), tokens: two.record().tokens });
    expect(await kept(one.open())).toBeNull();
  });
});

describe('wiped', () => {
  it('it holds nothing, key and all', async () => {
    const { vault, store, open } = setUp();
    await keep(vault, tokensOf('ann'));
    await vault.wipe();
    expect(store.records.size).toBe(0);
    expect(await kept(open())).toBeNull();
  });

  it.each([
    ['by the same worker', true],
    ['by another worker', false],
  ])('%s during a turn, that turn keeps nothing', async (_, isSame) => {
    const { vault, open } = setUp();
    await keep(vault, tokensOf('ann'));
    const turn = await vault.begin();
    const wiper = isSame ? vault : open();
    await wiper.wipe();
    await turn.keep(tokensOf('ann', 'refresh-after-the-wipe'));
    expect(await kept(open())).toBeNull();
    expect(await kept(vault)).toBeNull();
  });

  it.each([
    ['by the same worker', true],
    ['by another worker', false],
  ])('%s before anything was kept, the first turn keeps nothing either', async (_, isSame) => {
    const { vault, open } = setUp();
    const turn = await vault.begin();
    await (isSame ? vault : open()).wipe();
    await turn.keep(tokensOf('ann'));
    expect(await kept(open())).toBeNull();
  });

  it('and used by another user since, a turn of before does not come in between', async () => {
    const { vault, open } = setUp();
    const turn = await vault.begin();
    const other = open();
    await other.wipe();
    await keep(other, tokensOf('bob'));
    await turn.keep(tokensOf('ann'));
    expect(await kept(open())).toEqual(tokensOf('bob'));
  });

  it('while a write is on its way: whatever comes first, nothing is left', async () => {
    // The steps of a write and a wipe of two workers, let go one by one in each order.
    for (const first of ['write', 'wipe']) {
      const { vault, open, store, clock } = setUp();
      const turn = await vault.begin();
      const other = open();
      store.hold();
      const writing = first === 'write' ? turn.keep(tokensOf('ann')) : other.wipe();
      // Encryption runs outside of what the fake clock can wait for.
      await vi.waitFor(() => expect(store.waiting).toBe(1), { timeout: 20_000 });
      const wiping = first === 'write' ? other.wipe() : turn.keep(tokensOf('ann'));
      await vi.waitFor(() => expect(store.waiting).toBe(2), { timeout: 20_000 });
      store.release();
      await Promise.all([writing, wiping]);
      expect(await kept(open()), `${first} first`).toBeNull();
      expect(clock.pending).toBe(0);
    }
  });

  it('while it is read, it gives nothing', async () => {
    const { vault, store, open } = setUp();
    await keep(vault, tokensOf('ann'));
    store.hold();
    const reading = vault.begin();
    await vi.waitFor(() => expect(store.waiting).toBe(1), { timeout: 20_000 });
    // Read, but not yet decrypted.
    store.release(1);
    const wiping = vault.wipe();
    store.release();
    const turn = await reading;
    await wiping;
    expect(turn.kept).toBeNull();
    await turn.keep(tokensOf('ann'));
    expect(await kept(open())).toBeNull();
  });

  it('also in memory', async () => {
    const { vault, store } = setUp();
    store.refusal = new DOMException('no', 'SecurityError');
    await keep(vault, tokensOf('ann'));
    const turn = await vault.begin();
    expect(turn.kept).toEqual(tokensOf('ann'));
    await vault.wipe();
    await turn.keep(tokensOf('ann'));
    expect(await kept(vault)).toBeNull();
  });
});

describe('where the engine refuses, memory is used, and that is said once:', () => {
  async function worksInMemory({ vault, open, onNote, clock }: ReturnType<typeof setUp>, why: RegExp): Promise<void> {
    await keep(vault, tokensOf('ann'));
    expect(await kept(vault)).toEqual(tokensOf('ann'));
    await keep(vault, tokensOf('ann', 'refresh-2'));
    expect(await kept(vault)).toEqual(tokensOf('ann', 'refresh-2'));
    expect(onNote).toHaveBeenCalledTimes(1);
    expect(onNote).toHaveBeenCalledWith(expect.stringMatching(why));
    expect(JSON.stringify(onNote.mock.calls)).not.toMatch(/eyJ|refresh-/);
    expect(await kept(open())).toBeNull();
    expect(clock.pending).toBe(0);
  }

  it('no IndexedDB', async () => {
    const parts = setUp();
    parts.store.refusal = new DOMException('The operation is insecure: refresh-of-ann', 'SecurityError');
    await worksInMemory(parts, /memory only.*\(SecurityError\)/);
  });

  it('a key that cannot be stored (WebKit)', async () => {
    const parts = setUp();
    parts.store.update = () => Promise.reject(new DOMException('', 'DataCloneError'));
    await worksInMemory(parts, /\(DataCloneError\)/);
  });

  it('a key that comes back as nothing (WebKit)', async () => {
    const parts = setUp();
    parts.store.read = () => Promise.resolve({ version: 1, key: { id: 'x', key: null }, tokens: null });
    await worksInMemory(parts, /\(DataCloneError\)/);
  });

  it('no Web Crypto', async () => {
    const parts = setUp();
    vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('', 'NotSupportedError'));
    await worksInMemory(parts, /\(NotSupportedError\)/);
    vi.restoreAllMocks();
  });

  it('an IndexedDB that hangs: the user waits no longer than the limit', async () => {
    const { vault, store, clock, onNote } = setUp();
    store.hold();
    const turn = vault.begin();
    await clock.advanceBy(VAULT_STEP_MS - 1);
    expect(onNote).not.toHaveBeenCalled();
    await clock.advanceBy(1);
    await (await turn).keep(tokensOf('ann'));
    expect(await kept(vault)).toEqual(tokensOf('ann'));
    expect(onNote).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });

  it('two at once: it is said once all the same', async () => {
    const { vault, store, onNote } = setUp();
    store.refusal = new DOMException('', 'SecurityError');
    await Promise.all([vault.begin(), vault.begin()]);
    expect(onNote).toHaveBeenCalledTimes(1);
  });

  it('a write that fails after reads that did not', async () => {
    const { vault, store, onNote } = setUp();
    const turn = await vault.begin();
    store.refusal = new DOMException('', 'QuotaExceededError');
    await turn.keep(tokensOf('ann'));
    expect(await kept(vault)).toEqual(tokensOf('ann'));
    expect(onNote).toHaveBeenCalledTimes(1);
  });
});

it('says when what is stored could not be wiped', async () => {
  const { vault, store, onNote } = setUp();
  await keep(vault, tokensOf('ann'));
  store.refusal = new DOMException('', 'UnknownError');
  await vault.wipe();
  expect(onNote).toHaveBeenCalledWith(expect.stringMatching(/could not be wiped/));
  expect(await kept(vault)).toBeNull();
});

it('says so too when it uses memory by then, but may have written before', async () => {
  const { vault, store, onNote } = setUp();
  const turn = await vault.begin();
  await turn.keep(tokensOf('ann'));
  store.refusal = new DOMException('', 'QuotaExceededError');
  await turn.keep(tokensOf('ann', 'refresh-2'));
  await vault.wipe();
  expect(onNote).toHaveBeenCalledWith(expect.stringMatching(/could not be wiped/));
});

it('says nothing of a wipe where there never was a store', async () => {
  const { vault, store, onNote } = setUp();
  store.refusal = new DOMException('', 'SecurityError');
  await keep(vault, tokensOf('ann'));
  await vault.wipe();
  expect(onNote).toHaveBeenCalledTimes(1);
});
