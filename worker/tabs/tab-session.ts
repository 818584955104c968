/** What one port may ask: the contract's calls, checked, in front of the shared core. Holds nothing before `join`. */
import type { Remote, ProxyMarked } from 'comlink';
import { HubshareError, isHubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import {
  CONTRACT_VERSION,
  type CallOutcome,
  type CoordinatorApi,
  type Hello,
  type Parking,
  type Reply,
  type TabApi,
  type Welcome,
} from '../../src/contract/rpc.js';
import type { WorkerReport } from '../../src/contract/report.js';
import type { SharedHub } from '../hub/shared-hub.js';
import {
  checkCall,
  checkCallId,
  checkClaimId,
  checkHello,
  checkHubUrl,
  checkParking,
  checkPiece,
  checkQuestionId,
  checkResult,
  checkVisibility,
  checkWish,
} from './check-message.js';
import { checkClientMethod, checkMethod } from './check-method.js';
import { checkTopicKey, checkTopicName } from './check-topic.js';
import { checkNumber } from './check-value.js';
import type { Tab } from './tab.js';

/** What a session needs of the rest of the worker. */
export interface SessionCore {
  readonly bootId: string;
  readonly workerLock: string;
  /** Resolves when the worker's own lock is held: before that, no tab could notice the worker's death. */
  readonly ready: Promise<void>;
  admit(hello: Hello, remote: Remote<TabApi & ProxyMarked>): Tab;
  /** The tab says goodbye itself. */
  dismiss(tab: Tab): void;
  /** `null`: the tab is back. The hubs are told after it. */
  setParking(tab: Tab, how: Parking | null): void;
  /** The tab has let a hub go. */
  detached(tab: Tab): void;
  /** Opens the hub's place in the worker on the first wish. @throws {HubshareError} when the settings cannot work. */
  hubFor(wish: ReturnType<typeof checkWish>): SharedHub;
  knownHub(url: string): SharedHub | undefined;
  hubs(): Iterable<SharedHub>;
  refreshToken(hub: SharedHub): Promise<void>;
  signOut(): Promise<void>;
  nextReport(waiter: Tab, sinceVersion: number, sinceJournal: number): Promise<WorkerReport | null>;
  changed(): void;
}

/** The names that a port may call; `guardPort` lets nothing else pass. */
export const SESSION_METHODS: ReadonlySet<keyof CoordinatorApi> = new Set([
  'join',
  'attach',
  'detach',
  'subscribe',
  'unsubscribe',
  'invoke',
  'send',
  'stream',
  'cancelStream',
  'upload',
  'answer',
  'joinTopic',
  'leaveTopic',
  'claim',
  'confirmClaim',
  'setVisibility',
  'park',
  'unpark',
  'online',
  'signOut',
  'nextReport',
  'reconnectNow',
  'refreshTokenNow',
  'becomePrimary',
  'leave',
]);

/** @param onOver - The tab that joined has gone: nothing more will come over this port. */
export function createTabSession(core: SessionCore, onOver: () => void = () => undefined): CoordinatorApi {
  let joined: Tab | null = null;

  function tab(): Tab {
    if (joined !== null && !joined.gone.aborted) return joined;
    throw new HubshareError(
      wireError('not-joined', 'This port has not joined, or its tab has left. Call join() first.', {}),
    );
  }

  function hub(url: unknown): SharedHub {
    const known = core.knownHub(checkHubUrl(url));
    if (known !== undefined && known.tabIds.includes(tab().id)) return known;
    throw new HubshareError(
      wireError('not-connected', "Cannot send data if the connection is not in the 'Connected' State.", {}),
    );
  }

  /** Runs one call of the contract: what it throws becomes its answer. */
  async function reply<T>(run: () => T | Promise<T>): Promise<Reply<T>> {
    let answer: Reply<T>;
    try {
      answer = { ok: true, value: await run() };
    } catch (error) {
      answer = { ok: false, error: toWire(error) };
    }
    // Nothing is posted to a page that is cached or frozen, not even an answer.
    if (joined?.away.aborted === true) await joined.back();
    return answer;
  }

  /** The same for what settles with an outcome. */
  async function outcome(run: () => Promise<CallOutcome>): Promise<CallOutcome> {
    const started = await reply(run);
    return started.ok ? started.value : { after: 0, reply: started };
  }

  function call(
    message: unknown,
    run: (own: SharedHub, checked: ReturnType<typeof checkCall>) => Promise<CallOutcome>,
  ): Promise<CallOutcome> {
    return outcome(() => {
      const checked = checkCall(message);
      return run(hub(checked.hub), checked);
    });
  }

  return {
    join: (message, remote) =>
      reply(async (): Promise<Welcome> => {
        const hello = checkHello(message);
        if (joined !== null) throw invalid('This port has joined already.');
        if (typeof remote !== 'function') throw invalid('join must bring the tab as a Comlink proxy.');
        if (hello.contractVersion !== CONTRACT_VERSION) {
          throw new HubshareError(
            wireError(
              'contract-mismatch',
              `This tab speaks contract ${hello.contractVersion} and the running worker ${CONTRACT_VERSION}: two builds share one worker URL. Close the tabs of the older build, or give the worker file a new name.`,
              { tab: hello.contractVersion, worker: CONTRACT_VERSION },
            ),
          );
        }
        await core.ready;
        joined = core.admit(hello, remote);
        joined.gone.addEventListener('abort', onOver);
        return { bootId: core.bootId, workerLock: core.workerLock, contractVersion: CONTRACT_VERSION };
      }),
    attach: (message) =>
      reply(() => {
        const own = tab();
        const wish = checkWish(message);
        const shared = core.hubFor(wish);
        shared.attach(own, wish);
        return { differences: shared.differences(wish) };
      }),
    detach: (url) =>
      reply(async () => {
        const own = tab();
        const closed = core.knownHub(checkHubUrl(url))?.detach(own);
        core.detached(own);
        await closed;
      }),
    subscribe: (url, method) => reply(() => hub(url).subscribe(tab(), checkClientMethod(method))),
    unsubscribe: (url, method) => reply(() => hub(url).unsubscribe(tab(), checkMethod(method))),
    invoke: (message) => call(message, (own, checked) => own.invoke(tab(), checked)),
    send: (message) => call(message, (own, checked) => own.send(tab(), checked)),
    stream: (message) => call(message, (own, checked) => own.stream(tab(), checked)),
    // A tab that has let the hub go meanwhile has ended its streams with it: that is no error.
    cancelStream: (url, callId) =>
      reply(() => {
        const own = tab();
        core.knownHub(checkHubUrl(url))?.cancelStream(own, checkCallId(callId));
      }),
    upload: (message) =>
      reply(() => {
        const own = tab();
        const piece = checkPiece(message);
        core.knownHub(piece.hub)?.upload(own, piece);
      }),
    answer: (questionId, message) =>
      reply(() => {
        const own = tab();
        const id = checkQuestionId(questionId);
        const result = checkResult(message);
        for (const shared of core.hubs()) shared.answer(own, id, result);
      }),
    joinTopic: (url, topic, key) => outcome(() => hub(url).joinTopic(tab(), checkTopicName(topic), checkTopicKey(key))),
    // As with streams: what the tab has let go with its hub is no error.
    leaveTopic: (url, topic, key) =>
      reply(() => {
        const own = tab();
        const name = checkTopicName(topic);
        const member = checkTopicKey(key);
        core.knownHub(checkHubUrl(url))?.leaveTopic(own, name, member);
      }),
    claim: (url, id) => reply(() => hub(url).claims.claim(tab(), checkClaimId(id))),
    confirmClaim: (url, id) => reply(() => hub(url).claims.confirm(tab(), checkClaimId(id))),
    setVisibility: (visibility) =>
      reply(() => {
        const own = tab();
        own.visibility = checkVisibility(visibility);
        for (const shared of core.hubs()) {
          shared.tabChanged();
          if (own.visibility === 'visible' && shared.tabIds.includes(own.id)) shared.link.wake();
        }
        core.changed();
      }),
    park: (how) =>
      reply(() => {
        const own = tab();
        setParking(own, checkParking(how));
      }),
    unpark: () =>
      reply(() => {
        const own = tab();
        const missed = own.takeMissed();
        setParking(own, null);
        return [...core.hubs()]
          .filter(({ tabIds }) => tabIds.includes(own.id))
          .map(({ url }) => ({ hub: url, dropped: missed.get(url) ?? 0 }));
      }),
    online: () =>
      reply(() => {
        tab();
        for (const shared of core.hubs()) if (shared.tabIds.length > 0) shared.link.retryNow();
      }),
    signOut: () =>
      reply(() => {
        tab();
        return core.signOut();
      }),
    nextReport: (sinceVersion, sinceJournal) =>
      reply(async () => {
        const report = await core.nextReport(
          tab(),
          checkNumber(sinceVersion, 'sinceVersion'),
          checkNumber(sinceJournal, 'sinceJournal'),
        );
        if (report !== null) return report;
        throw new HubshareError(
          wireError('stopped', 'Another question for a report from the same tab took the place of this one.', {}),
        );
      }),
    reconnectNow: (url) => reply(() => hub(url).link.reconnect()),
    refreshTokenNow: (url) => reply(() => core.refreshToken(hub(url))),
    becomePrimary: (url) => reply(() => hub(url).makePrimary(tab())),
    leave: () => reply(() => core.dismiss(tab())),
  };

  function setParking(own: Tab, how: Parking | null): void {
    core.setParking(own, how);
    for (const shared of core.hubs()) shared.tabChanged();
    core.changed();
  }
}

function invalid(detail: string): HubshareError<'message-invalid'> {
  return new HubshareError(wireError('message-invalid', `${detail} Use SharedHubConnectionBuilder.`, { detail }));
}

function toWire(error: unknown): WireError {
  if (isHubshareError(error)) return error.wire;
  const detail = error instanceof Error ? error.message : String(error);
  return wireError(
    'worker-failed',
    `The worker could not do that: ${detail}. This is a defect of hubshare; please report it.`,
    { detail },
  );
}
