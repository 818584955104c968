/**
 * One member of a topic, as the hub and the tabs see it, as a pure function: no timers, no calls, no tabs.
 *
 *            held, and connected            let in
 *   apart ------------------------> joining --------> joined
 *    ^  ^                              |                |
 *    |  |   refused: the holders are told and let go    |  nobody has held it for the linger time
 *    |  +------------------------------+                v
 *    +-------------------- left -------------------- leaving
 *
 *   any state --- the connection is lost ---> apart
 *
 * What the tabs want changes at any time beside it; it is looked at again when a join or a leave has ended, so there are never
 * two of them on their way for one member.
 */

/** `lingering`: the last tab has let it go, and another may want it soon. `none`: the linger time is over. */
export type Demand = 'held' | 'lingering' | 'none';

export type MemberState =
  /** The hub does not have this client in it, as far as is known. */
  | { readonly kind: 'apart'; readonly demand: Demand }
  /** `run`: the connection on which that is so, so that news of an older one is recognised. */
  | { readonly kind: 'joining' | 'joined' | 'leaving'; readonly demand: Demand; readonly run: number };

export type MemberEvent =
  /** A tab holds it. `run`: the connection that is up now. */
  | { readonly type: 'held'; readonly run: number | null }
  /** No tab holds it any more. */
  | { readonly type: 'released' }
  | { readonly type: 'linger-over' }
  | { readonly type: 'let-in'; readonly run: number }
  /** The hub has said no. Nobody holds it any more. */
  | { readonly type: 'refused'; readonly run: number }
  /** The join could not be asked for, and the hub may have heard it all the same. `isHeld`: by tabs that do not wait for this join. */
  | { readonly type: 'join-failed'; readonly run: number; readonly isHeld: boolean }
  | { readonly type: 'left'; readonly run: number }
  | { readonly type: 'connected'; readonly run: number }
  | { readonly type: 'lost' };

export type MemberEffect =
  | { readonly type: 'join' | 'leave'; readonly run: number }
  | { readonly type: 'arm-linger' | 'disarm-linger' }
  /** Events of it will be missed from here on. */
  | { readonly type: 'drop-value' }
  /** Nobody wants it and the hub does not have it: there is nothing left to know of it. */
  | { readonly type: 'forget' };

export interface MemberStep {
  readonly state: MemberState;
  readonly effects: readonly MemberEffect[];
}

/** Not yet held. */
export const NEW_MEMBER: MemberState = { kind: 'apart', demand: 'none' };

export function transition(state: MemberState, event: MemberEvent): MemberStep {
  const ignored: MemberStep = { state, effects: [] };
  switch (event.type) {
    case 'held': {
      const held: MemberState = { ...state, demand: 'held' };
      return after(disarm(state), state.kind === 'apart' && event.run !== null ? join(event.run) : settled(held));
    }
    case 'released':
      return state.demand === 'held'
        ? { state: { ...state, demand: 'lingering' }, effects: [{ type: 'arm-linger' }] }
        : ignored;
    case 'linger-over':
      return state.demand === 'lingering' ? reconsider({ ...state, demand: 'none' }) : ignored;
    case 'let-in':
      return isUnderWay(state, 'joining', event.run) ? reconsider({ ...state, kind: 'joined' }) : ignored;
    case 'refused':
      return isUnderWay(state, 'joining', event.run) ? after(disarm(state), reconsider(NEW_MEMBER)) : ignored;
    case 'join-failed':
      return isUnderWay(state, 'joining', event.run)
        ? after(disarm(state), leave(event.run, event.isHeld ? 'held' : 'none'))
        : ignored;
    case 'left':
      if (!isUnderWay(state, 'leaving', event.run)) return ignored;
      // One that lingers has no value left that would be worth it.
      return state.demand === 'held' ? join(event.run) : after(disarm(state), reconsider(NEW_MEMBER));
    case 'connected':
      return state.kind === 'apart' && state.demand === 'held' ? join(event.run) : ignored;
    case 'lost':
      return state.kind === 'apart' ? ignored : reconsider({ kind: 'apart', demand: state.demand });
  }
}

/** Nothing is on its way now: what is not wanted any more ends. */
function reconsider(state: MemberState): MemberStep {
  if (state.demand !== 'none') return settled(state);
  if (state.kind === 'apart') return { state, effects: [{ type: 'forget' }] };
  return state.kind === 'joined' ? leave(state.run) : settled(state);
}

function join(run: number): MemberStep {
  return { state: { kind: 'joining', demand: 'held', run }, effects: [{ type: 'join', run }] };
}

function leave(run: number, demand: Demand = 'none'): MemberStep {
  return {
    state: { kind: 'leaving', demand, run },
    effects: [{ type: 'drop-value' }, { type: 'leave', run }],
  };
}

function settled(state: MemberState): MemberStep {
  return { state, effects: [] };
}

function disarm(state: MemberState): readonly MemberEffect[] {
  return state.demand === 'lingering' ? [{ type: 'disarm-linger' }] : [];
}

function after(first: readonly MemberEffect[], step: MemberStep): MemberStep {
  return first.length === 0 ? step : { state: step.state, effects: [...first, ...step.effects] };
}

function isUnderWay<K extends 'joining' | 'leaving'>(
  state: MemberState,
  kind: K,
  run: number,
): state is MemberState & { readonly kind: K } {
  return state.kind !== 'apart' && state.kind === kind && state.run === run;
}
