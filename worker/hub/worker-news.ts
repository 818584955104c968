/**
 * What the workers of one origin tell each other. Two builds of an app, or two names, run two workers, and a user who signs out in a
 * tab of one has signed out in the tabs of the other.
 *
 * No user and no token is named: whoever hears of another user asks the issuer itself. A script of the origin can say the same, but no
 * more than it can by joining the worker and calling `signOut()`.
 */
export type NewsKind = 'signed-out' | 'another-user';

export interface News {
  readonly kind: NewsKind;
  /** Where the worker that tells it gets its tokens; `null`: from tabs, or from code of the app. */
  readonly endpoint: string | null;
  /** The hubs that it had open. */
  readonly hubs: readonly string[];
}

/** A `BroadcastChannel`, as far as it is used here. A worker does not hear itself. */
export interface NewsChannel {
  postMessage(news: News): void;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
}

export interface WorkerNews {
  tell(kind: NewsKind): void;
}

export const NEWS_CHANNEL = 'hubshare:news';

export function createWorkerNews(deps: {
  /** `null`: the browser has none. */
  readonly channel: NewsChannel | null;
  readonly endpoint: string | null;
  readonly hubs: () => readonly string[];
  /** @param hubs - Those of this worker's hubs that it concerns; `null`: all of them, for the tokens come from the same endpoint. */
  readonly onNews: (kind: NewsKind, hubs: readonly string[] | null) => void;
}): WorkerNews {
  const { channel, endpoint } = deps;

  if (channel !== null) {
    channel.onmessage = ({ data }) => {
      if (!isNews(data)) return;
      if (endpoint !== null && data.endpoint === endpoint) {
        deps.onNews(data.kind, null);
        return;
      }
      const concerned = deps.hubs().filter((url) => data.hubs.includes(url));
      if (concerned.length > 0) deps.onNews(data.kind, concerned);
    };
  }

  return {
    tell(kind) {
      const hubs = deps.hubs();
      if (endpoint !== null || hubs.length > 0) channel?.postMessage({ kind, endpoint, hubs });
    },
  };
}

function isNews(data: unknown): data is News {
  if (typeof data !== 'object' || data === null) return false;
  const { kind, endpoint, hubs } = data as Partial<Record<keyof News, unknown>>;
  if (kind !== 'signed-out' && kind !== 'another-user') return false;
  return (endpoint === null || typeof endpoint === 'string') && Array.isArray(hubs);
}
