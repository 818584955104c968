/** Checks what a tab sends against the contract before anything is done with it. */
import { isReservedMethod } from '../../src/contract/client-methods.js';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type {
  HandlersResult,
  Hello,
  HubCall,
  HubProtocolName,
  HubSettings,
  HubWish,
  UploadPiece,
  Visibility,
} from '../../src/contract/rpc.js';
import { secretParameter } from '../../src/contract/secret-parameters.js';

function fail(detail: string): never {
  throw new HubshareError(
    wireError('message-invalid', `${detail} Use the client of the same hubshare version on this port.`, { detail }),
  );
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, what: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(`${what} must be an object.`);
}

export function checkText(value: unknown, what: string, maxLength = 2_048): string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength
    ? value
    : fail(`${what} must be a text of 1 to ${maxLength} characters.`);
}

function checkFlag(value: unknown, what: string): boolean {
  return typeof value === 'boolean' ? value : fail(`${what} must be true or false.`);
}

export function checkNumber(value: unknown, what: string): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fail(`${what} must be a number.`);
}

function checkCount(value: unknown, what: string): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : fail(`${what} must be a number from 0.`);
}

function checkWhole(value: unknown, what: string, most: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
    ? value
    : fail(`${what} must be a whole number from 0 to ${most}.`);
}

/** Words of an app, of any length, also none. */
function checkWords(value: unknown, what: string): string {
  return typeof value === 'string' ? value : fail(`${what} must be a text.`);
}

function checkOptionalCount(value: unknown, what: string): number | null {
  return value === null ? null : checkCount(value, what);
}

export function checkVisibility(value: unknown): Visibility {
  return value === 'visible' || value === 'hidden' ? value : fail("visibility must be 'visible' or 'hidden'.");
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
  if (secretParameter(url) !== null) fail('hub must not hold a token in its query.');
  return url.href;
}

export function checkHello(value: unknown): Hello {
  const hello = fields(value, 'join');
  const { events } = hello;
  if (!(events instanceof MessagePort)) return fail('join must bring a MessagePort for events.');
  return {
    contractVersion: checkCount(hello['contractVersion'], 'contractVersion'),
    tabId: checkText(hello['tabId'], 'tabId', 100),
    tabLock: checkText(hello['tabLock'], 'tabLock', 200),
    visibility: checkVisibility(hello['visibility']),
    events,
  };
}

export function checkMethod(value: unknown): string {
  return checkText(value, 'method', 1_000);
}

/** A client method that a tab wants to hear. */
export function checkClientMethod(value: unknown): string {
  const name = checkMethod(value);
  return isReservedMethod(name) ? fail(`"${name}" cannot be the name of a client method.`) : name;
}

export function checkWish(value: unknown): HubWish {
  const wish = fields(value, 'attach');
  const { methods } = wish;
  if (!Array.isArray(methods)) fail('methods must be a list.');
  return {
    hub: checkHubUrl(wish['hub']),
    settings: checkSettings(wish['settings']),
    methods: (methods as unknown[]).map(checkClientMethod),
    opens: checkFlag(wish['opens'], 'opens'),
    hasTokenFactory: checkFlag(wish['hasTokenFactory'], 'hasTokenFactory'),
    hasRetryPolicy: checkFlag(wish['hasRetryPolicy'], 'hasRetryPolicy'),
    wantsLog: checkFlag(wish['wantsLog'], 'wantsLog'),
  };
}

function checkSettings(value: unknown): HubSettings {
  const settings = fields(value, 'settings');
  const headers = fields(settings['headers'], 'headers');
  const delays = settings['retryDelaysMs'];
  if (delays !== null && !Array.isArray(delays)) fail('retryDelaysMs must be a list or null.');
  return {
    protocol: checkProtocol(settings['protocol']),
    transport: checkOptionalCount(settings['transport'], 'transport'),
    skipNegotiation: checkFlag(settings['skipNegotiation'], 'skipNegotiation'),
    withCredentials: checkFlag(settings['withCredentials'], 'withCredentials'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
    requestTimeoutMs: checkOptionalCount(settings['requestTimeoutMs'], 'requestTimeoutMs'),
    serverTimeoutMs: checkOptionalCount(settings['serverTimeoutMs'], 'serverTimeoutMs'),
    keepAliveIntervalMs: checkOptionalCount(settings['keepAliveIntervalMs'], 'keepAliveIntervalMs'),
    statefulReconnectBufferSize: checkOptionalCount(
      settings['statefulReconnectBufferSize'],
      'statefulReconnectBufferSize',
    ),
    retryDelaysMs: delays === null ? null : (delays as unknown[]).map((delay) => checkCount(delay, 'retryDelaysMs')),
    logLevel: checkOptionalCount(settings['logLevel'], 'logLevel'),
  };
}

function checkProtocol(value: unknown): HubProtocolName {
  return value === 'json' || value === 'messagepack' ? value : fail("protocol must be 'json' or 'messagepack'.");
}

export function checkCall(value: unknown): HubCall {
  const call = fields(value, 'call');
  const { args } = call;
  if (!Array.isArray(args)) fail('args must be a list.');
  return {
    hub: checkHubUrl(call['hub']),
    callId: checkCallId(call['callId']),
    method: checkMethod(call['method']),
    args: args as unknown[],
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
  const { items } = piece;
  if (!Array.isArray(items)) fail('items must be a list.');
  return {
    hub: checkHubUrl(piece['hub']),
    callId: checkCallId(piece['callId']),
    stream: checkWhole(piece['stream'], 'stream', MAX_UPLOADS - 1),
    items: items as unknown[],
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
      return { kind: 'result', value: result['value'] };
    case 'none':
      return { kind: 'none' };
    case 'error':
      return { kind: 'error', text: checkWords(result['text'], 'text') };
    default:
      return fail("kind must be 'result', 'none' or 'error'.");
  }
}
