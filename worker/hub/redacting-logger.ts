/** SignalR's logger: nothing leaves it before it is redacted. SignalR itself logs connection tokens, and URLs with queries. */
import { LogLevel, type ILogger } from '@microsoft/signalr';
import type { Sanitizer } from '../auth/sanitizer.js';

export interface RedactingLoggerDeps {
  readonly sanitizer: Sanitizer;
  /** Gets each message from `Warning` on. */
  readonly journal: (level: LogLevel, text: string) => void;
  /** The tabs that want SignalR's log, each message of it; each tab has its own level. */
  readonly tabs?: { readonly wanted: () => boolean; readonly log: (level: LogLevel, text: string) => void };
  /** From which level on messages are written to the worker's console. Default `Warning`; `None` for never. */
  readonly consoleLevel?: LogLevel;
  readonly console?: Pick<Console, 'debug' | 'info' | 'warn' | 'error'>;
}

/** Bodies of error pages find their way into SignalR's messages. */
const MAX_LENGTH = 2_000;

/** Names of client methods that are remembered. */
const MAX_TOLD = 200;

export function createRedactingLogger(deps: RedactingLoggerDeps): ILogger {
  const { sanitizer, journal, consoleLevel = LogLevel.Warning, console: out = globalThis.console } = deps;
  const told = new Set<string>();
  /** A hub that calls a method that no tab listens to would fill the journal: each name is told once. */
  const isRepeated = (message: string): boolean => {
    if (!message.startsWith('No client method with the name')) return false;
    if (told.has(message)) return true;
    if (told.size < MAX_TOLD) told.add(message);
    return false;
  };
  return {
    log(level, message) {
      const forJournal = level >= LogLevel.Warning && level < LogLevel.None;
      const forConsole = level >= consoleLevel && level < LogLevel.None;
      const forTabs = deps.tabs?.wanted() === true && level < LogLevel.None;
      // Most messages are Trace and go nowhere: they cost nothing.
      if (!forJournal && !forConsole && !forTabs) return;
      // An app's own logger is told as often as SignalR would tell it.
      const isOld = (forJournal || forConsole) && isRepeated(message);
      if (isOld && !forTabs) return;
      const clean = sanitizer.redact(message);
      const text = clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH)}…` : clean;
      if (forTabs) deps.tabs.log(level, text);
      if (isOld) return;
      if (forJournal) journal(level, text);
      if (forConsole) out[methodFor(level)](`[hubshare] ${text}`);
    },
  };
}

function methodFor(level: LogLevel): 'debug' | 'info' | 'warn' | 'error' {
  if (level >= LogLevel.Error) return 'error';
  if (level === LogLevel.Warning) return 'warn';
  return level === LogLevel.Information ? 'info' : 'debug';
}
