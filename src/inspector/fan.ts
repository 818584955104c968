/** The picture to remember: hub, worker and tabs, joined by lines that brighten when events pass over them. */
import type { TabReport, WorkerReport } from '../contract/report.js';
import { h, s, setAttribute, setAttributes, setText } from './dom.js';
import { describeFan, hubFace, isPrimary, pageFace, pageState } from './faces.js';
import { layOutFan, type Box } from './fan-layout.js';
import { hubPath, NONE, perSecond, shortId, tail } from './format.js';

export interface FanState {
  readonly report: WorkerReport;
  readonly ownTabId: string | null;
  /** The worker has just been replaced. */
  readonly fresh: boolean;
  readonly nowMs: number;
}

export interface Fan {
  readonly root: HTMLElement;
  show(state: FanState): void;
  tick(nowMs: number, eventsPerSecond: number): void;
  clear(): void;
}

/** A tab that has gone keeps its place for this long, so that one sees which one it was. */
const GHOST_MS = 1_500;
const GLOW_MS = 900;
const HUB_TEXT_LENGTH = 13;

interface Node {
  readonly box: SVGGElement;
  readonly frame: SVGRectElement;
  readonly title: SVGTextElement;
  readonly detail: SVGTextElement;
  readonly line: SVGPathElement;
  readonly glow: SVGPathElement;
  brighten(): void;
  total: number;
}

interface TabNode extends Node {
  tab: TabReport;
  goneAtMs: number | null;
}

export function createFan(): Fan {
  const description = s('desc', { id: 'fan-description' });
  const lines = s('g');
  const boxes = s('g');
  const svg = s(
    'svg',
    { class: 'fan', role: 'img', 'aria-label': 'Hub, worker and tabs', 'aria-describedby': 'fan-description' },
    description,
    lines,
    boxes,
  );
  const workerFrame = s('rect', { rx: '12' });
  const workerTitle = s('text', { class: 'node-title' }, 'worker');
  const workerBoot = s('text', { class: 'node-detail' });
  const workerRate = s('text', { class: 'node-detail', 'data-rate': '' });
  const workerBox = s('g', { class: 'node worker' }, workerFrame, workerTitle, workerBoot, workerRate);
  boxes.append(workerBox);

  const hubs = new Map<string, Node>();
  const tabs = new Map<string, TabNode>();
  let ownTabId: string | null = null;

  const root = h('section', { class: 'fan-area', part: 'fan', 'aria-label': 'Picture of the connection' }, svg);

  return {
    root,
    show({ report, ownTabId: own, fresh, nowMs }) {
      ownTabId = own;
      showHubs(report);
      showTabs(report, nowMs);
      setAttribute(workerBox, 'class', fresh ? 'node worker fresh' : 'node worker');
      setAttribute(workerBox, 'data-fan-boot-id', report.bootId);
      setText(workerBoot, `${fresh ? 'new boot' : 'boot'} ${shortId(report.bootId)}`);
      const words = describeFan(report, own);
      setText(description, words);
      place();
    },
    tick(nowMs, eventsPerSecond) {
      setText(workerRate, `${perSecond(eventsPerSecond)} msg/s`);
      if (dropGhosts(nowMs)) place();
    },
    clear() {
      for (const node of [...hubs.values(), ...tabs.values()]) remove(node);
      hubs.clear();
      tabs.clear();
      setText(workerBoot, NONE);
    },
  };

  function showHubs(report: WorkerReport): void {
    const urls = new Set(report.hubs.map((hub) => hub.url));
    for (const [url, node] of hubs) {
      if (urls.has(url)) continue;
      remove(node);
      hubs.delete(url);
    }
    for (const hub of report.hubs) {
      let node = hubs.get(hub.url);
      if (node === undefined) {
        node = createNode('hub', hub.counters.events);
        hubs.set(hub.url, node);
      }
      const { tone } = hubFace(hub);
      for (const element of [node.box, node.line]) setAttribute(element, 'data-tone', tone);
      setText(node.title, 'hub');
      setText(node.detail, tail(hubPath(hub.url), HUB_TEXT_LENGTH));
      if (hub.counters.events > node.total) node.brighten();
      node.total = hub.counters.events;
    }
  }

  function showTabs(report: WorkerReport, nowMs: number): void {
    const ids = new Set(report.tabs.map((tab) => tab.id));
    for (const [id, node] of tabs) {
      if (ids.has(id) || node.goneAtMs !== null) continue;
      node.goneAtMs = nowMs;
      for (const element of [node.box, node.line]) element.classList.add('gone');
    }
    for (const tab of report.tabs) {
      let node = tabs.get(tab.id);
      if (node?.goneAtMs !== null && node !== undefined) {
        // It has come back under its id, for example after a worker's death.
        remove(node);
        node = undefined;
      }
      if (node === undefined) {
        node = { ...createNode('tab', tab.delivered), tab, goneAtMs: null };
        setAttribute(node.box, 'data-fan-tab', tab.id);
        tabs.set(tab.id, node);
      }
      node.tab = tab;
      const page = pageState(tab);
      const primary = isPrimary(tab);
      const looks = { 'data-page': page, 'data-role': primary ? 'primary' : '' };
      setAttributes(node.box, looks);
      setAttributes(node.line, looks);
      node.box.classList.toggle('own', tab.id === ownTabId);
      if (tab.delivered > node.total) node.brighten();
      node.total = tab.delivered;
    }
    dropGhosts(nowMs);
  }

  function dropGhosts(nowMs: number): boolean {
    let dropped = false;
    for (const [id, node] of tabs) {
      if (node.goneAtMs === null || nowMs - node.goneAtMs < GHOST_MS) continue;
      remove(node);
      tabs.delete(id);
      dropped = true;
    }
    return dropped;
  }

  /** Puts every box and line where the layout wants it. Moves are CSS transitions. */
  function place(): void {
    const slots = [...tabs.values()].sort((a, b) => a.tab.ordinal - b.tab.ordinal);
    const layout = layOutFan(hubs.size, slots.length);
    setAttributes(svg, {
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      width: String(layout.width),
      height: String(layout.height),
    });
    moveTo(workerBox, workerFrame, layout.worker);
    const centre = String(layout.worker.width / 2);
    for (const [index, text] of [workerTitle, workerBoot, workerRate].entries()) {
      setAttributes(text, {
        x: centre,
        y: String(layout.worker.height / 2 - 14 + index * 19),
        'text-anchor': 'middle',
      });
    }

    for (const [index, node] of [...hubs.values()].entries()) {
      const box = layout.hubs[index];
      if (box === undefined) continue;
      moveTo(node.box, node.frame, box);
      setPath(node, layout.hubLines[index] ?? '');
      const x = String(box.width / 2);
      setAttributes(node.title, { x, y: String(box.height / 2 - 5), 'text-anchor': 'middle' });
      setAttributes(node.detail, { x, y: String(box.height / 2 + 13), 'text-anchor': 'middle' });
    }
    for (const [index, node] of slots.entries()) {
      const box = layout.tabs[index];
      if (box === undefined) continue;
      moveTo(node.box, node.frame, box);
      setPath(node, layout.tabLines[index] ?? '');
      setAttribute(node.frame, 'rx', layout.compact ? '6' : '8');
      showTabText(node, box, layout.compact);
    }
  }

  function showTabText(node: TabNode, box: Box, compact: boolean): void {
    const gone = node.goneAtMs !== null;
    const own = node.tab.id === ownTabId && !gone;
    const page = gone ? 'gone' : pageFace(node.tab).word;
    const primary = isPrimary(node.tab) && !gone;
    const name = `tab ${node.tab.ordinal}`;
    if (compact) {
      setText(node.title, name);
      setText(node.detail, own ? (primary ? 'this, primary' : 'this') : primary ? 'primary' : page);
      setAttributes(node.title, { x: '8', y: '16' });
      setAttributes(node.detail, { x: String(box.width - 8), y: '16', 'text-anchor': 'end' });
    } else {
      setText(node.title, own ? `${name} (this)` : name);
      setText(node.detail, primary ? `primary · ${page}` : page);
      setAttributes(node.title, { x: '10', y: '17' });
      setAttributes(node.detail, { x: '10', y: '33', 'text-anchor': 'start' });
    }
  }

  function createNode(kind: 'hub' | 'tab', total: number): Node {
    const frame = s('rect', { rx: kind === 'hub' ? '12' : '8' });
    const title = s('text', { class: 'node-title' });
    const detail = s('text', { class: 'node-detail' });
    const box = s('g', { class: `node ${kind}` }, frame, title, detail);
    const line = s('path', { class: `line ${kind}` });
    const glow = s('path', { class: 'glow' });
    lines.append(line, glow);
    boxes.append(box);
    let animation: Animation | null = null;
    return {
      box,
      frame,
      title,
      detail,
      line,
      glow,
      total,
      brighten() {
        if (animation === null) {
          animation = glow.animate([{ opacity: 1 }, { opacity: 0 }], { duration: GLOW_MS, easing: 'ease-out' });
        } else {
          animation.currentTime = 0;
          animation.play();
        }
      },
    };
  }
}

function remove(node: Node): void {
  node.box.remove();
  node.line.remove();
  node.glow.remove();
}

function moveTo(group: SVGGElement, frame: SVGRectElement, box: Box): void {
  const place = `translate(${box.x}px, ${box.y}px)`;
  if (group.style.getPropertyValue('transform') !== place) group.style.setProperty('transform', place);
  setAttributes(frame, { width: String(box.width), height: String(box.height) });
}

function setPath(node: Node, d: string): void {
  if (node.line.getAttribute('d') === d) return;
  for (const path of [node.line, node.glow]) {
    // The attribute is for engines in which `d` is no CSS property; the property is what a transition can move.
    setAttribute(path, 'd', d);
    path.style.setProperty('d', `path("${d}")`);
  }
}
