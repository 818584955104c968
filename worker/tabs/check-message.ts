/** Checks what a tab sends against the contract before anything is done with it. */
import type {
  HandlersResult,
  Hello,
  HubCall,
  HubProtocolName,
  HubSettings,
  HubWish,
  Parking,
  UploadPiece,
  Visibility,
} from '../../src/contract/rpc.js';
import { secretParameter } from '../../src/contract/secret-parameters.js';
import { MAX_CLIENT_METHODS, tooManyMethods } from '../../src/contract/client-methods.js';
import { MAX_HUB_HEADERS, MAX_RETRY_DELAYS } from '../limits.js';
import { checkClientMethod, checkMethod } from './check-method.js';
import { checkTopics } from './check-topic.js';
import {
  checkCount,
  checkFlag,
  checkItems,
  checkList,
  checkOptionalCount,
  checkText,
  checkWhole,
  checkWords,
  fail,
  fields,
} from './check-value.js';
import { checkWeight } from './check-weight.js';

export function checkVisibility(value: unknown): Visibility {
  return value === 'visible' || value === 'hidden' ? value : fail("visibility must be 'visible' or 'hidden'.");
}

export function checkParking(value: unknown): Parking {
  return value === 'cached' || value === 'frozen' || value === 'hidden'
    ? value
    : fail("the kind of parking must be 'cached', 'frozen' or 'hidden'.");
}

/** As many as a tab keeps. */
const MAX_SETTLED_CLAIMS = 1_000;

export function checkClaimId(value: unknown): string {
  return checkText(value, 'the id of a claim', 1_000);
}

/** The hub's identity: an absolute http(s) URL. */
export function checkHubUrl(value: unknown): string {
  const text = checkText(value, 'hub');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return fail('hub must be an absolute URL.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') fail('hub must be an http or https URL.');
  if (url.username !== '' || url.password !== '') fail('hub must not hold a user name or password.');
  if (url.hash !== '') fail('hub must not have a fragment.');
  if (secretParameter(url) !== null) fail('hub must not hold a token in its query.');
  return url.href;
}

/** Characters of what names a user. */
const MAX_IDENTITY = 200;

/** Read before all else: what a tab of another build says besides is not for this one to check. */
export function checkContractVersion(value: unknown): number {
  return checkCount(fields(value, 'join')['contractVersion'], 'contractVersion');
}

export function checkHello(value: unknown): Hello {
  const hello = fields(value, 'join');
  const { events } = hello;
  if (!(events instanceof MessagePort)) return fail('join must bring a MessagePort for events.');
  return {
    contractVersion: checkContractVersion(hello),
    tabId: checkText(hello['tabId'], 'tabId', 100),
    tabKey: checkText(hello['tabKey'], 'tabKey', 100),
    tabLock: checkText(hello['tabLock'], 'tabLock', 200),
    visibility: checkVisibility(hello['visibility']),
    events,
  };
}

export function checkWish(value: unknown): HubWish {
  const wish = fields(value, 'attach');
  return {
    hub: checkHubUrl(wish['hub']),
    settings: checkSettings(wish['settings']),
    methods: checkMethods(wish['methods']),
    opens: checkFlag(wish['opens'], 'opens'),
    hasTokenFactory: checkFlag(wish['hasTokenFactory'], 'hasTokenFactory'),
    hasRetryPolicy: checkFlag(wish['hasRetryPolicy'], 'hasRetryPolicy'),
    wantsLog: checkFlag(wish['wantsLog'], 'wantsLog'),
    topics: checkTopics(wish['topics']),
    settledClaims: checkItems(wish['settledClaims'], 'settledClaims', checkClaimId, MAX_SETTLED_CLAIMS),
    identity: wish['identity'] === null ? null : checkText(wish['identity'], 'identity', MAX_IDENTITY),
    attachment: checkCount(wish['attachment'], 'attachment'),
    opening: checkCount(wish['opening'], 'opening'),
  };
}

function checkMethods(value: unknown): string[] {
  const methods = checkList(value, 'methods');
  if (methods.length > MAX_CLIENT_METHODS) throw tooManyMethods();
  return Array.from(methods, (method) => checkClientMethod(method));
}

function checkSettings(value: unknown): HubSettings {
  const settings = fields(value, 'settings');
  const delays = settings['retryDelaysMs'];
  return {
    protocol: checkProtocol(settings['protocol']),
    transport: checkOptionalCount(settings['transport'], 'transport'),
    skipNegotiation: checkFlag(settings['skipNegotiation'], 'skipNegotiation'),
    withCredentials: checkFlag(settings['withCredentials'], 'withCredentials'),
    headers: checkHeaders(settings['headers']),
    requestTimeoutMs: checkOptionalCount(settings['requestTimeoutMs'], 'requestTimeoutMs'),
    serverTimeoutMs: checkOptionalCount(settings['serverTimeoutMs'], 'serverTimeoutMs'),
    keepAliveIntervalMs: checkOptionalCount(settings['keepAliveIntervalMs'], 'keepAliveIntervalMs'),
    statefulReconnectBufferSize: checkOptionalCount(
      settings['statefulReconnectBufferSize'],
      'statefulReconnectBufferSize',
    ),
    retryDelaysMs:
      delays === null
        ? null
        : checkItems(
            delays,
            'retryDelaysMs',
            (delay) => checkCount(delay, 'an item of retryDelaysMs'),
            MAX_RETRY_DELAYS,
          ),
    logLevel: checkOptionalCount(settings['logLevel'], 'logLevel'),
  };
}

function checkHeaders(value: unknown): Readonly<Record<string, string>> {
  const headers = Object.entries(fields(value, 'headers'));
  if (headers.length > MAX_HUB_HEADERS) fail(`headers must be at most ${MAX_HUB_HEADERS}.`);
  return Object.fromEntries(headers.map(([name, header]) => [name, checkWords(header, 'the value of a header')]));
}

function checkProtocol(value: unknown): HubProtocolName {
  return value === 'json' || value === 'messagepack' ? value : fail("protocol must be 'json' or 'messagepack'.");
}

export function checkCall(value: unknown): HubCall {
  const call = fields(value, 'call');
  return {
    hub: checkHubUrl(call['hub']),
    callId: checkCallId(call['callId']),
    method: checkMethod(call['method']),
    args: checkWeight(checkList(call['args'], 'args'), 'args'),
    uploads: checkWhole(call['uploads'], 'uploads', MAX_UPLOADS),
  };
}

/** More streams than a hub method has parameters. */
const MAX_UPLOADS = 100;

export function checkCallId(value: unknown): string {
  return checkText(value, 'callId', 100);
}

export function checkQuestionId(value: unknown): string {
  return checkText(value, 'questionId', 100);
}

export function checkPiece(value: unknown): UploadPiece {
  const piece = fields(value, 'upload');
  return {
    hub: checkHubUrl(piece['hub']),
    callId: checkCallId(piece['callId']),
    stream: checkWhole(piece['stream'], 'stream', MAX_UPLOADS - 1),
    items: checkWeight(checkList(piece['items'], 'items'), 'items'),
    end: piece['end'] === null ? null : checkEnd(piece['end']),
  };
}

function checkEnd(value: unknown): { readonly error: string | null } {
  const { error } = fields(value, 'end');
  return { error: error === null ? null : checkWords(error, 'error') };
}

export function checkResult(value: unknown): HandlersResult {
  const result = fields(value, 'result');
  switch (result['kind']) {
    case 'result':
      return { kind: 'result', value: checkWeight([result['value']], 'value')[0] };
    case 'none':
      return { kind: 'none' };
    case 'error':
      return { kind: 'error', text: checkWords(result['text'], 'text') };
    default:
      return fail("kind must be 'result', 'none' or 'error'.");
  }
}
