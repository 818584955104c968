/** Sign-in without a password (it is a demo), refresh by a rotating cookie, and sign-out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Controls } from '../admin/controls.js';
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';
import type { Accounts } from './accounts.js';
import type { SessionStore } from './sessions.js';
import type { Tokens } from './tokens.js';

const USER = /^[a-z][a-z0-9-]{0,31}$/;
const COOKIE = 'refresh';
const COOKIE_OPTIONS = { path: '/auth', httpOnly: true, sameSite: 'strict' } as const;
const COOKIE_LIFE_SECONDS = 7 * 24 * 3600;

export interface AuthDeps {
  readonly tokens: Tokens;
  readonly sessions: SessionStore;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly accounts: Accounts;
}

export function authRoutes(app: FastifyInstance, { tokens, sessions, counters, controls, accounts }: AuthDeps): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post('/auth/sign-in', async (request, reply) => {
    const user = userOf(request.body);
    accounts.check(user);
    endSession(request);
    setCookie(reply, sessions.open(user));
    return { ...(await tokens.issue(user)), user };
  });

  app.post('/auth/refresh', async (request, reply) => {
    await controls.delay('refresh');
    try {
      // A refused refresh leaves the cookie alone: its answer may arrive after a new sign-in has set a good one.
      if (controls.refuseRefresh) throw refreshInvalid();
      const { family, user } = session(request, (spent) => sessions.end(spent));
      accounts.check(user);
      setCookie(reply, sessions.rotate(family));
      counters.refreshes += 1;
      return { ...(await tokens.issue(user)), user };
    } catch (error) {
      if (error instanceof Refusal) counters.refreshesRefused += 1;
      throw error;
    }
  });

  app.post('/auth/sign-out', async (request, reply) => {
    endSession(request);
    return reply.clearCookie(COOKIE, COOKIE_OPTIONS).code(204).send();
  });

  app.get('/auth/session', async (request) => ({ user: session(request, () => undefined).user }));

  function session(request: FastifyRequest, onSpent: (family: string) => void): { family: string; user: string } {
    const cookie = request.cookies[COOKIE];
    if (cookie === undefined || cookie === '') {
      throw new Refusal(401, 'MISSING_REFRESH', 'There is no refresh cookie: sign in.');
    }
    const found = sessions.look(cookie);
    switch (found.kind) {
      case 'good':
        return found;
      case 'spent':
        onSpent(found.family);
        throw new Refusal(401, 'REFRESH_REUSED', 'The refresh cookie was used before: sign in.');
      case 'unknown':
        throw refreshInvalid();
    }
  }

  function endSession(request: FastifyRequest): void {
    const found = sessions.look(request.cookies[COOKIE] ?? '');
    if (found.kind !== 'unknown') sessions.end(found.family);
  }
}

function userOf(body: unknown): string {
  const user = typeof body === 'object' && body !== null ? (body as { readonly user?: unknown }).user : undefined;
  if (typeof user !== 'string' || !USER.test(user)) {
    throw new Refusal(
      400,
      'INVALID_USER',
      'A user name is 1 to 32 lower-case letters, digits and hyphens and starts with a letter.',
    );
  }
  return user;
}

function refreshInvalid(): Refusal {
  return new Refusal(401, 'REFRESH_INVALID', 'The refresh cookie is not valid: sign in.');
}

function setCookie(reply: FastifyReply, value: string): void {
  reply.setCookie(COOKIE, value, { ...COOKIE_OPTIONS, maxAge: COOKIE_LIFE_SECONDS });
}
