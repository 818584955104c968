/** Streams that tabs send with their calls: the pieces come from the tab, the hub connection subscribes. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { HubCall, UploadPiece } from '../../src/contract/rpc.js';
import type { Tab } from '../tabs/tab.js';
import type { UploadSource } from './hub-socket.js';

export interface Uploads {
  /** @returns One source for each stream of the call; `undefined` when it has none. */
  open(tab: Tab, call: HubCall): readonly UploadSource[] | undefined;
  /**
   * Hands a piece on.
   *
   * @returns whether anybody takes it: the call may be over, which the tab could not know yet.
   * @throws {HubshareError} `message-invalid` The call has no such stream, or the stream has ended.
   */
  feed(tab: Tab, piece: UploadPiece): boolean;
  /** The call is over, and the hub wants no more. */
  forget(tab: Tab, callId: string): void;
  /** The call is over, but its streams go on until each of them ends. */
  outlive(tab: Tab, callId: string): void;
  /** The tab has let the hub go: the hub is told, or its methods would wait for ever for the rest. */
  drop(tab: Tab): void;
  /** The connection has ended, and every call with it. */
  clear(): void;
}

interface Streams {
  readonly sources: readonly Source[];
  /** The call itself is over: the streams are all that is left of it. */
  outlives: boolean;
}

interface Source extends UploadSource {
  readonly isOver: boolean;
  feed(items: readonly unknown[], end: UploadPiece['end']): void;
}

export function createUploads(): Uploads {
  const open = new Map<Tab, Map<string, Streams>>();

  function forget(tab: Tab, callId: string): void {
    const ofTab = open.get(tab);
    if (ofTab?.delete(callId) === true && ofTab.size === 0) open.delete(tab);
  }

  function forgetWhenOver(tab: Tab, callId: string): void {
    const streams = open.get(tab)?.get(callId);
    if (streams?.outlives === true && streams.sources.every(({ isOver }) => isOver)) forget(tab, callId);
  }

  return {
    open(tab, call) {
      if (call.uploads === 0) return undefined;
      const sources = Array.from({ length: call.uploads }, createSource);
      const ofTab = open.get(tab) ?? new Map<string, Streams>();
      open.set(tab, ofTab.set(call.callId, { sources, outlives: false }));
      return sources;
    },
    feed(tab, { callId, stream, items, end }) {
      const streams = open.get(tab)?.get(callId);
      if (streams === undefined) return false;
      const source = streams.sources[stream];
      if (source === undefined) throw invalid(`The call sends no stream number ${stream}.`);
      if (source.isOver) throw invalid(`The stream number ${stream} of the call has ended.`);
      source.feed(items, end);
      forgetWhenOver(tab, callId);
      return true;
    },
    forget,
    outlive(tab, callId) {
      const streams = open.get(tab)?.get(callId);
      if (streams === undefined) return;
      streams.outlives = true;
      forgetWhenOver(tab, callId);
    },
    drop(tab) {
      const ofTab = open.get(tab);
      open.delete(tab);
      for (const { sources } of ofTab?.values() ?? []) {
        for (const source of sources) {
          if (!source.isOver) source.feed([], { error: 'The tab that sent this stream has gone.' });
        }
      }
    },
    clear: () => open.clear(),
  };
}

/** Keeps what comes before the connection subscribes, which it does once. */
function createSource(): Source {
  type Observer = Parameters<UploadSource['subscribe']>[0];
  type Told = (observer: Observer) => void;
  let early: Told[] = [];
  let observer: Observer | null = null;
  let isOver = false;
  const tell = (told: Told): void => {
    if (observer === null) early.push(told);
    else told(observer);
  };
  return {
    get isOver() {
      return isOver;
    },
    subscribe(given) {
      observer = given;
      for (const told of early) told(given);
      early = [];
      return {
        dispose: () => {
          observer = NOBODY;
        },
      };
    },
    feed(items, end) {
      for (const item of items) tell(({ next }) => next(item));
      if (end === null) return;
      isOver = true;
      const { error } = end;
      tell(error === null ? ({ complete }) => complete() : (to) => to.error(new Error(error)));
    },
  };
}

const NOBODY: Parameters<UploadSource['subscribe']>[0] = {
  next: () => undefined,
  error: () => undefined,
  complete: () => undefined,
};

function invalid(detail: string): HubshareError<'message-invalid'> {
  return new HubshareError(
    wireError('message-invalid', `${detail} Use the client of the same hubshare version on this port.`, { detail }),
  );
}
