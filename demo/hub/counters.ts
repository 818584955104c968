/** What the hub has done so far, as running totals; tests and the demo page read them through the admin endpoint. */
export interface Counters {
  connectionsTotal: number;
  handshakes: number;
  negotiates: number;
  /** Negotiates answered with 503, to come back later. */
  negotiatesRefused: number;
  /** Negotiates answered with the address of another endpoint. */
  redirects: number;
  webSocketUpgrades: number;
  sseStreams: number;
  longPolls: number;
  /** Access tokens, from sign-in and refresh together. */
  tokensIssued: number;
  refreshes: number;
  refreshesRefused: number;
  reauths: number;
  /** Hub messages without pings. */
  messagesSent: number;
  messagesReceived: number;
  invocations: number;
  /** Calls that run now, streams included. */
  invocationsPending: number;
  /** Server streams that run now. */
  streamsOpen: number;
  /** Streams of clients that the hub still takes items of. */
  uploadsOpen: number;
  /** Questions to clients that wait for an answer. */
  clientResultsPending: number;
  /** Calls of `JoinMetric` that were granted. */
  topicJoins: number;
  /** Calls of `LeaveMetric` that were granted. */
  topicLeaves: number;
  /** Requests and re-authentications refused because of their token. */
  authFailures: number;
  tokensInUrl: number;
  /** Bytes of the hub protocol, without the framing of the transport. */
  bytesSent: number;
  bytesReceived: number;
}

export function createCounters(): Counters {
  return {
    connectionsTotal: 0,
    handshakes: 0,
    negotiates: 0,
    negotiatesRefused: 0,
    redirects: 0,
    webSocketUpgrades: 0,
    sseStreams: 0,
    longPolls: 0,
    tokensIssued: 0,
    refreshes: 0,
    refreshesRefused: 0,
    reauths: 0,
    messagesSent: 0,
    messagesReceived: 0,
    invocations: 0,
    invocationsPending: 0,
    streamsOpen: 0,
    uploadsOpen: 0,
    clientResultsPending: 0,
    topicJoins: 0,
    topicLeaves: 0,
    authFailures: 0,
    tokensInUrl: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
}
