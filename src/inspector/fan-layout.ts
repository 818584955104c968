/** Where everything in the fan stands: hubs, worker, tabs and the lines between them. Pure geometry in CSS pixels. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface FanLayout {
  readonly width: number;
  readonly height: number;
  /** One line of text per tab instead of two: many tabs. */
  readonly compact: boolean;
  readonly worker: Box;
  readonly hubs: readonly Box[];
  readonly tabs: readonly Box[];
  /** Path data, in the order of `hubs` and of `tabs`. */
  readonly hubLines: readonly string[];
  readonly tabLines: readonly string[];
}

export const FAN_WIDTH = 440;

const HUB = { x: 1, width: 96, height: 56 } as const;
const WORKER = { x: 141, width: 104, height: 80 } as const;
const TAB = { x: FAN_WIDTH - 1 - 124, width: 124 } as const;
const TALL_TAB = 40;
const SHORT_TAB = 24;
const GAP = 8;
/** From here on tabs are drawn on one line, so that 20 of them are no taller than their table. */
const MOST_TALL_TABS = 10;
/** Room for four tabs, so that the picture does not jump when the first ones come. */
const LEAST_HEIGHT = 4 * (TALL_TAB + GAP) - GAP + 2;

export function layOutFan(hubCount: number, tabCount: number): FanLayout {
  const compact = tabCount > MOST_TALL_TABS;
  const tabHeight = compact ? SHORT_TAB : TALL_TAB;
  const height = Math.max(
    LEAST_HEIGHT,
    stackHeight(tabCount, tabHeight, GAP) + 2,
    stackHeight(hubCount, HUB.height, GAP) + 2,
    WORKER.height + 2,
  );
  const worker: Box = { ...WORKER, y: (height - WORKER.height) / 2 };
  const hubs = stack(hubCount, { ...HUB }, height);
  const tabs = stack(tabCount, { ...TAB, height: tabHeight }, height);
  return {
    width: FAN_WIDTH,
    height,
    compact,
    worker,
    hubs,
    tabs,
    hubLines: hubs.map((hub, index) => curve(right(hub), middle(hub), WORKER.x, port(worker, index, hubCount))),
    tabLines: tabs.map((tab, index) => curve(right(worker), port(worker, index, tabCount), TAB.x, middle(tab))),
  };
}

function stackHeight(items: number, itemHeight: number, gap: number): number {
  return items === 0 ? 0 : items * (itemHeight + gap) - gap;
}

function stack(items: number, size: Omit<Box, 'y'>, within: number): Box[] {
  const top = (within - stackHeight(items, size.height, GAP)) / 2;
  return Array.from({ length: items }, (_, index) => ({ ...size, y: top + index * (size.height + GAP) }));
}

/** Lines leave the worker side by side over the middle of its edge, so that they read as a bundle and not as a knot. */
function port(worker: Box, index: number, items: number): number {
  const spread = Math.min(worker.height - 32, (items - 1) * 6);
  return middle(worker) + (items > 1 ? (index / (items - 1) - 0.5) * spread : 0);
}

function curve(fromX: number, fromY: number, toX: number, toY: number): string {
  const bendX = (fromX + toX) / 2;
  return `M${num(fromX)} ${num(fromY)}C${num(bendX)} ${num(fromY)} ${num(bendX)} ${num(toY)} ${num(toX)} ${num(toY)}`;
}

function right(box: Box): number {
  return box.x + box.width;
}

function middle(box: Box): number {
  return box.y + box.height / 2;
}

function num(value: number): string {
  return String(Math.round(value * 100) / 100);
}
