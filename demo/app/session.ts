/** Sign-in, sign-out, and how a tab learns that another tab has done either. The refresh cookie is the session; no token is kept here. */

export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const NOTE_KEY = 'ops-console.session';

async function request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new RequestError('server-unreachable', 'The server does not answer. Is it still running?', 0);
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({}))) as { code?: unknown; message?: unknown };
  throw new RequestError(
    typeof answer.code === 'string' ? answer.code : `http-${response.status}`,
    typeof answer.message === 'string' ? answer.message : `The server answered ${response.status}.`,
    response.status,
  );
}

async function userIn(response: Response): Promise<string> {
  const { user } = (await response.json()) as { user?: unknown };
  return typeof user === 'string' ? user : 'unknown';
}

/** The signed-in user, or `null`. Does not rotate the refresh cookie, so any number of tabs may ask. */
export async function currentUser(): Promise<string | null> {
  try {
    return await userIn(await request('GET', '/auth/session'));
  } catch (error) {
    if (error instanceof RequestError && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(user: string): Promise<string> {
  const name = await userIn(await request('POST', '/auth/sign-in', { user }));
  tellOtherTabs();
  return name;
}

export async function signOut(): Promise<void> {
  await request('POST', '/auth/sign-out');
  tellOtherTabs();
}

/** The note says only that something has changed; each tab asks the server what. */
function tellOtherTabs(): void {
  try {
    localStorage.setItem(NOTE_KEY, crypto.randomUUID());
  } catch {
    // Without site data the other tabs learn it from the hub: their token is refused.
  }
}

export function onSessionChange(listener: () => void): () => void {
  const onStorage = (event: StorageEvent): void => {
    if (event.key === NOTE_KEY) listener();
  };
  const onPageShow = (event: PageTransitionEvent): void => {
    if (event.persisted) listener();
  };
  addEventListener('storage', onStorage);
  addEventListener('pageshow', onPageShow);
  return () => {
    removeEventListener('storage', onStorage);
    removeEventListener('pageshow', onPageShow);
  };
}
