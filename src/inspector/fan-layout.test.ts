/** Nothing in the fan touches anything else, for one tab as for twenty. */
import { describe, expect, it } from 'vitest';
import { layOutFan, type Box, type FanLayout } from './fan-layout.js';

function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function numbersOf(line: string): number[] {
  return (line.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
}

function boxesOf(layout: FanLayout): Box[] {
  return [...layout.hubs, layout.worker, ...layout.tabs];
}

const tabCounts = Array.from({ length: 20 }, (_, index) => index + 1);

describe.each([1, 2, 3])('with %i hub(s)', (hubCount) => {
  it.each(tabCounts)('no two boxes overlap with %i tab(s)', (tabCount) => {
    const boxes = boxesOf(layOutFan(hubCount, tabCount));
    expect(boxes).toHaveLength(hubCount + 1 + tabCount);
    const clashes = boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => overlaps(a, b)));
    expect(clashes).toEqual([]);
  });

  it.each(tabCounts)('every box is inside the picture with %i tab(s)', (tabCount) => {
    const layout = layOutFan(hubCount, tabCount);
    const outside = boxesOf(layout).filter(
      (box) => box.x < 1 || box.y < 1 || box.x + box.width > layout.width - 1 || box.y + box.height > layout.height - 1,
    );
    expect(outside).toEqual([]);
  });

  it.each(tabCounts)('every line stays between the boxes that it joins with %i tab(s)', (tabCount) => {
    const layout = layOutFan(hubCount, tabCount);
    const xs = (line: string) => numbersOf(line).filter((_, index) => index % 2 === 0);
    const workerRight = layout.worker.x + layout.worker.width;
    for (const [index, line] of layout.hubLines.entries()) {
      const hub = layout.hubs[index];
      expect(Math.min(...xs(line))).toBe((hub?.x ?? NaN) + (hub?.width ?? NaN));
      expect(Math.max(...xs(line))).toBe(layout.worker.x);
    }
    for (const [index, line] of layout.tabLines.entries()) {
      expect(Math.min(...xs(line))).toBe(workerRight);
      expect(Math.max(...xs(line))).toBe(layout.tabs[index]?.x);
    }
  });

  it.each(tabCounts)('lines leave the worker from its edge, each from its own place, with %i tab(s)', (tabCount) => {
    const { worker, tabLines } = layOutFan(hubCount, tabCount);
    const starts = tabLines.map((line) => numbersOf(line)[1] ?? NaN);
    expect(new Set(starts).size).toBe(tabCount);
    expect(starts.every((y) => y > worker.y && y < worker.y + worker.height)).toBe(true);
  });
});

it('does not change its height for the first four tabs', () => {
  expect(new Set([0, 1, 2, 3, 4].map((tabCount) => layOutFan(1, tabCount).height)).size).toBe(1);
});

it('draws tabs on one line only when there are many', () => {
  expect([layOutFan(1, 10).compact, layOutFan(1, 11).compact]).toEqual([false, true]);
});

it('draws the worker alone when nothing is known yet', () => {
  expect(layOutFan(0, 0)).toMatchObject({ hubs: [], tabs: [], hubLines: [], tabLines: [] });
});
