/** Makes broken messages of right ones, as a broken build or a hostile script would send them: one or more parts are something else. */
import type { Seeded } from './seeded.js';

type Parts = Record<string | number, unknown>;

const NAMES = ['__proto__', 'constructor', 'toString', 'then', 'value', 'type', 'id', 'path', 'hub', 'length', '', 'x'];

const TEXTS = [
  '',
  ' ',
  'x',
  '__proto__',
  'constructor',
  'APPLY',
  'RAW',
  'HANDLER',
  'proxy',
  'throw',
  '\u0000',
  '\ud800',
  'https://h.test/hubs/other',
  'javascript:alert(1)',
  'https://h.test/hubs/ops?access_token=abc',
  '../../etc/passwd',
  '9'.repeat(400),
  'x'.repeat(3_000),
];

const NUMBERS = [0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308];

/** Anything that can be cloned, and some things that cannot. */
export function anything(random: Seeded, depth = 0): unknown {
  switch (random.below(depth > 3 ? 8 : 21)) {
    case 0:
      return undefined;
    case 1:
      return null;
    case 2:
      return random.chance(0.5);
    case 3:
    case 4:
      return random.pick(NUMBERS);
    case 5:
    case 6:
      return random.pick(TEXTS);
    case 7:
      return 10n;
    case 8:
      return Array.from({ length: random.below(4) }, () => anything(random, depth + 1));
    case 9:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [random.pick(NAMES), anything(random, depth + 1)]),
      );
    case 10:
      return new Map([[anything(random, depth + 1), anything(random, depth + 1)]]);
    case 11:
      return new Set([anything(random, depth + 1)]);
    case 12:
      return new Date(random.pick(NUMBERS));
    case 13:
      return random.chance(0.5) ? new Error('an error') : /x+/g;
    case 14:
      return random.chance(0.5) ? new ArrayBuffer(random.below(64)) : new Uint16Array(random.below(64));
    case 15: {
      // A few bytes on the way, and billions of items.
      const endless: unknown[] = [];
      endless.length = random.pick([10, 2 ** 32 - 1]);
      return endless;
    }
    case 16: {
      const ring: Parts = {};
      ring['self'] = random.chance(0.5) ? ring : [ring];
      return ring;
    }
    case 17: {
      let deep: unknown = 'bottom';
      for (let n = random.pick([5, 50, 2_000]); n > 0; n -= 1) deep = random.chance(0.5) ? [deep] : { a: deep };
      return deep;
    }
    case 18: {
      let wide: unknown = 'x';
      for (let n = 0; n < 30; n += 1) wide = [wide, wide];
      return wide;
    }
    case 19:
      return Object.defineProperty({}, random.pick(NAMES), {
        enumerable: true,
        configurable: true,
        get: () => anything(random, depth + 1),
      });
    default:
      return random.chance(0.02) ? 'x'.repeat(1_000_000) : Object.create(null);
  }
}

/** @returns A copy of the message, of which between one and three parts are something else. */
export function mutate(message: unknown, random: Seeded): unknown {
  const root = [copy(message)];
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const within = random.pick(listsAndObjects(root));
    const names = Object.keys(within);
    const name = random.chance(0.85) && names.length > 0 ? random.pick(names) : random.pick(NAMES);
    change(within, name, random);
  }
  return root[0];
}

function change(within: Parts, name: string, random: Seeded): void {
  const value = within[name];
  switch (random.below(6)) {
    case 0:
      if (name !== 'length') Reflect.deleteProperty(within, name);
      return;
    case 1:
      set(within, random.pick(NAMES), value);
      return;
    case 2:
      set(within, name, [value]);
      return;
    case 3:
      set(within, name, { value });
      return;
    default:
      set(within, name, anything(random));
  }
}

/** `__proto__` by assignment would only change the prototype. */
function set(within: Parts, name: string, value: unknown): void {
  if (Array.isArray(within) && name === 'length') return;
  Object.defineProperty(within, name, { value, enumerable: true, configurable: true, writable: true });
}

function listsAndObjects(root: unknown[]): Parts[] {
  const found: Parts[] = [];
  const open: unknown[] = [root];
  while (open.length > 0 && found.length < 200) {
    const next = open.pop();
    if (!isPlain(next) || found.includes(next)) continue;
    found.push(next);
    if (Object.keys(next).length < 100) open.push(...Object.values(next));
  }
  return found;
}

function copy(value: unknown): unknown {
  if (!isPlain(value)) return value;
  if (Array.isArray(value)) return value.map(copy);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copy(part)]));
}

function isPlain(value: unknown): value is Parts {
  if (Array.isArray(value)) return value.length < 1_000;
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
