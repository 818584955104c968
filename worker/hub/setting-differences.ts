/** What a tab asked for and does not get, because the hub is already connected as another tab asked. A pure function. */
import type { HubSettings, HubWish, SettingDifference } from '../../src/contract/rpc.js';
import { UNACKNOWLEDGED_BYTES } from './protocol/acknowledgements.js';
import type { Topic } from '../delivery/topic-declarations.js';

/** What `null` comes to, where it is the same for every worker: asking for it by name is no difference. */
const DEFAULTS: Partial<Record<keyof HubSettings, unknown>> = {
  /** WebSockets, server-sent events and long polling. */
  transport: 7,
  requestTimeoutMs: 100_000,
  serverTimeoutMs: 30_000,
  keepAliveIntervalMs: 15_000,
  statefulReconnectBufferSize: UNACKNOWLEDGED_BYTES,
  /** Warning. */
  logLevel: 3,
};

/** In the order of the contract. A tab that leaves a setting to the worker (`null`) finds no difference in it. */
export function settingDifferences(inForce: HubSettings, asked: HubSettings): SettingDifference[] {
  const others = (Object.keys(inForce) as (keyof HubSettings)[]).filter((setting) => setting !== 'headers');
  const differences: SettingDifference[] = others
    .filter((setting) => asked[setting] !== null && write(inForce, setting) !== write(asked, setting))
    .map((setting) => ({ setting, inForce: show(inForce[setting]), asked: show(asked[setting]) }));
  const headers = headerDifference(inForce.headers, asked.headers);
  return headers === null ? differences : [...differences, headers];
}

/** In a form in which equal settings are the same text. */
function write(settings: HubSettings, setting: keyof HubSettings): string {
  return JSON.stringify(settings[setting] ?? DEFAULTS[setting] ?? null);
}

function show(value: HubSettings[Exclude<keyof HubSettings, 'headers'>]): string {
  if (value === null) return 'the default';
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}

type Headers = Readonly<Record<string, string>>;

/** Header names are the same in upper and lower case. */
function headerDifference(inForce: Headers, asked: Headers): SettingDifference | null {
  const known = new Map(Object.entries(inForce).map(([name, value]) => [name.toLowerCase(), value]));
  const wanted = new Map(Object.entries(asked).map(([name, value]) => [name.toLowerCase(), value]));
  const isSame = known.size === wanted.size && [...wanted].every(([name, value]) => known.get(name) === value);
  if (isSame) return null;
  const shown = Object.keys(asked).map((name) => {
    const value = known.get(name.toLowerCase());
    return value === undefined || value === wanted.get(name.toLowerCase()) ? name : `${name} (another value)`;
  });
  return { setting: 'headers', inForce: names(Object.keys(inForce)), asked: names(shown) };
}

function names(list: readonly string[]): string {
  return list.length === 0 ? 'none' : list.join(', ');
}

/** Of a topic that both have declared, only what is not the same is shown. */
export function topicDifferences(
  inForce: (name: string) => Topic | undefined,
  asked: HubWish['topics'],
): SettingDifference[] {
  return Object.entries(asked).flatMap(([name, declaration]): SettingDifference[] => {
    const known = inForce(name);
    if (known === undefined) return [];
    const parts = topicParts(known);
    const wanted = topicParts(declaration);
    const differing = parts.flatMap((part, place) => (part === wanted[place] ? [] : [place]));
    const shown = (all: readonly string[]): string => differing.map((place) => all[place]).join(', ');
    return differing.length === 0 ? [] : [{ setting: `topics.${name}`, inForce: shown(parts), asked: shown(wanted) }];
  });
}

function topicParts({ event, join, leave, keyPath, retain }: Pick<Topic, 'keyPath'> & Omit<Topic, 'name' | 'keyOf'>) {
  return [
    `event ${event}`,
    `join ${join}`,
    `leave ${leave}`,
    `key ${keyPath === null ? 'by a function of the worker' : JSON.stringify(keyPath)}`,
    `retain ${retain}`,
  ];
}
