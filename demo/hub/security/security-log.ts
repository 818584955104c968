/** What the hub notes about who came in and who did not. Bounded, and no entry has room for a token. */
export type SecurityLevel = 'info' | 'warning' | 'alert';

/** Each kind of note and how serious it is. */
const LEVELS = {
  connected: 'info',
  disconnected: 'info',
  /** A token was missing, expired, forged or for another purpose; `code` says which. */
  'authentication-failed': 'warning',
  /** Somebody who is signed in wanted what is not theirs. */
  'access-denied': 'warning',
  /** A request had a token in its URL and was refused for it. */
  'token-in-url': 'warning',
  /** A request brought its token in the URL, which this hub was told to allow. */
  'query-token-used': 'warning',
  'rate-limited': 'warning',
  /** An address has failed so often that it is turned away. */
  'too-many-attempts': 'alert',
  'user-blocked': 'alert',
  'user-unblocked': 'alert',
} as const satisfies Record<string, SecurityLevel>;

export type SecurityEventType = keyof typeof LEVELS;

export interface SecurityNote {
  readonly type: SecurityEventType;
  /** Path of the hub. */
  readonly hub?: string;
  /** Code of the refusal. */
  readonly code?: string;
  /** Of the client's socket. */
  readonly address?: string;
  readonly userId?: string;
  /** The public id. */
  readonly connectionId?: string;
  /** The hub method that was called, or what it was called for. */
  readonly method?: string;
  /** Of the administrator who did it. */
  readonly by?: string;
}

export interface SecurityEvent extends SecurityNote {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly level: SecurityLevel;
}

export interface SecurityLog {
  note(note: SecurityNote): void;
  /** The newest of a level, oldest first. */
  read(level: SecurityLevel): readonly SecurityEvent[];
}

/** Per level: a flood of failures must not push the alert out that tells of it. */
const KEPT = 500;
/** A name that a client has made up must not fill the log. */
const MAX_NAME = 100;

export function createSecurityLog(
  now: () => number,
  onEvent: (event: SecurityEvent) => void = () => undefined,
): SecurityLog {
  const kept: Record<SecurityLevel, SecurityEvent[]> = { info: [], warning: [], alert: [] };
  return {
    note(note) {
      const level = LEVELS[note.type];
      const { method } = note;
      const event = {
        atMs: now(),
        level,
        ...note,
        ...(method === undefined ? {} : { method: method.slice(0, MAX_NAME) }),
      };
      kept[level].push(event);
      if (kept[level].length > KEPT) kept[level].shift();
      onEvent(event);
    },
    read: (level) => [...kept[level]],
  };
}
