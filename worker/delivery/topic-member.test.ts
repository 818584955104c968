import { describe, expect, it } from 'vitest';
import {
  NEW_MEMBER,
  transition,
  type Demand,
  type MemberEffect,
  type MemberEvent,
  type MemberState,
} from './topic-member.js';

const apart = (demand: Demand): MemberState => ({ kind: 'apart', demand });
const at = (kind: 'joining' | 'joined' | 'leaving', demand: Demand): MemberState => ({ kind, demand, run: 1 });
const types = (effects: readonly MemberEffect[]) => effects.map(({ type }) => type);

it.each<[string, MemberState, MemberEvent, MemberState, MemberEffect['type'][]]>([
  ['held while connected: joins', NEW_MEMBER, { type: 'held', run: 1 }, at('joining', 'held'), ['join']],
  ['held while not connected: waits', NEW_MEMBER, { type: 'held', run: null }, apart('held'), []],
  ['connected: joins what is held', apart('held'), { type: 'connected', run: 1 }, at('joining', 'held'), ['join']],
  ['let in', at('joining', 'held'), { type: 'let-in', run: 1 }, at('joined', 'held'), []],
  ['released: lingers', at('joined', 'held'), { type: 'released' }, at('joined', 'lingering'), ['arm-linger']],
  [
    'held again in time: stays',
    at('joined', 'lingering'),
    { type: 'held', run: 1 },
    at('joined', 'held'),
    ['disarm-linger'],
  ],
  [
    'not wanted any more: leaves',
    at('joined', 'lingering'),
    { type: 'linger-over' },
    at('leaving', 'none'),
    ['drop-value', 'leave'],
  ],
  ['left: is forgotten', at('leaving', 'none'), { type: 'left', run: 1 }, NEW_MEMBER, ['forget']],

  [
    'released during the join: lingers',
    at('joining', 'held'),
    { type: 'released' },
    at('joining', 'lingering'),
    ['arm-linger'],
  ],
  [
    'let in while it lingers: lingers on',
    at('joining', 'lingering'),
    { type: 'let-in', run: 1 },
    at('joined', 'lingering'),
    [],
  ],
  [
    'no longer wanted during the join: waits for its end',
    at('joining', 'lingering'),
    { type: 'linger-over' },
    at('joining', 'none'),
    [],
  ],
  [
    'let in when nobody wants it: leaves',
    at('joining', 'none'),
    { type: 'let-in', run: 1 },
    at('leaving', 'none'),
    ['drop-value', 'leave'],
  ],
  [
    'held again during the join: is not asked for twice',
    at('joining', 'none'),
    { type: 'held', run: 1 },
    at('joining', 'held'),
    [],
  ],

  [
    'held during the leave: waits for its end',
    at('leaving', 'none'),
    { type: 'held', run: 1 },
    at('leaving', 'held'),
    [],
  ],
  [
    'left when it is held again: joins',
    at('leaving', 'held'),
    { type: 'left', run: 1 },
    at('joining', 'held'),
    ['join'],
  ],
  [
    'held and released during the leave: lingers',
    at('leaving', 'held'),
    { type: 'released' },
    at('leaving', 'lingering'),
    ['arm-linger'],
  ],
  [
    'left while it lingers: is forgotten',
    at('leaving', 'lingering'),
    { type: 'left', run: 1 },
    NEW_MEMBER,
    ['disarm-linger', 'forget'],
  ],

  ['refused: is forgotten', at('joining', 'held'), { type: 'refused', run: 1 }, NEW_MEMBER, ['forget']],
  [
    'refused while it lingers: no timer is left',
    at('joining', 'lingering'),
    { type: 'refused', run: 1 },
    NEW_MEMBER,
    ['disarm-linger', 'forget'],
  ],
  [
    'perhaps joined: leaves, to be sure',
    at('joining', 'held'),
    { type: 'join-failed', run: 1, isHeld: false },
    at('leaving', 'none'),
    ['drop-value', 'leave'],
  ],
  [
    'perhaps joined, and held by others: leaves, and joins again after that',
    at('joining', 'held'),
    { type: 'join-failed', run: 1, isHeld: true },
    at('leaving', 'held'),
    ['drop-value', 'leave'],
  ],

  ['lost during the join: waits', at('joining', 'held'), { type: 'lost' }, apart('held'), []],
  ['lost while joined: waits', at('joined', 'held'), { type: 'lost' }, apart('held'), []],
  [
    'lost while it lingers: lingers, for its value',
    at('joined', 'lingering'),
    { type: 'lost' },
    apart('lingering'),
    [],
  ],
  [
    'lost during the leave: there is nothing left to leave',
    at('leaving', 'none'),
    { type: 'lost' },
    NEW_MEMBER,
    ['forget'],
  ],
  ['lost during the leave, held again: waits', at('leaving', 'held'), { type: 'lost' }, apart('held'), []],
  ['the linger time ends while not connected', apart('lingering'), { type: 'linger-over' }, NEW_MEMBER, ['forget']],
  [
    'held while it lingers and not connected',
    apart('lingering'),
    { type: 'held', run: null },
    apart('held'),
    ['disarm-linger'],
  ],
])('%s', (_, state, event, next, effects) => {
  const step = transition(state, event);
  expect(step.state).toEqual(next);
  expect(types(step.effects)).toEqual(effects);
});

describe('ignores', () => {
  it.each<[string, MemberState, MemberEvent]>([
    ['a join that ends on an older connection', at('joining', 'held'), { type: 'let-in', run: 0 }],
    ['a refusal of an older connection', at('joining', 'held'), { type: 'refused', run: 0 }],
    ['a leave that ends on an older connection', at('leaving', 'held'), { type: 'left', run: 0 }],
    ['a join that ends after the loss', apart('held'), { type: 'let-in', run: 1 }],
    ['a connection when it only lingers', apart('lingering'), { type: 'connected', run: 2 }],
    ['a connection when it is joined', at('joined', 'held'), { type: 'connected', run: 1 }],
    ['a loss when it is apart', apart('held'), { type: 'lost' }],
    ['a linger time that is over when it is held', at('joined', 'held'), { type: 'linger-over' }],
    ['being released twice', at('joined', 'lingering'), { type: 'released' }],
  ])('%s', (_, state, event) => {
    expect(transition(state, event)).toEqual({ state, effects: [] });
  });
});
