/** `hubshare/otlp`: a hub's figures as the JSON that an OpenTelemetry collector takes at `/v1/metrics`. Depends on nothing. */
import type { Histogram, HubMetrics } from '../contract/metrics.js';

export type AttributeValue = string | number | boolean;

/** A value of OTLP: 64-bit integers are texts, as in the JSON form of protobuf. */
export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number };

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

interface OtlpPoint {
  readonly attributes: readonly OtlpAttribute[];
  /** Nanoseconds since the epoch, as are all such times. */
  readonly timeUnixNano: string;
}

export type OtlpNumberPoint = OtlpPoint & { readonly startTimeUnixNano?: string } & (
    { readonly asInt: string } | { readonly asDouble: number }
  );

export interface OtlpHistogramPoint extends OtlpPoint {
  readonly startTimeUnixNano: string;
  readonly count: string;
  /** Seconds. */
  readonly sum: number;
  readonly bucketCounts: readonly string[];
  /** Seconds. */
  readonly explicitBounds: readonly number[];
}

/** `AGGREGATION_TEMPORALITY_CUMULATIVE` */
type Cumulative = 2;

export type OtlpMetric = { readonly name: string; readonly unit: string; readonly description: string } & (
  | {
      readonly sum: {
        readonly aggregationTemporality: Cumulative;
        readonly isMonotonic: boolean;
        readonly dataPoints: readonly OtlpNumberPoint[];
      };
    }
  | { readonly gauge: { readonly dataPoints: readonly OtlpNumberPoint[] } }
  | {
      readonly histogram: {
        readonly aggregationTemporality: Cumulative;
        readonly dataPoints: readonly OtlpHistogramPoint[];
      };
    }
);

/** An `ExportMetricsServiceRequest`. */
export interface OtlpMetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly OtlpMetric[];
    }[];
  }[];
}

const CUMULATIVE = 2;

/** The values that OpenTelemetry's conventions for SignalR give `signalr.transport`. */
const TRANSPORTS: Readonly<Record<string, string>> = {
  WebSockets: 'web_sockets',
  ServerSentEvents: 'server_sent_events',
  LongPolling: 'long_polling',
};

/**
 * Turns what `connection.metrics()` gives into an OTLP request, to be posted as `application/json`. Sums are cumulative since the
 * worker started, and `service.instance.id` is the worker's start, so that a new worker is a new series. All tabs of a browser share
 * the figures: let one send them, the one where `connection.isPrimary` is true.
 *
 * OpenTelemetry has names for SignalR servers, not for clients: names begin with `hubshare.`; attributes are those of its conventions
 * (`server.address`, `server.port`, `url.path`, `url.scheme`, `signalr.transport`, `error.type`) where it has them.
 *
 * @param resource - Attributes of the app, such as `service.name`. They come before the ones given here.
 * @example
 * if (connection.isPrimary) {
 *   const body = JSON.stringify(toOtlp(await connection.metrics(), { 'service.name': 'ops-console' }));
 *   await fetch('/v1/metrics', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
 * }
 * @see {@link https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding}
 */
export function toOtlp(
  metrics: HubMetrics,
  resource: Readonly<Record<string, AttributeValue>> = {},
): OtlpMetricsRequest {
  const defaults = { 'service.name': 'unknown_service', 'service.instance.id': metrics.bootId };
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributesOf({ ...defaults, ...resource }) },
        scopeMetrics: [{ scope: { name: 'hubshare' }, metrics: metricsOf(metrics) }],
      },
    ],
  };
}

function metricsOf(metrics: HubMetrics): OtlpMetric[] {
  const { connection, authentication, token, alertsRaised } = metrics;
  const { protocol, hostname, port, pathname } = new URL(metrics.hub);
  const scheme = protocol.slice(0, -1);
  const hub = {
    'server.address': hostname,
    'server.port': port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    'url.scheme': scheme,
    'url.path': pathname,
  };
  // Without a hub the same figures, sent for each of several hubs, are one series and not added up.
  const ofToken = token.isShared ? {} : hub;
  const timeUnixNano = nano(metrics.atMs);
  // A clock that was set back must not make the start later than the reading.
  const startTimeUnixNano = nano(Math.min(metrics.startedAtMs, metrics.atMs));
  type Attributes = Readonly<Record<string, AttributeValue>>;

  function count(value: number, attributes: Attributes = hub): OtlpNumberPoint {
    return { attributes: attributesOf(attributes), startTimeUnixNano, timeUnixNano, asInt: String(value) };
  }

  function sum(name: string, unit: string, description: string, ...dataPoints: OtlpNumberPoint[]): OtlpMetric {
    return { name, unit, description, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
  }

  function durations(name: string, description: string, values: Histogram, attributes: Attributes): OtlpMetric {
    const point: OtlpHistogramPoint = {
      attributes: attributesOf(attributes),
      startTimeUnixNano,
      timeUnixNano,
      count: String(values.count),
      sum: values.sumMs / 1_000,
      bucketCounts: values.counts.map(String),
      explicitBounds: values.boundsMs.map((ms) => ms / 1_000),
    };
    return {
      name,
      unit: 's',
      description,
      histogram: { aggregationTemporality: CUMULATIVE, dataPoints: [point] },
    };
  }

  const transport = connection.transport === null ? undefined : TRANSPORTS[connection.transport];
  const uptime: OtlpNumberPoint = {
    attributes: attributesOf(transport === undefined ? hub : { ...hub, 'signalr.transport': transport }),
    timeUnixNano,
    asDouble: connection.uptimeMs / 1_000,
  };
  const connectedTime: OtlpNumberPoint = {
    attributes: attributesOf(hub),
    startTimeUnixNano,
    timeUnixNano,
    asDouble: connection.connectedMs / 1_000,
  };
  const failures = Object.entries(authentication.failures).map(([reason, value]) =>
    count(value, { ...(reason === 'refused-by-hub' ? hub : ofToken), 'error.type': reason }),
  );
  const alerts = Object.entries(alertsRaised).map(([kind, value]) =>
    count(value, { ...hub, 'hubshare.alert.kind': kind }),
  );

  return [
    sum('hubshare.connection.connects', '{connect}', 'Times that the hub was connected.', count(connection.connects)),
    sum(
      'hubshare.connection.disconnects',
      '{disconnect}',
      'Connections that were lost, not asked for.',
      count(connection.disconnects),
    ),
    sum(
      'hubshare.connection.resumes',
      '{resume}',
      'Lost connections that stateful reconnect has brought back.',
      count(connection.resumes),
    ),
    {
      name: 'hubshare.connection.uptime',
      unit: 's',
      description: 'For how long the present connection is up; 0 while there is none.',
      gauge: { dataPoints: [uptime] },
    },
    sum('hubshare.connection.time', 's', 'For how long the hub was connected, added up.', connectedTime),
    durations(
      'hubshare.connection.reconnect.duration',
      'From the loss of a connection until the hub was connected again.',
      connection.reconnects,
      hub,
    ),
    sum(
      'hubshare.authentication.successes',
      '{authentication}',
      'Tokens that the hub has accepted.',
      count(authentication.accepted),
    ),
    sum('hubshare.authentication.failures', '{authentication}', 'Failed authentications by reason.', ...failures),
    sum(
      'hubshare.token.refreshes',
      '{refresh}',
      'Tokens that took the place of one before.',
      count(token.refreshes, ofToken),
    ),
    sum('hubshare.token.failures', '{failure}', 'Times that no token came of asking.', count(token.failures, ofToken)),
    durations('hubshare.token.fetch.duration', 'How long it took to get a token.', token.fetches, ofToken),
    sum('hubshare.events.received', '{event}', 'Events from the hub.', count(metrics.events)),
    sum('hubshare.events.dropped', '{event}', 'Events that were dropped, once per tab.', count(metrics.dropped)),
    sum('hubshare.calls.made', '{call}', 'Calls of hub methods.', count(metrics.calls)),
    sum('hubshare.calls.failed', '{call}', 'Calls of hub methods that failed.', count(metrics.callsFailed)),
    sum('hubshare.alerts', '{alert}', 'Alerts that were raised, by kind.', ...alerts),
    {
      name: 'hubshare.tabs',
      unit: '{tab}',
      description: 'Tabs that want the hub.',
      sum: { aggregationTemporality: CUMULATIVE, isMonotonic: false, dataPoints: [count(metrics.tabs)] },
    },
  ];
}

function nano(ms: number): string {
  return `${Math.round(ms)}000000`;
}

function attributesOf(values: Readonly<Record<string, AttributeValue>>): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: AttributeValue): OtlpValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
