/** What one port may ask: the contract's calls, checked, in front of the shared core. Holds nothing before `join`. */
import { transfer, type Remote, type ProxyMarked } from 'comlink';
import { HubshareError, isHubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import {
  CONTRACT_VERSION,
  type Attached,
  type CallOutcome,
  type CoordinatorApi,
  type Hello,
  type HubWish,
  type Parking,
  type Reply,
  type TabApi,
  type Welcome,
} from '../../src/contract/rpc.js';
import type { FetchAnswer, FetchRequest } from '../../src/contract/fetch.js';
import type { Alert, HubMetrics } from '../../src/contract/metrics.js';
import type { WorkerReport } from '../../src/contract/report.js';
import { signedOutError } from '../hub/fence-errors.js';
import type { Vouch } from '../hub/identity-fence.js';
import type { SharedHub } from '../hub/shared-hub.js';
import { limitReached } from '../../src/contract/limit-reached.js';
import { MAX_HUBS_OF_TAB, MAX_OPEN_CALLS_OF_TAB } from '../limits.js';
import { checkFetch, checkRequestId } from './check-fetch.js';
import {
  checkCall,
  checkCallId,
  checkClaimId,
  checkContractVersion,
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
import { checkCount, checkNumber } from './check-value.js';
import type { Fenced, Tab } from './tab.js';

/** What a session needs of the rest of the worker. */
export interface SessionCore {
  readonly bootId: string;
  readonly workerLock: string;
  /** Resolves when the worker's own lock is held: before that, no tab could notice the worker's death. */
  readonly ready: Promise<void>;
  /** @throws {HubshareError} `message-invalid`, `limit-reached` */
  admit(hello: Hello, remote: Remote<TabApi & ProxyMarked>): Tab;
  /** The tab says goodbye itself. */
  dismiss(tab: Tab): void;
  /** `null`: the tab is back. The hubs are told after it. */
  setParking(tab: Tab, how: Parking | null): void;
  /** The tab has let a hub go. */
  detached(tab: Tab): void;
  /**
   * Whether the tab may have the hub: not if it shows another user than the one who is signed in.
   *
   * @param vouch - What this has resolved to before.
   * @returns `undefined`: now. Otherwise it is to be asked again when this has resolved.
   * @throws {HubshareError} `identity-changed`; what the source of tokens failed with.
   */
  admitTo(tab: Tab, wish: ReturnType<typeof checkWish>, vouch?: Vouch): Promise<Vouch> | undefined;
  /** Counts the sign-outs that concern a hub: a wish for it from before one is not met after it. */
  signOutsOf(hub: string): number;
  /** The hub for a tab that may have it; the first wish opens its place in the worker. @throws {HubshareError} when the settings cannot work. */
  hubFor(wish: ReturnType<typeof checkWish>): SharedHub;
  knownHub(url: string): SharedHub | undefined;
  hubs(): Iterable<SharedHub>;
  refreshToken(hub: SharedHub): Promise<void>;
  signOut(by: Tab): Promise<void>;
  /** Sends an HTTP request with the token of the hub. @throws {HubshareError} see `AuthorizedFetch` */
  authorizedFetch(tab: Tab, hub: SharedHub, request: FetchRequest): Promise<FetchAnswer>;
  abortFetch(tab: Tab, requestId: string): void;
  nextReport(waiter: Tab, sinceVersion: number, sinceJournal: number): Promise<WorkerReport | null>;
  hubMetrics(url: string): HubMetrics;
  /** `null`: the tab has asked again. */
  nextAlerts(tab: Tab, url: string, sinceId: number): Promise<readonly Alert[] | null>;
  changed(): void;
}

/** What a port may call, and where it may bring a callback; `guardPort` lets nothing else pass. */
export const SESSION_METHODS: ReadonlyMap<keyof CoordinatorApi, number | null> = new Map([
  ['join', 1],
  ['attach', null],
  ['detach', null],
  ['subscribe', null],
  ['unsubscribe', null],
  ['invoke', null],
  ['send', null],
  ['stream', null],
  ['cancelStream', null],
  ['upload', null],
  ['answer', null],
  ['joinTopic', null],
  ['leaveTopic', null],
  ['claim', null],
  ['confirmClaim', null],
  ['setVisibility', null],
  ['park', null],
  ['unpark', null],
  ['online', null],
  ['signOut', null],
  ['authorizedFetch', null],
  ['abortFetch', null],
  ['nextReport', null],
  ['hubMetrics', null],
  ['nextAlerts', null],
  ['reconnectNow', null],
  ['refreshTokenNow', null],
  ['becomePrimary', null],
  ['leave', null],
]);

/** A wish of the tab for a hub, while it is not known whether it may have it. */
interface Admission {
  /** Resolves when it is known. */
  readonly over: Promise<void>;
  /** The tab has not let the hub go meanwhile. */
  isWanted: boolean;
  /** An earlier wish for the same hub, which is decided first. */
  readonly before: Admission | undefined;
}

const TOO_MANY_CALLS = limitReached(
  'calls of one page can be on their way',
  MAX_OPEN_CALLS_OF_TAB,
  'Wait for some of them before the next.',
).wire;

const LET_GO = wireError('stopped', 'The tab has let the hub go again before it was known whether it may have it.', {});

/** @param onOver - The tab that joined has gone: nothing more will come over this port. */
export function createTabSession(core: SessionCore, onOver: () => void = () => undefined): CoordinatorApi {
  let joined: Tab | null = null;
  let isJoining = false;
  /** Messages that are not answered yet. */
  let open = 0;
  /** Hubs that the tab has asked for, while it is not known whether it may have them. The last wish for each. */
  const admissions = new Map<string, Admission>();

  function tab(): Tab {
    if (joined !== null && !joined.gone.aborted) return joined;
    throw new HubshareError(
      wireError('not-joined', 'This port has not joined, or its tab has left. Call join() first.', {}),
    );
  }

  function hub(url: unknown): SharedHub {
    const name = checkHubUrl(url);
    const known = core.knownHub(name);
    const own = tab();
    if (known !== undefined && known.tabIds.includes(own.id)) return known;
    // Sent before the tab knew.
    const fence = own.fenceOf(name);
    if (fence !== undefined) throw new HubshareError(fence.error);
    throw new HubshareError(
      wireError('not-connected', "Cannot send data if the connection is not in the 'Connected' State.", {}),
    );
  }

  /** Runs one call of the contract: what it throws becomes its answer. */
  async function reply<T>(run: () => T | Promise<T>): Promise<Reply<T>> {
    // Answered at once, also to a page that says that it is cached or frozen: it runs, or it could not ask so much.
    if (open >= MAX_OPEN_CALLS_OF_TAB) return { ok: false, error: TOO_MANY_CALLS };
    open += 1;
    let answer: Reply<T>;
    try {
      answer = { ok: true, value: await run() };
    } catch (error) {
      answer = { ok: false, error: toWire(error) };
    }
    // Nothing is posted to a page that is cached or frozen, not even an answer.
    if (joined?.away.aborted === true) await joined.back();
    open -= 1;
    return answer;
  }

  /**
   * The same for what a user has asked a hub for. A result that waited for its page to run again is not given when the user has
   * signed out meanwhile.
   */
  async function replyOf<T>(url: unknown, run: () => T | Promise<T>): Promise<Reply<T>> {
    const fence = (): Fenced | undefined => (typeof url === 'string' ? joined?.fenceOf(url) : undefined);
    const before = fence();
    const asked = typeof url === 'string' ? core.knownHub(url) : undefined;
    const answer = await reply(run);
    const now = fence();
    // Also for a tab that has let the hub go before its fence went up.
    const why = now === undefined || now === before ? (asked?.fencedBy ?? null) : now.error;
    return why === null ? answer : { ok: false, error: why };
  }

  /** The same for what settles with an outcome. */
  async function outcome(url: unknown, run: () => Promise<CallOutcome>): Promise<CallOutcome> {
    const started = await replyOf(url, run);
    return started.ok ? started.value : { after: 0, reply: started };
  }

  /** What concerns a hub that the tab has just asked for waits until it is known whether it may have it. */
  function admitted<T>(url: unknown, run: () => T): T | Promise<T> {
    const admission = admissions.get(checkHubUrl(url));
    return admission === undefined ? run() : admission.over.then(run);
  }

  /** @param first - What was asked of the core already; `null`: nothing, because an earlier wish of this tab comes first. */
  async function attach(wish: HubWish, first: Promise<Vouch> | null): Promise<Attached> {
    const before = admissions.get(wish.hub);
    let end: () => void = () => undefined;
    const admission: Admission = { over: new Promise((resolve) => (end = resolve)), isWanted: true, before };
    admissions.set(wish.hub, admission);
    const signOuts = core.signOutsOf(wish.hub);
    const ask = (vouch?: Vouch): Promise<Vouch> | undefined => {
      if (core.signOutsOf(wish.hub) !== signOuts) throw new HubshareError(signedOutError());
      if (!admission.isWanted) throw new HubshareError(LET_GO);
      return core.admitTo(tab(), wish, vouch);
    };
    try {
      await before?.over;
      let asked = first ?? ask();
      while (asked !== undefined) asked = ask(await asked);
      return join(tab(), wish);
    } finally {
      if (admissions.get(wish.hub) === admission) admissions.delete(wish.hub);
      end();
    }
  }

  function join(own: Tab, wish: HubWish): Attached {
    const fence = own.fenceOf(wish.hub);
    // Sent before the tab knew that its user is signed in no more.
    if (fence !== undefined && wish.attachment <= fence.attachment) throw new HubshareError(fence.error);
    const others = [...core.hubs()].filter(({ url, tabIds }) => url !== wish.hub && tabIds.includes(own.id));
    if (others.length >= MAX_HUBS_OF_TAB)
      throw limitReached('hubs are open to one page', MAX_HUBS_OF_TAB, 'Call stop() on those that it no longer needs.');
    const shared = core.hubFor(wish);
    shared.attach(own, wish);
    return { differences: shared.differences(wish) };
  }

  function call(
    message: unknown,
    run: (own: SharedHub, checked: ReturnType<typeof checkCall>) => Promise<CallOutcome>,
  ): Promise<CallOutcome> {
    return outcome((message as { readonly hub?: unknown } | null)?.hub, () => {
      const checked = checkCall(message);
      return run(hub(checked.hub), checked);
    });
  }

  return {
    join: (message, remote) =>
      reply(async (): Promise<Welcome> => {
        const version = checkContractVersion(message);
        if (version !== CONTRACT_VERSION) {
          throw new HubshareError(
            wireError(
              'contract-mismatch',
              `This tab speaks contract ${version} and the running worker ${CONTRACT_VERSION}: two builds share one worker URL. Close the tabs of the older build, or give the worker file a new name.`,
              { tab: version, worker: CONTRACT_VERSION },
            ),
          );
        }
        const hello = checkHello(message);
        if (joined !== null || isJoining) throw invalid('This port has joined already.');
        if (typeof remote !== 'function') throw invalid('join must bring the tab as a Comlink proxy.');
        isJoining = true;
        await core.ready;
        isJoining = false;
        joined = core.admit(hello, remote);
        joined.gone.addEventListener('abort', onOver);
        return { bootId: core.bootId, workerLock: core.workerLock, contractVersion: CONTRACT_VERSION };
      }),
    attach: (message) =>
      reply(() => {
        const own = tab();
        const wish = checkWish(message);
        const asked = admissions.has(wish.hub) ? null : core.admitTo(own, wish);
        return asked === undefined ? join(own, wish) : attach(wish, asked);
      }),
    detach: (url) =>
      reply(async () => {
        const own = tab();
        let admission = admissions.get(checkHubUrl(url));
        for (; admission !== undefined; admission = admission.before) admission.isWanted = false;
        const closed = core.knownHub(checkHubUrl(url))?.detach(own);
        core.detached(own);
        await closed;
      }),
    subscribe: (url, method) => reply(() => admitted(url, () => hub(url).subscribe(tab(), checkClientMethod(method)))),
    unsubscribe: (url, method) => reply(() => admitted(url, () => hub(url).unsubscribe(tab(), checkMethod(method)))),
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
    joinTopic: (url, topic, key) =>
      outcome(url, () => hub(url).joinTopic(tab(), checkTopicName(topic), checkTopicKey(key))),
    // As with streams: what the tab has let go with its hub is no error.
    leaveTopic: (url, topic, key) =>
      reply(() => {
        const own = tab();
        const name = checkTopicName(topic);
        const member = checkTopicKey(key);
        core.knownHub(checkHubUrl(url))?.leaveTopic(own, name, member);
      }),
    claim: (url, id) => replyOf(url, () => hub(url).claims.claim(tab(), checkClaimId(id))),
    confirmClaim: (url, id) => replyOf(url, () => hub(url).claims.confirm(tab(), checkClaimId(id))),
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
        const fences = own.takeFences();
        setParking(own, null);
        const wanted = [...core.hubs()].filter(({ tabIds }) => tabIds.includes(own.id)).map(({ url }) => url);
        return [...new Set([...fences.keys(), ...wanted])].map((url) => {
          const fencedBy = fences.get(url) ?? null;
          return { hub: url, dropped: fencedBy === null ? (missed.get(url) ?? 0) : 0, fencedBy };
        });
      }),
    online: () =>
      reply(() => {
        tab();
        for (const shared of core.hubs()) if (shared.tabIds.length > 0) shared.link.retryNow();
      }),
    signOut: () =>
      reply(async () => {
        await core.signOut(tab());
      }),
    async authorizedFetch(message) {
      const answer = await replyOf((message as { readonly hub?: unknown } | null)?.hub, () => {
        const own = tab();
        const request = checkFetch(message);
        return core.authorizedFetch(own, hub(request.hub), request);
      });
      const body = answer.ok ? answer.value.body : null;
      return body === null ? answer : transfer(answer, [body]);
    },
    abortFetch: (requestId) => reply(() => core.abortFetch(tab(), checkRequestId(requestId))),
    nextReport: (sinceVersion, sinceJournal) =>
      reply(async () => {
        const report = await core.nextReport(
          tab(),
          checkNumber(sinceVersion, 'sinceVersion'),
          checkNumber(sinceJournal, 'sinceJournal'),
        );
        return report ?? tookItsPlace('a report');
      }),
    hubMetrics: (url) =>
      reply(() => {
        tab();
        return core.hubMetrics(checkHubUrl(url));
      }),
    nextAlerts: (url, sinceId) =>
      reply(
        async () =>
          (await core.nextAlerts(tab(), checkHubUrl(url), checkCount(sinceId, 'sinceId'))) ?? tookItsPlace('alerts'),
      ),
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

function tookItsPlace(of: string): never {
  const message = `Another question for ${of} from the same tab took the place of this one.`;
  throw new HubshareError(wireError('stopped', message, {}));
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
