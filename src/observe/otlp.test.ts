import { describe, expect, it } from 'vitest';
import type { Histogram, HubMetrics } from '../contract/metrics.js';
import { toOtlp, type OtlpMetric } from './otlp.js';

const NONE: Histogram = { boundsMs: [10, 500], counts: [0, 0, 0], count: 0, sumMs: 0, lastMs: null };

const METRICS: HubMetrics = {
  hub: 'https://h.test/hubs/ops',
  bootId: 'boot-1',
  startedAtMs: 1_700_000_000_000,
  atMs: 1_700_000_060_000,
  tabs: 3,
  connection: {
    isConnected: true,
    transport: 'WebSockets',
    connects: 2,
    disconnects: 1,
    resumes: 0,
    uptimeMs: 1_500,
    connectedMs: 59_250,
    reconnects: { boundsMs: [10, 500], counts: [0, 1, 0], count: 1, sumMs: 250, lastMs: 250 },
  },
  authentication: { accepted: 2, failures: { 'refused-by-hub': 1, 'refused-by-issuer': 0, 'no-token': 4 } },
  token: { isShared: false, refreshes: 1, failures: 4, fetches: { ...NONE, counts: [2, 0, 0], count: 2, sumMs: 12 } },
  events: 12_345,
  calls: 6,
  callsFailed: 1,
  dropped: 7,
  alertsRaised: { 'frequent-disconnects': 0, 'authentication-failed': 1 },
  alerts: [],
};

function exported(metrics: HubMetrics = METRICS): readonly OtlpMetric[] {
  return toOtlp(metrics).resourceMetrics[0]!.scopeMetrics[0]!.metrics;
}

function metric(name: string, metrics?: HubMetrics): OtlpMetric {
  return exported(metrics).find((one) => one.name === name)!;
}

interface Point {
  readonly asInt?: string;
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

/** The points of a metric, of whatever kind. */
function pointsOf(name: string, metrics?: HubMetrics): readonly Point[] {
  const one = metric(name, metrics) as unknown as Readonly<Record<string, { readonly dataPoints: readonly Point[] }>>;
  return (one['sum'] ?? one['gauge'] ?? one['histogram'])!.dataPoints;
}

/** What the message definitions of OTLP and the JSON form of protobuf ask of a value, found independently of the types above. */
function problemsOf(request: unknown): string[] {
  const problems: string[] = [];
  const check = (ok: boolean, path: string): void => {
    if (!ok) problems.push(path);
  };
  const uint64 = (value: unknown): boolean => typeof value === 'string' && /^\d+$/.test(value);
  const int64 = (value: unknown): boolean => typeof value === 'string' && /^-?\d+$/.test(value);
  type Bag = Record<string, unknown>;
  const list = (value: unknown): Bag[] => (Array.isArray(value) ? (value as Bag[]) : []);
  const only = (bag: Bag, names: readonly string[], path: string): void =>
    check(
      Object.keys(bag).every((key) => names.includes(key)),
      `${path} has only known fields`,
    );
  const attributes = (value: unknown, path: string): void => {
    check(Array.isArray(value), `${path}.attributes`);
    const keys = list(value).map(({ key }) => key);
    check(new Set(keys).size === keys.length, `${path}.attributes are unique`);
    for (const { key, value: any } of list(value)) {
      const [[kind, content] = ['', null], ...more] = Object.entries(any as Bag);
      check(typeof key === 'string' && key !== '' && more.length === 0, `${path}.attributes.${String(key)}`);
      const isRight =
        (kind === 'stringValue' && typeof content === 'string') ||
        (kind === 'boolValue' && typeof content === 'boolean') ||
        (kind === 'doubleValue' && typeof content === 'number') ||
        (kind === 'intValue' && int64(content));
      check(isRight, `${path}.attributes.${String(key)}.${kind}`);
    }
  };
  const root = request as Bag;
  only(root, ['resourceMetrics'], 'request');
  for (const resourceMetrics of list(root['resourceMetrics'])) {
    only(resourceMetrics, ['resource', 'scopeMetrics'], 'resourceMetrics');
    attributes((resourceMetrics['resource'] as Bag)['attributes'], 'resource');
    for (const scopeMetrics of list(resourceMetrics['scopeMetrics'])) {
      only(scopeMetrics, ['scope', 'metrics'], 'scopeMetrics');
      for (const one of list(scopeMetrics['metrics'])) {
        const name = String(one['name']);
        check(/^[a-z]+(\.[a-z_]+)+$/.test(name), `name of ${name}`);
        check(typeof one['unit'] === 'string' && /^(s|\{[a-z]+\})$/.test(one['unit']), `unit of ${name}`);
        only(one, ['name', 'unit', 'description', 'sum', 'gauge', 'histogram'], name);
        const data = (one['sum'] ?? one['gauge'] ?? one['histogram']) as Bag;
        const temporality = one['gauge'] === undefined ? 2 : undefined;
        check(data['aggregationTemporality'] === temporality, `${name}.aggregationTemporality`);
        check((typeof data['isMonotonic'] === 'boolean') === (one['sum'] !== undefined), `${name}.isMonotonic`);
        check(list(data['dataPoints']).length > 0, `${name}.dataPoints`);
        for (const point of list(data['dataPoints'])) {
          attributes(point['attributes'], name);
          check(uint64(point['timeUnixNano']), `${name}.timeUnixNano`);
          const needsStart = one['gauge'] === undefined;
          check(!needsStart || uint64(point['startTimeUnixNano']), `${name}.startTimeUnixNano`);
          if (one['histogram'] === undefined) {
            check(int64(point['asInt']) !== (typeof point['asDouble'] === 'number'), `${name} is asInt or asDouble`);
            continue;
          }
          const counts = list(point['bucketCounts']) as unknown[];
          const bounds = list(point['explicitBounds']) as unknown as number[];
          check(uint64(point['count']) && counts.every(uint64), `${name} counts are texts`);
          check(counts.length === bounds.length + 1, `${name} has one bucket more than bounds`);
          check(
            bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? 0)),
            `${name} bounds grow`,
          );
          const sum = counts.reduce<number>((total, count) => total + Number(count), 0);
          check(sum === Number(point['count']), `${name} counts add up`);
        }
      }
    }
  }
  return problems;
}

it('is what the JSON form of OTLP asks for, also after a trip through JSON', () => {
  const request = toOtlp(METRICS, {
    'service.name': 'ops-console',
    'app.beta': true,
    'app.share': 0.5,
    'app.year': 2026,
  });
  expect(problemsOf(request)).toEqual([]);
  expect(JSON.parse(JSON.stringify(request))).toEqual(request);
  expect(exported()).toHaveLength(17);
});

it('gives each name once, and none that is also the beginning of another', () => {
  const names = exported().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
});

it('names the app and the worker, and lets the app have its way', () => {
  const attributes = (resource?: Record<string, string>): unknown =>
    toOtlp(METRICS, resource).resourceMetrics[0]!.resource.attributes;
  expect(attributes()).toEqual([
    { key: 'service.name', value: { stringValue: 'unknown_service' } },
    { key: 'service.instance.id', value: { stringValue: 'boot-1' } },
  ]);
  expect(attributes({ 'service.name': 'ops', 'service.instance.id': 'mine' })).toEqual([
    { key: 'service.name', value: { stringValue: 'ops' } },
    { key: 'service.instance.id', value: { stringValue: 'mine' } },
  ]);
});

it('counts monotonically since the worker started', () => {
  expect(metric('hubshare.connection.disconnects')).toMatchObject({
    unit: '{disconnect}',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [{ startTimeUnixNano: '1700000000000000000', timeUnixNano: '1700000060000000000', asInt: '1' }],
    },
  });
});

it('does not start later than it is read, though the clock was set back', () => {
  const [point] = pointsOf('hubshare.events.received', { ...METRICS, startedAtMs: METRICS.atMs + 5 });
  expect(point?.startTimeUnixNano).toBe(point?.timeUnixNano);
});

it('measures in seconds', () => {
  expect(metric('hubshare.connection.uptime')).toMatchObject({ unit: 's', gauge: { dataPoints: [{ asDouble: 1.5 }] } });
  expect(metric('hubshare.connection.time')).toMatchObject({ unit: 's', sum: { dataPoints: [{ asDouble: 59.25 }] } });
  expect(metric('hubshare.connection.reconnect.duration')).toMatchObject({
    unit: 's',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [{ count: '1', sum: 0.25, bucketCounts: ['0', '1', '0'], explicitBounds: [0.01, 0.5] }],
    },
  });
});

it('tells failed authentications apart by error.type, and alerts by kind', () => {
  const points = (name: string, key: string): unknown =>
    pointsOf(name).map(({ asInt, attributes }) => [
      attributes.find((one) => one.key === key)?.value.stringValue,
      asInt,
    ]);
  expect(points('hubshare.authentication.failures', 'error.type')).toEqual([
    ['refused-by-hub', '1'],
    ['refused-by-issuer', '0'],
    ['no-token', '4'],
  ]);
  expect(points('hubshare.alerts', 'hubshare.alert.kind')).toEqual([
    ['frequent-disconnects', '0'],
    ['authentication-failed', '1'],
  ]);
});

describe('attributes', () => {
  const keys = (name: string, metrics?: HubMetrics): string[] =>
    pointsOf(name, metrics)[0]!.attributes.map(({ key }) => key);
  const HUB = ['server.address', 'server.port', 'url.scheme', 'url.path'];

  it.each([
    ['https://h.test/hubs/ops', '443'],
    ['http://h.test/hubs/ops', '80'],
    ['http://localhost:5000/hubs/ops', '5000'],
  ])('of %s have port %s', (hub, port) => {
    expect(metric('hubshare.tabs', { ...METRICS, hub })).toMatchObject({
      sum: {
        isMonotonic: false,
        dataPoints: [{ asInt: '3', attributes: [{}, { value: { intValue: port } }, {}, {}] }],
      },
    });
  });

  it('hold nothing of the query of a hub, nor of the name and password in its URL', () => {
    const hub = 'https://ann-signs-in:with-this@h.test/hubs/ops?id=connection-token#part';
    expect(JSON.stringify(toOtlp({ ...METRICS, hub }))).not.toMatch(/ann-signs-in|with-this|connection-token|part"/);
  });

  it('name the transport while there is one', () => {
    expect(keys('hubshare.connection.uptime')).toEqual([...HUB, 'signalr.transport']);
    const down = { ...METRICS, connection: { ...METRICS.connection, transport: null } };
    expect(keys('hubshare.connection.uptime', down)).toEqual(HUB);
  });

  it('name no hub where the figures are of a token that all hubs share: sent for each, they are one series', () => {
    const shared = { ...METRICS, token: { ...METRICS.token, isShared: true } };
    for (const name of ['hubshare.token.refreshes', 'hubshare.token.failures', 'hubshare.token.fetch.duration']) {
      expect(keys(name)).toEqual(HUB);
      expect(keys(name, shared)).toEqual([]);
    }
    expect(keys('hubshare.connection.connects', shared)).toEqual(HUB);
  });
});
