import { describe, expect, it } from 'vitest';
import { electPrimary, rankCandidates, type Candidate } from './primary-election.js';

const visible = (id: string): Candidate => ({ id, parked: false, visible: true });
const hidden = (id: string): Candidate => ({ id, parked: false, visible: false });
const parked = (id: string): Candidate => ({ id, parked: true, visible: true });

describe('elects', () => {
  it.each<[string, Candidate[], string | null, string | null]>([
    ['nobody among none', [], null, null],
    ['nobody when the primary was the last', [], 'gone', null],
    ['the only one', [hidden('a')], null, 'a'],
    ['the first that joined', [visible('a'), visible('b')], null, 'a'],
    ['a visible one before a hidden one', [hidden('a'), visible('b')], null, 'b'],
    ['the present one while it is as fit as the others', [visible('a'), visible('b')], 'b', 'b'],
    ['the present one among hidden ones', [hidden('a'), hidden('b')], 'b', 'b'],
    ['a visible one in place of the present one that is hidden', [visible('a'), hidden('b')], 'b', 'a'],
    ['a hidden one before a parked one', [parked('a'), hidden('b')], 'a', 'b'],
    ['nobody when all are parked', [parked('a'), parked('b')], 'a', null],
    ['the next in line when the present one has gone', [visible('b'), visible('c')], 'a', 'b'],
  ])('%s', (_, candidates, present, expected) => {
    expect(electPrimary(candidates, present)).toBe(expected);
  });
});

it('is stable: whoever is elected is elected again', () => {
  const kinds = [visible, hidden, parked];
  for (const one of kinds) {
    for (const two of kinds) {
      for (const three of kinds) {
        const candidates = [one('a'), two('b'), three('c')];
        for (const present of ['a', 'b', 'c', null]) {
          const elected = electPrimary(candidates, present);
          expect(electPrimary(candidates, elected)).toBe(elected);
        }
      }
    }
  }
});

it('ranks all that could be asked, the primary first', () => {
  const candidates = [hidden('a'), visible('b'), parked('c'), hidden('d'), visible('e')];
  expect(rankCandidates(candidates, null)).toEqual(['b', 'e', 'a', 'd']);
  expect(rankCandidates(candidates, 'e')).toEqual(['e', 'b', 'a', 'd']);
  expect(rankCandidates(candidates, 'd')).toEqual(['b', 'e', 'd', 'a']);
});

it('leaves the list that it was given as it was', () => {
  const candidates = [hidden('a'), visible('b')];
  rankCandidates(candidates, null);
  expect(candidates.map(({ id }) => id)).toEqual(['a', 'b']);
});
