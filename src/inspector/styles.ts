/**
 * The looks of the panel, as one constructed style sheet (allowed by a CSP without 'unsafe-inline').
 *
 * Custom properties that a page can set on the element or on any ancestor; each falls back to the panel's own theme:
 *
 * | property | what it colours or sets |
 * | --- | --- |
 * | `--hubshare-color-scheme` | `light`, `dark`, or `light dark` (default: follow the system) |
 * | `--hubshare-surface`, `--hubshare-sunken` | ground of the card; ground of rows under the pointer |
 * | `--hubshare-line`, `--hubshare-control` | hairlines; borders of buttons and boxes |
 * | `--hubshare-text`, `--hubshare-muted` | text; labels and what is at rest |
 * | `--hubshare-accent`, `--hubshare-accent-soft` | lines that carry, the primary, focus rings; its pale ground |
 * | `--hubshare-ok`, `--hubshare-warn`, `--hubshare-danger` | the three states that need a colour |
 * | `--hubshare-warn-soft`, `--hubshare-danger-soft` | pale grounds of notices |
 * | `--hubshare-radius` | corners of the card, default 12px; 0 when it is docked edge to edge |
 * | `--hubshare-border` | border of the card, default a hairline; `none` when the app draws one |
 * | `--hubshare-font`, `--hubshare-font-mono` | families |
 *
 * Attribute `data-theme="light|dark"` on the element stands above `--hubshare-color-scheme`.
 * Parts: panel, header, token, button, action-errors, notice, alerts, hubs, hub, body, fan, tabs, tab-table, topics, topic-table,
 * counters, journal, journal-filter, empty.
 */
import { dark, light, type Palette } from './palette.js';

const sheets = new WeakMap<Document, CSSStyleSheet>();

/** One sheet per document, shared by all panels in it. Made on demand: on a server there is no CSSStyleSheet. */
export function panelStyles(owner: Document): CSSStyleSheet {
  let sheet = sheets.get(owner);
  if (sheet === undefined) {
    const Sheet = owner.defaultView?.CSSStyleSheet ?? CSSStyleSheet;
    sheet = new Sheet();
    sheet.replaceSync(css);
    sheets.set(owner, sheet);
  }
  return sheet;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const colours = (Object.keys(light) as (keyof Palette)[])
  .map((name) => `--_${kebab(name)}: var(--hubshare-${kebab(name)}, light-dark(${light[name]}, ${dark[name]}));`)
  .join('\n    ');

const css = `
  :host {
    display: block;
    color-scheme: var(--hubshare-color-scheme, light dark);
    ${colours}
    --_mono: var(--hubshare-font-mono, ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, monospace);
    font: 400 13px/20px var(--hubshare-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
    color: var(--_text);
    text-align: start;
  }
  :host([hidden]) { display: none; }
  :host([data-theme="light"]) { color-scheme: light; }
  :host([data-theme="dark"]) { color-scheme: dark; }

  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  code, .mono { font-family: var(--_mono); font-size: 12px; }
  .unseen {
    position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0;
    overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }

  .root { container: panel / inline-size; }
  .card {
    position: relative;
    background: var(--_surface);
    border: var(--hubshare-border, 1px solid var(--_line));
    border-radius: var(--hubshare-radius, 12px);
    overflow: hidden;
    font-variant-numeric: tabular-nums;
  }

  /* Controls */
  button, select {
    font: inherit; color: var(--_text); background: var(--_surface);
    border: 1px solid var(--_control); border-radius: 8px; height: 32px; padding: 0 12px;
  }
  button { display: inline-grid; align-items: center; justify-items: center; cursor: pointer; white-space: nowrap; }
  button > span { grid-area: 1 / 1; }
  button > .away { visibility: hidden; }
  button:hover:not([aria-disabled]) { background: var(--_sunken); border-color: var(--_muted); }
  button:active:not([aria-disabled]) { background: var(--_accent-soft); }
  button[aria-disabled] { cursor: default; color: var(--_muted); border-color: var(--_line); }
  button[aria-busy] { cursor: progress; border-style: dashed; border-color: var(--_accent); }
  select { height: 28px; padding: 0 4px; font-size: 12px; border-radius: 6px; cursor: pointer; }
  button.small { height: 28px; padding: 0 8px; font-size: 12px; border-radius: 6px; }
  :focus { outline: none; }
  :focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }

  /* Header */
  .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 24px; min-height: 56px; padding: 12px 16px; }
  .title { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 16px; }
  h2 { font-size: 14px; line-height: 24px; font-weight: 650; }
  .meta { color: var(--_muted); white-space: nowrap; }
  .token { color: var(--_muted); white-space: nowrap; }
  .token[data-tone="danger"] { color: var(--_danger); }
  .side { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 8px 24px; flex: 1 1 auto; }
  .actions { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; }
  .action { display: inline-flex; align-items: center; gap: 8px; }
  .action-code { color: var(--_danger); }
  .action-errors { border-top: 1px solid var(--_line); background: var(--_danger-soft); padding: 8px 16px; }
  .action-errors li { padding: 2px 0; }
  .action-errors b, .action-errors code { color: var(--_danger); }
  .action-errors b { font-weight: 600; }

  /* Whole-panel notices */
  .notice { border-top: 1px solid var(--_line); background: var(--_warn-soft); padding: 10px 16px; }
  .notice b { font-weight: 600; color: var(--_warn); }
  .alerts { display: flex; justify-content: space-between; align-items: baseline; gap: 4px 16px; border-top: 1px solid var(--_line); padding: 10px 16px; }
  .alerts p { min-width: 0; }
  .alerts b { font-weight: 600; margin-inline-end: 8px; }
  .alerts[data-tone="warn"] { background: var(--_warn-soft); }
  .alerts[data-tone="warn"] b { color: var(--_warn); }
  .alert-time { flex: none; color: var(--_muted); font-size: 12px; }
  .blank {
    border-top: 1px solid var(--_line); min-height: 320px; padding: 40px 24px 48px;
    display: grid; align-content: center; justify-items: center; gap: 8px; text-align: center;
  }
  .outline { margin-bottom: 16px; max-width: 60%; }
  .outline rect, .outline path { fill: none; stroke: var(--_control); stroke-width: 2; }
  .outline path { stroke-dasharray: 4 6; }
  .blank h3 { font-size: 16px; line-height: 24px; font-weight: 600; }
  .blank p { color: var(--_muted); max-width: 52ch; text-wrap: balance; }
  .blank code { color: var(--_danger); }

  /* Hubs */
  .hub { border-top: 1px solid var(--_line); }
  .no-hub { border-top: 1px solid var(--_line); padding: 22px 16px; color: var(--_muted); }
  .no-hub b { color: var(--_text); font-weight: 600; }
  .facts {
    display: grid; gap: 8px 24px; padding: 12px 16px; min-height: 64px;
    grid-template-columns:
      minmax(0, 1.3fr) minmax(0, 0.7fr) minmax(0, 1fr) minmax(0, 1.1fr) minmax(0, 1.3fr) minmax(0, 1.1fr) minmax(0, 1fr);
  }
  .fact { min-width: 0; }
  dt { color: var(--_muted); font-size: 12px; line-height: 16px; }
  .fact dt, .fact dd { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .fact dd { line-height: 24px; }
  .fact dd[data-tone="warn"] { color: var(--_warn); }
  .status { display: flex; align-items: center; gap: 8px; font-weight: 600; }
  .dot { flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--_muted); }
  [data-tone="ok"] > .facts .dot { background: var(--_ok); }
  [data-tone="busy"] > .facts .dot { background: none; box-shadow: inset 0 0 0 2px var(--_accent); }
  [data-tone="warn"] > .facts .dot { background: var(--_warn); border-radius: 2px; }
  [data-tone="danger"] > .facts .dot { background: var(--_danger); border-radius: 2px; }
  [data-tone="off"] > .facts .dot { background: none; box-shadow: inset 0 0 0 2px var(--_muted); }
  .status-text { overflow: hidden; text-overflow: ellipsis; }
  [data-tone="warn"] > .facts .status-text { color: var(--_warn); }
  [data-tone="danger"] > .facts .status-text { color: var(--_danger); }
  .trouble {
    display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 16px;
    padding: 8px 16px; border-top: 1px solid var(--_line); min-height: 48px;
  }
  .trouble p { flex: 1 1 320px; }
  .advice { display: block; color: var(--_muted); }
  .advice:empty { display: none; }
  [data-tone="warn"] > .trouble { background: var(--_warn-soft); }
  [data-tone="warn"] > .trouble code { color: var(--_warn); }
  [data-tone="danger"] > .trouble { background: var(--_danger-soft); }
  [data-tone="danger"] > .trouble code { color: var(--_danger); }
  [data-tone="busy"] > .trouble code, [data-tone="off"] > .trouble code { color: var(--_muted); }

  /* Body */
  .body { display: grid; border-top: 1px solid var(--_line); grid-template-columns: 472px minmax(0, 1fr) 344px; }
  .body > * + * { border-inline-start: 1px solid var(--_line); }
  .heading { display: flex; align-items: center; justify-content: space-between; gap: 8px; min-height: 28px; margin-bottom: 4px; }
  .heading h3 { font-size: 13px; font-weight: 600; }
  .heading-note { color: var(--_muted); font-size: 12px; }
  .empty { color: var(--_muted); padding: 8px 0; }

  /* Fan */
  .fan-area { padding: 16px; overflow-x: auto; display: grid; align-content: center; justify-content: center; }
  .fan { display: block; overflow: visible; font: 12px/16px var(--hubshare-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif); }
  .node { transition: transform 240ms ease, opacity 240ms ease; }
  .node rect { fill: var(--_surface); stroke: var(--_control); stroke-width: 1; }
  .node-title { fill: var(--_text); font-size: 13px; font-weight: 600; }
  .node-detail { fill: var(--_muted); font-size: 12px; }
  .worker rect { stroke: var(--_accent); stroke-width: 2; }
  .worker.fresh rect { stroke: var(--_warn); fill: var(--_warn-soft); }
  .worker.fresh .node-detail { fill: var(--_warn); }
  .hub rect { fill: var(--_accent-soft); stroke: var(--_accent); }
  .hub[data-tone="busy"] rect { fill: var(--_surface); stroke-dasharray: 4 4; }
  .hub[data-tone="warn"] rect { fill: var(--_warn-soft); stroke: var(--_warn); }
  .hub[data-tone="danger"] rect { fill: var(--_danger-soft); stroke: var(--_danger); }
  .hub[data-tone="off"] rect { fill: var(--_surface); stroke: var(--_control); }
  .tab[data-role="primary"] rect { stroke: var(--_accent); stroke-width: 2; }
  .tab[data-page="parked"] rect { stroke-dasharray: 4 4; }
  .tab[data-page="parked"] .node-title { fill: var(--_muted); }
  .tab.own .node-title { fill: var(--_accent); }
  .tab.own rect { fill: var(--_accent-soft); }
  .line, .glow { fill: none; stroke-linecap: round; transition: d 240ms ease, opacity 240ms ease; }
  .line { stroke: color-mix(in srgb, var(--_accent) 42%, var(--_surface)); stroke-width: 1.5; }
  .line.hub { stroke-width: 2.5; }
  .line.hub[data-tone="busy"] { stroke-dasharray: 2 6; }
  .line.hub[data-tone="warn"] { stroke: var(--_warn); stroke-dasharray: 2 6; }
  .line.hub[data-tone="danger"] { stroke: var(--_danger); stroke-dasharray: 2 6; }
  .line.hub[data-tone="off"] { stroke: var(--_control); stroke-dasharray: 2 6; }
  .line[data-page="parked"] { stroke: var(--_control); stroke-dasharray: 4 5; }
  .glow { stroke: var(--_accent); stroke-width: 2; opacity: 0; }
  .line.hub + .glow { stroke-width: 3; }
  .gone { opacity: 0; transition: opacity 1200ms ease; }
  @starting-style { .node.tab, .line.tab { opacity: 0; } }

  /* Tabs */
  .middle { padding: 12px 16px 16px; display: grid; grid-template-columns: minmax(0, 1fr); gap: 24px; align-content: start; }
  .tabs-area { overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; }
  th, td { height: 32px; padding: 0 12px 0 0; text-align: start; font-weight: 400; white-space: nowrap; border-bottom: 1px solid var(--_line); }
  th:last-child, td:last-child { padding-inline-end: 0; }
  thead th { color: var(--_muted); font-size: 12px; height: 28px; }
  .num { text-align: end; }
  tbody tr:hover > * { background: var(--_sunken); }
  tbody th { font-weight: 500; }
  tr[data-this] th { font-weight: 600; }
  .this-tab { color: var(--_accent); }
  tr[data-page="parked"] > * { color: var(--_muted); }
  tr[data-page="hidden"] > [data-cell="page"] { color: var(--_muted); }
  [data-cell="role"] { width: 76px; }
  [data-cell="page"] { width: 60px; }
  .chip {
    display: inline-block; padding: 0 8px; border-radius: 10px; font-size: 12px; line-height: 20px;
    color: var(--_accent); background: var(--_accent-soft);
  }
  .under { display: block; font-size: 12px; line-height: 16px; font-weight: 400; color: var(--_muted); white-space: normal; }
  :has(> .under:not([hidden])) { padding-block: 6px; }
  .dropped { color: var(--_warn); }

  /* Topics */
  .scroller.topic-list { max-height: 284px; padding: 0; }
  .topic-list table { border-collapse: separate; border-spacing: 0; }
  .topic-list thead th { position: sticky; inset-block-start: 0; background: var(--_surface); }
  .topic-list .key { font-family: var(--_mono); font-size: 12px; max-width: min(200px, 24cqi); overflow: hidden; text-overflow: ellipsis; }
  [data-cell="state"] { width: 76px; }
  tr[data-state="let go"] > * { color: var(--_muted); }
  tr:is([data-state="joining"], [data-state="waiting"]) > [data-cell="state"] { color: var(--_warn); }

  /* Counters */
  .counters { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0 16px; }
  .counters > div { display: flex; justify-content: space-between; align-items: baseline; gap: 8px; border-bottom: 1px solid var(--_line); padding: 6px 0 5px; }
  .counters dt { line-height: 20px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .counters dd { font-weight: 500; }
  .counters dd[data-tone="warn"] { color: var(--_warn); }

  /* Journal */
  .journal-area { position: relative; min-height: 360px; display: flex; flex-direction: column; padding: 12px 0 0 16px; contain: size; }
  .journal-area > .heading { padding-inline-end: 16px; }
  .tools { display: flex; gap: 8px; }
  .scroller { flex: 1 1 0; min-height: 0; overflow-y: auto; padding-inline-end: 16px; scrollbar-width: thin; scrollbar-color: var(--_control) transparent; }
  .scroller:focus-visible { outline-offset: -2px; }
  .entry {
    display: grid; grid-template-columns: 96px minmax(0, 1fr); gap: 0 8px; padding: 6px 0;
    border-bottom: 1px solid var(--_line);
  }
  .when, .what { min-width: 0; display: grid; align-content: start; }
  .entry .at { font-family: var(--_mono); font-size: 12px; }
  .entry .text { overflow-wrap: anywhere; }
  .entry .age, .entry .tags { color: var(--_muted); font-size: 12px; line-height: 16px; }
  .entry .tags code { color: var(--_danger); }
  .seen-here .text { color: var(--_warn); }

  /* Stale: what is shown may no longer hold. */
  [data-face="stale"] .body, [data-face="stale"] .hubs { filter: grayscale(1); }

  @container panel (width < 1264px) {
    .body { grid-template-columns: 472px minmax(0, 1fr); }
    .journal-area { grid-column: 1 / -1; border-inline-start: 0 !important; border-top: 1px solid var(--_line); contain: none; min-height: 0; padding-bottom: 0; }
    .journal-area > .scroller { max-height: 320px; flex-basis: auto; }
  }
  @container panel (width < 1264px) {
    .facts { grid-template-columns: repeat(4, minmax(0, 1fr)); }
    .facts > :first-child { grid-column: span 2; }
  }
  @container panel (width < 1040px) {
    .title { flex-basis: 100%; }
    .side { justify-content: space-between; }
  }
  @container panel (width < 944px) {
    .body { grid-template-columns: minmax(0, 1fr); }
    .body > * + * { border-inline-start: 0; border-top: 1px solid var(--_line); }
  }
  @container panel (width < 440px) {
    .counters { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  }
  @container panel (width < 760px) {
    .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  }
  @container panel (width < 560px) {
    .title { justify-content: space-between; }
    .fan-area { padding: 16px 8px; }
    [data-cell="role"], [data-cell="page"] { width: auto; }
    th, td { padding-inline-end: 8px; }
    .chip { padding: 0 6px; }
  }
  @media (prefers-reduced-motion: reduce) {
    .node, .line, .glow, .gone { transition: none; }
    .glow { display: none; }
    .line:not(.gone, [data-page="parked"], [data-tone]) { stroke: var(--_accent); }
    .line.hub[data-tone="ok"] { stroke: var(--_accent); }
    .gone { opacity: 0.4; }
  }
  @media (forced-colors: active) {
    .node rect, .line { stroke: CanvasText; }
    .glow, .worker rect, [data-role="primary"] rect { stroke: Highlight; }
    .node text { fill: CanvasText; }
    .dot { forced-color-adjust: none; }
  }
`;
