/** Refresh sessions: a family of cookies per sign-in, of which only the newest is good; an older one gives the thief away. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

interface Family {
  readonly user: string;
  generation: number;
}

export type SessionLookup =
  | { readonly kind: 'good'; readonly family: string; readonly user: string }
  /** The cookie was good once and has been exchanged for a newer one. */
  | { readonly kind: 'spent'; readonly family: string }
  | { readonly kind: 'unknown' };

export interface SessionStore {
  /** @returns The cookie of a new family. */
  open(user: string): string;
  look(cookie: string): SessionLookup;
  /** @returns The next cookie of the family; the one before is spent from now on. */
  rotate(family: string): string;
  end(family: string): void;
}

/** Sign-ins kept at most; a demo that runs for weeks must not grow. */
const MAX_FAMILIES = 10_000;

export function createSessionStore(): SessionStore {
  const key = randomBytes(32);
  const families = new Map<string, Family>();

  // A cookie names its family and generation and is signed: spent cookies are recognised without keeping any of them.
  function sign(text: string): string {
    return createHmac('sha256', key).update(text).digest('base64url');
  }

  function cookieOf(family: string, generation: number): string {
    const text = `${family}.${generation}`;
    return `${text}.${sign(text)}`;
  }

  return {
    open(user) {
      const oldest = families.keys().next();
      if (families.size >= MAX_FAMILIES && oldest.done !== true) families.delete(oldest.value);
      const family = randomBytes(16).toString('base64url');
      families.set(family, { user, generation: 1 });
      return cookieOf(family, 1);
    },

    look(cookie) {
      const [id, generation, signature, ...rest] = cookie.split('.');
      if (id === undefined || generation === undefined || signature === undefined || rest.length > 0) {
        return { kind: 'unknown' };
      }
      const expected = Buffer.from(sign(`${id}.${generation}`));
      const given = Buffer.from(signature);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { kind: 'unknown' };
      const family = families.get(id);
      if (family === undefined) return { kind: 'unknown' };
      return Number(generation) === family.generation
        ? { kind: 'good', family: id, user: family.user }
        : { kind: 'spent', family: id };
    },

    rotate(id) {
      const family = families.get(id);
      if (family === undefined) throw new Error('The session has ended.');
      family.generation += 1;
      // Moves it to the end: the family that is dropped first is the one that was longest unused.
      families.delete(id);
      families.set(id, family);
      return cookieOf(id, family.generation);
    },

    end(id) {
      families.delete(id);
    },
  };
}
