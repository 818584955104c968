/** The far end of SignalR's own client: a hub that answers the handshake and lets a test read and write raw messages, over WebSockets or HTTP. */
import {
  AbortError,
  HttpClient,
  HttpError,
  HttpResponse,
  JsonHubProtocol,
  type HttpRequest,
  type HubMessage,
  type IHubProtocol,
} from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { decode } from '@msgpack/msgpack';
import type { HubProtocolName } from '../../src/contract/rpc.js';

const END = '\u001e';
const HANDSHAKE_ANSWER = `{}${END}`;

/** As from a network; taken here, for tests that fake timers later. */
const inLaterTask = setImmediate;

/** What a message of the hub may be. */
export type Frame = string | ArrayBuffer;

/** What the client sent: JSON as an object, MessagePack as the array that is on the wire. */
export type Received = Readonly<Record<string, unknown>> | readonly unknown[];

/** WebSockets to one hub. */
export class FakeWire {
  readonly sockets: FakeWireSocket[] = [];
  readonly WebSocket: typeof WebSocket;
  readonly protocol: IHubProtocol;
  /** New sockets are refused, as by a server that answers 401. */
  refuses = false;
  /** What the hub sends in one frame with its answer to the handshake. */
  greeting: readonly HubMessage[] = [];

  constructor(readonly name: HubProtocolName = 'json') {
    this.protocol = name === 'messagepack' ? new MessagePackHubProtocol() : new JsonHubProtocol();
    const { sockets } = this;
    const hub: HubSide = {
      refuses: () => this.refuses,
      answer: () => joined([HANDSHAKE_ANSWER, ...this.greeting.map((message) => this.protocol.writeMessage(message))]),
    };
    // Does what SignalR uses of a WebSocket, and no more.
    class OwnSocket extends FakeWireSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols, hub);
        sockets.push(this);
      }
    }
    this.WebSocket = OwnSocket as unknown as typeof WebSocket;
  }

  get socket(): FakeWireSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('No socket was opened yet.');
    return socket;
  }

  /** Frames from the client after the handshake, pings, acks and sequences left out. */
  get frames(): Frame[] {
    return this.sockets.flatMap((socket) => socket.frames).filter((frame) => !isUpkeep(read(frame)));
  }

  get received(): Received[] {
    return this.frames.map(read);
  }

  say(...messages: HubMessage[]): void {
    for (const message of messages) this.socket.deliver(this.protocol.writeMessage(message));
  }
}

interface HubSide {
  refuses(): boolean;
  /** To the handshake. */
  answer(): Frame;
}

export class FakeWireSocket extends EventTarget {
  static readonly OPEN = 1;
  readyState = 0;
  binaryType = 'blob';
  onopen: ((event: unknown) => void) | null = null;
  onclose: ((event: unknown) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  /** From the handshake on; SignalR writes several messages at once when it has them. */
  readonly sent: Frame[] = [];
  readonly #hub: HubSide;
  #onmessage: ((event: { readonly data: Frame }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[] = [],
    hub: HubSide,
  ) {
    super();
    this.#hub = hub;
    queueMicrotask(() => {
      if (hub.refuses()) return this.end(1006);
      this.readyState = 1;
      this.onopen?.({});
    });
  }

  // An accessor, as in browsers: one that a subclass can override.
  get onmessage(): ((event: { readonly data: Frame }) => void) | null {
    return this.#onmessage;
  }

  set onmessage(read: ((event: { readonly data: Frame }) => void) | null) {
    this.#onmessage = read;
  }

  get frames(): Frame[] {
    return this.sent.flatMap(split).filter((frame) => !isHandshake(frame));
  }

  send(frame: Frame): void {
    this.sent.push(frame);
    // A connection that goes on after a stateful reconnect has no second handshake.
    if (isHandshake(frame)) inLaterTask(() => this.deliver(this.#answer()));
  }

  #answer(): Frame {
    const answer = this.#hub.answer();
    return this.binaryType === 'arraybuffer' && typeof answer === 'string' ? bytesOf(answer) : answer;
  }

  deliver(data: Frame): void {
    // SignalR sets its handler last.
    this.dispatchEvent(new Event('message'));
    this.onmessage?.({ data });
  }

  /** The socket is cut from the other side. */
  end(code = 1006): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ wasClean: code === 1000, code, reason: '' });
    this.dispatchEvent(new Event('close'));
  }

  close(): void {
    this.end(1000);
  }
}

const bytesOf = (frame: Frame): ArrayBuffer =>
  typeof frame === 'string' ? new TextEncoder().encode(frame).buffer : frame;

/** Bytes when one of them is. */
function joined(frames: readonly Frame[]): Frame {
  if (frames.every((frame) => typeof frame === 'string')) return frames.join('');
  const all = frames.flatMap((frame) => [...new Uint8Array(bytesOf(frame))]);
  return new Uint8Array(all).buffer;
}

/** One frame for each message. */
function split(frame: Frame): Frame[] {
  if (typeof frame === 'string') {
    return frame
      .split(END)
      .slice(0, -1)
      .map((text) => text + END);
  }
  const frames: Frame[] = [];
  let start = 0;
  while (start < frame.byteLength) {
    const { from, size } = lengthOf(new Uint8Array(frame, start));
    frames.push(frame.slice(start, start + from + size));
    start += from + size;
  }
  return frames;
}

/** The length before a binary message: 7 bits a byte, the low ones first. */
function lengthOf(bytes: Uint8Array): { readonly from: number; readonly size: number } {
  const from = bytes.findIndex((byte) => byte < 0x80) + 1;
  const size = bytes.subarray(0, from).reduceRight((sum, byte) => sum * 0x80 + (byte & 0x7f), 0);
  return { from, size };
}

/** Reads one frame. */
export function read(frame: Frame): Received {
  if (typeof frame === 'string') return JSON.parse(frame.slice(0, -1)) as Received;
  const bytes = new Uint8Array(frame);
  return decode(bytes.subarray(lengthOf(bytes).from)) as unknown[];
}

function isHandshake(frame: Frame): boolean {
  return typeof frame === 'string' && frame.startsWith('{"protocol"');
}

/** Ping, ack, sequence. */
function isUpkeep(message: Received): boolean {
  const type = Array.isArray(message) ? message[0] : (message as { readonly type?: unknown }).type;
  return type === 6 || type === 8 || type === 9;
}

/** An HTTP hub: negotiate as a test says, and long polling. Answers like FetchHttpClient: what is not 2xx is thrown. */
export class FakeHttpHub extends HttpClient {
  readonly requests: HttpRequest[] = [];
  /** By URL without query. */
  readonly negotiates = new Map<string, () => object>();
  /** Statuses that a test wants instead of an answer. */
  refuse: (request: HttpRequest) => number | null = () => null;
  #polls: ((frame: Frame) => void)[] = [];
  #waiting: Frame[] = [];
  readonly #firstPollOf = new Set<string>();

  override async send(request: HttpRequest): Promise<HttpResponse> {
    // Like FetchHttpClient: nothing is sent.
    if (request.abortSignal?.aborted === true) throw new AbortError();
    this.requests.push({ ...request });
    const status = this.refuse(request);
    if (status !== null) throw new HttpError('refused', status);
    const { origin, pathname, searchParams } = new URL(request.url ?? '');
    const negotiate = this.negotiates.get(origin + pathname);
    if (negotiate !== undefined) return new HttpResponse(200, 'OK', JSON.stringify(negotiate()));
    switch (request.method) {
      case 'GET': {
        const id = searchParams.get('id') ?? '';
        // The first poll only opens the connection.
        if (!this.#firstPollOf.has(id)) {
          this.#firstPollOf.add(id);
          return new HttpResponse(200, 'OK', '');
        }
        return this.#poll(request);
      }
      case 'POST':
        if (isHandshake(request.content ?? '')) this.say(this.binary ? bytesOf(HANDSHAKE_ANSWER) : HANDSHAKE_ANSWER);
        return new HttpResponse(200, 'OK', '');
      default:
        return new HttpResponse(202, 'Accepted', '');
    }
  }

  /** The connection speaks MessagePack. */
  binary = false;

  say(frame: Frame): void {
    const poll = this.#polls.shift();
    if (poll === undefined) this.#waiting.push(frame);
    else poll(frame);
  }

  /** Ends the poll that waits, with a status. */
  failPoll: (status: number) => void = () => undefined;

  /** Where each request went and with which token. */
  get log(): string[] {
    return this.requests.map((request) => {
      const { host, pathname } = new URL(request.url ?? '');
      return `${request.method ?? ''} ${host}${pathname} ${request.headers?.['Authorization'] ?? 'anonymous'}`;
    });
  }

  #poll(request: HttpRequest): Promise<HttpResponse> {
    const ready = this.#waiting.shift();
    if (ready !== undefined) return Promise.resolve(new HttpResponse(200, 'OK', ready as string));
    return new Promise((resolve, reject) => {
      const answer = (frame: Frame): void => resolve(new HttpResponse(200, 'OK', frame as string));
      const fail = (error: Error): void => {
        this.#polls = this.#polls.filter((poll) => poll !== answer);
        reject(error);
      };
      this.#polls.push(answer);
      this.failPoll = (status) => fail(new HttpError('refused', status));
      if (request.abortSignal) request.abortSignal.onabort = () => fail(new Error('aborted'));
    });
  }
}
