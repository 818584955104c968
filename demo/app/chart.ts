/**
 * A small line chart of the last minute, as SVG: sharp on every screen, and its colours come from the style sheet.
 *
 * The plot can be read with the pointer and with the keyboard (arrows, Home, End, Escape). The axis ends at the newest
 * sample, not at the present: when data stop coming it stands still, turns grey and says how old it is.
 */
import { h, setAttribute, setText, svg } from './dom.js';
import { formatAge, formatClock } from './format.js';
import type { Sample } from './hub-types.js';
import { WINDOW_MS, type MetricStore } from './metric-store.js';

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** The metrics drawn, in the order of their colours. */
  series(store: MetricStore): readonly string[];
  /** How a line is called where there is more than one. */
  label(name: string): string;
  format(value: number): string;
  formatTick(value: number): string;
  /** The top of the axis for the highest value in the window. */
  top(store: MetricStore, highest: number): number;
  /** Whole numbers that hold until the next one: drawn as steps. */
  readonly stepped?: boolean;
}

export interface Chart {
  readonly element: HTMLElement;
  draw(): void;
}

/** More lines than this and the header gives mean and maximum instead of one figure for each. */
const MAX_FIGURES = 4;
const COLOURS = 6;
const STALE_AFTER_MS = 3_500;
/** A hole in the data is left open instead of bridged. */
const HOLE_MS = 5_000;
const MARGIN = { top: 8, right: 6, bottom: 22, left: 52 };

/** The next of 1, 2, 4, 6, 8, 10 × 10ⁿ: half of each is as easy to read. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly samples: readonly Sample[];
}

interface Cursor {
  /** Behind the newest sample. The cursor stands still while the data move on under it. */
  readonly behindMs: number;
  /** The line that is meant, where there are too many to name all. */
  readonly line: number | null;
}

function nearest(samples: readonly Sample[], atMs: number): Sample | null {
  let best: Sample | null = null;
  for (const sample of samples) {
    if (best === null || Math.abs(sample.atMs - atMs) < Math.abs(best.atMs - atMs)) best = sample;
  }
  return best;
}

export function createChart(spec: ChartSpec, store: MetricStore): Chart {
  const readout = h('p', { class: 'chart-readout' });
  const grid = svg('g', { class: 'chart-grid' });
  const lineLayer = svg('g', { class: 'chart-lines' });
  const cursorLayer = svg('g', { class: 'chart-cursor' });
  const startLabel = svg('text', { class: 'chart-tick', 'text-anchor': 'start' });
  const middleLabel = svg('text', { class: 'chart-tick', 'text-anchor': 'middle' });
  const endLabel = svg('text', { class: 'chart-tick', 'text-anchor': 'end' });
  const emptyLabel = svg('text', { class: 'chart-empty', 'text-anchor': 'middle' }, 'waiting for data');
  const picture = svg(
    'svg',
    { class: 'chart-picture', 'aria-hidden': 'true' },
    grid,
    lineLayer,
    startLabel,
    middleLabel,
    endLabel,
    cursorLayer,
    emptyLabel,
  );
  const plot = h(
    'div',
    {
      class: 'chart-plot',
      tabindex: 0,
      role: 'slider',
      'aria-label': `${spec.title}, last 60 seconds. Arrow keys read earlier values.`,
      'aria-valuemin': -WINDOW_MS / 1000,
      'aria-valuemax': 0,
      'aria-valuenow': 0,
    },
    picture,
  );
  const element = h(
    'section',
    { class: 'card chart', 'data-testid': `chart-${spec.id}`, 'aria-label': spec.title },
    h('header', { class: 'chart-header' }, h('h2', {}, spec.title), readout),
    plot,
  );

  let width = 0;
  let height = 0;
  let cursor: Cursor | null = null;

  const lines = (): Line[] => {
    const endMs = store.latestAtMs() ?? 0;
    return spec.series(store).map((name, index) => ({
      name,
      colour: `line-${index % COLOURS}`,
      samples: store.samples(name).filter(({ atMs }) => atMs >= endMs - WINDOW_MS),
    }));
  };

  const scales = (current: readonly Line[]): { x(atMs: number): number; y(value: number): number; top: number } => {
    const endMs = store.latestAtMs() ?? 0;
    const highest = Math.max(0, ...current.flatMap(({ samples }) => samples.map(({ value }) => value)));
    const top = spec.top(store, highest);
    const plotWidth = Math.max(1, width - MARGIN.left - MARGIN.right);
    const plotHeight = Math.max(1, height - MARGIN.top - MARGIN.bottom);
    return {
      x: (atMs) => MARGIN.left + (1 - (endMs - atMs) / WINDOW_MS) * plotWidth,
      y: (value) => MARGIN.top + (1 - Math.min(1, value / top)) * plotHeight,
      top,
    };
  };

  function pathOf(samples: readonly Sample[], x: (atMs: number) => number, y: (value: number) => number): string {
    let path = '';
    let previous: Sample | null = null;
    for (const sample of samples) {
      const at = `${x(sample.atMs).toFixed(1)} ${y(sample.value).toFixed(1)}`;
      if (previous === null || sample.atMs - previous.atMs > HOLE_MS) path += `M${at}`;
      else path += spec.stepped ? `H${x(sample.atMs).toFixed(1)}V${y(sample.value).toFixed(1)}` : `L${at}`;
      previous = sample;
    }
    return path;
  }

  function drawGrid(top: number, y: (value: number) => number): void {
    const ticks = [0, top / 2, top];
    while (grid.children.length < ticks.length * 2) {
      grid.append(svg('line', { class: 'chart-rule' }), svg('text', { class: 'chart-tick', 'text-anchor': 'end' }));
    }
    ticks.forEach((value, index) => {
      // Half a pixel, so that a hairline covers one row of pixels and not two.
      const at = Math.round(y(value)) + 0.5;
      const rule = grid.children[index * 2];
      const label = grid.children[index * 2 + 1];
      if (rule === undefined || label === undefined) return;
      setAttribute(rule, 'x1', MARGIN.left);
      setAttribute(rule, 'x2', width);
      setAttribute(rule, 'y1', at);
      setAttribute(rule, 'y2', at);
      setAttribute(label, 'x', MARGIN.left - 8);
      setAttribute(label, 'y', at + 4);
      setText(label, spec.formatTick(value));
    });
  }

  function drawTimes(ageMs: number, stale: boolean): void {
    const endMs = store.latestAtMs();
    for (const label of [startLabel, middleLabel, endLabel]) setAttribute(label, 'y', height - 4);
    setAttribute(startLabel, 'x', MARGIN.left);
    setAttribute(middleLabel, 'x', (MARGIN.left + width - MARGIN.right) / 2);
    setAttribute(endLabel, 'x', width - 1);
    if (endMs === null) {
      for (const label of [startLabel, middleLabel, endLabel]) setText(label, '');
      return;
    }
    setText(startLabel, stale ? formatClock(endMs - WINDOW_MS) : '−60 s');
    setText(middleLabel, stale ? '' : '−30 s');
    setText(endLabel, stale ? `${formatAge(ageMs)} ago` : 'now');
  }

  function drawLines(current: readonly Line[], x: (atMs: number) => number, y: (value: number) => number): void {
    const single = current.length === 1;
    const wanted = single ? 2 : current.length;
    while (lineLayer.children.length > wanted) lineLayer.lastElementChild?.remove();
    while (lineLayer.children.length < wanted) lineLayer.append(svg('path'));
    current.forEach(({ colour, samples }, index) => {
      const path = lineLayer.children[index];
      if (path === undefined) return;
      const dimmed = cursor !== null && cursor.line !== null && cursor.line !== index;
      setAttribute(path, 'class', `chart-line ${colour}${dimmed ? ' dimmed' : ''}`);
      setAttribute(path, 'd', pathOf(samples, x, y));
    });
    const area = lineLayer.children[1];
    const only = current[0];
    if (!single || area === undefined || only === undefined) return;
    // A hole in the data would make the filled shape lie about what is in it.
    const holes = only.samples.some((sample, i) => i > 0 && sample.atMs - (only.samples[i - 1]?.atMs ?? 0) > HOLE_MS);
    const first = only.samples[0];
    const last = only.samples.at(-1);
    const closed = first !== undefined && last !== undefined && !holes;
    setAttribute(area, 'class', `chart-area ${only.colour}`);
    setAttribute(
      area,
      'd',
      closed ? `${pathOf(only.samples, x, y)}L${x(last.atMs)} ${y(0)}L${x(first.atMs)} ${y(0)}Z` : '',
    );
  }

  function drawCursor(current: readonly Line[], x: (atMs: number) => number, y: (value: number) => number): void {
    cursorLayer.replaceChildren();
    const endMs = store.latestAtMs();
    if (cursor === null || endMs === null) return;
    const atMs = nearest(current[0]?.samples ?? [], endMs - cursor.behindMs)?.atMs;
    if (atMs === undefined) return;
    const at = x(atMs);
    cursorLayer.append(
      svg('line', { class: 'chart-cursor-line', x1: at, x2: at, y1: MARGIN.top, y2: height - MARGIN.bottom }),
    );
    current.forEach(({ colour, samples }, index) => {
      const sample = nearest(samples, atMs);
      if (sample === null || (cursor?.line ?? index) !== index) return;
      cursorLayer.append(
        svg('circle', { class: `chart-dot ${colour}`, cx: x(sample.atMs), cy: y(sample.value), r: 3.5 }),
      );
    });
    // The time stands on the axis, below the cursor, and stays inside the picture.
    const half = 30;
    const centre = Math.min(Math.max(at, MARGIN.left + half), width - half);
    cursorLayer.append(
      svg('rect', { class: 'chart-time-back', x: centre - half - 4, y: height - 18, width: 2 * half + 8, height: 18 }),
      svg('text', { class: 'chart-time', 'text-anchor': 'middle', x: centre, y: height - 4 }, formatClock(atMs)),
    );
  }

  /** The figures at the cursor, or the newest ones. */
  function figures(
    current: readonly Line[],
  ): { readonly text: string; readonly colour: string | null; label: string }[] {
    const endMs = store.latestAtMs();
    if (endMs === null) return [];
    const atMs = endMs - (cursor?.behindMs ?? 0);
    const values = current.flatMap(({ name, colour, samples }) => {
      const sample = nearest(samples, atMs);
      return sample === null ? [] : [{ label: spec.label(name), colour, value: sample.value }];
    });
    if (values.length <= MAX_FIGURES) {
      return values.map(({ label, colour, value }) => ({
        text: spec.format(value),
        colour: values.length > 1 ? colour : null,
        label,
      }));
    }
    const meant = cursor?.line === null || cursor === null ? undefined : values[cursor.line];
    if (meant !== undefined)
      return [{ text: `${meant.label} ${spec.format(meant.value)}`, colour: meant.colour, label: '' }];
    const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length;
    const highest = Math.max(...values.map(({ value }) => value));
    return [{ text: `mean ${spec.format(mean)} · max ${spec.format(highest)}`, colour: null, label: '' }];
  }

  function drawReadout(current: readonly Line[]): void {
    const shown = figures(current);
    while (readout.children.length > shown.length) readout.lastElementChild?.remove();
    while (readout.children.length < shown.length) readout.append(h('span', { class: 'chart-figure' }));
    shown.forEach(({ text, colour, label }, index) => {
      const figure = readout.children[index];
      if (figure === undefined) return;
      setAttribute(figure, 'class', `chart-figure${colour === null ? '' : ` keyed ${colour}`}`);
      setAttribute(figure, 'title', label === '' ? null : label);
      setText(figure, text);
    });
  }

  function draw(): void {
    if (width === 0 || height === 0) return;
    const ageMs = store.ageMs() ?? 0;
    const stale = ageMs > STALE_AFTER_MS;
    const current = lines();
    const { x, y, top } = scales(current);
    setAttribute(element, 'data-stale', stale);
    setAttribute(picture, 'viewBox', `0 0 ${width} ${height}`);
    setAttribute(emptyLabel, 'x', (MARGIN.left + width) / 2);
    setAttribute(emptyLabel, 'y', height / 2);
    setAttribute(emptyLabel, 'visibility', current.some(({ samples }) => samples.length > 0) ? 'hidden' : 'visible');
    drawGrid(top, y);
    drawTimes(ageMs, stale);
    drawLines(current, x, y);
    drawCursor(current, x, y);
    drawReadout(current);
  }

  function moveTo(next: Cursor | null): void {
    cursor = next;
    draw();
  }

  plot.addEventListener('pointermove', (event) => {
    const box = plot.getBoundingClientRect();
    const share = (event.clientX - box.left - MARGIN.left) / Math.max(1, width - MARGIN.left - MARGIN.right);
    const behindMs = Math.min(1, Math.max(0, 1 - share)) * WINDOW_MS;
    moveTo({ behindMs, line: lineUnder(event.clientY - box.top, behindMs) });
  });
  plot.addEventListener('pointerleave', () => {
    moveTo(null);
  });
  plot.addEventListener('blur', () => {
    moveTo(null);
  });

  function lineUnder(pointerY: number, behindMs: number): number | null {
    const current = lines();
    if (current.length <= MAX_FIGURES) return null;
    const { y } = scales(current);
    const atMs = (store.latestAtMs() ?? 0) - behindMs;
    const distances = current.map(({ samples }) => {
      const sample = nearest(samples, atMs);
      return sample === null ? Infinity : Math.abs(y(sample.value) - pointerY);
    });
    return distances.indexOf(Math.min(...distances));
  }

  plot.addEventListener('keydown', (event) => {
    const count = lines().length;
    const behindMs = cursor?.behindMs ?? 0;
    const line = cursor?.line ?? (count > MAX_FIGURES ? 0 : null);
    const step = event.shiftKey ? 10_000 : 1_000;
    const moves: Record<string, Cursor | null> = {
      ArrowLeft: { behindMs: Math.min(WINDOW_MS, cursor === null ? 0 : behindMs + step), line },
      ArrowRight: { behindMs: Math.max(0, behindMs - step), line },
      ArrowUp: { behindMs, line: line === null ? null : (line + 1) % count },
      ArrowDown: { behindMs, line: line === null ? null : (line + count - 1) % count },
      Home: { behindMs: WINDOW_MS, line },
      End: { behindMs: 0, line },
      Escape: null,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    moveTo(next);
    // Only on a key: a screen reader would otherwise read a new figure every second.
    const said = figures(lines()).map(({ label, text }) => `${label} ${text}`.trim());
    setAttribute(plot, 'aria-valuenow', -Math.round((next?.behindMs ?? 0) / 1000));
    setAttribute(plot, 'aria-valuetext', `${formatAge(next?.behindMs ?? 0)} ago: ${said.join(', ')}`);
  });

  new ResizeObserver(([entry]) => {
    if (entry === undefined) return;
    ({ width, height } = entry.contentRect);
    draw();
  }).observe(plot);

  return { element, draw };
}
