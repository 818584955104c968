/** `<hubshare-inspector>`: the custom element around the panel. It asks the worker only while somebody can see it. */
import { inspectionOf, type Inspection } from '../contract/inspection.js';
import { watchOnScreen } from './on-screen.js';
import { createPanel, type Panel, type Subject } from './panel.js';
import { createReportFeed, type FeedClock, type ReportFeed } from './report-feed.js';
import { panelStyles } from './styles.js';

export const TAG = 'hubshare-inspector';

/** Ages, countdowns and the up time move once a second. */
const TICK_MS = 1_000;

const clock: FeedClock = {
  // Monotonic: a corrected wall clock must not hold the next question back.
  nowMs: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

// On a server there is no HTMLElement. The module must still load there, so that an app can import it without a check.
const ElementBase: typeof HTMLElement =
  typeof HTMLElement === 'undefined' ? (Object as unknown as typeof HTMLElement) : HTMLElement;

/**
 * The state panel. Give it the app's connection: `panel.connection = connection`.
 *
 * Attribute `data-theme="dark"` or `"light"` overrides the system's theme. The custom properties that a page
 * can set, on the element or on any of its ancestors, are listed in `styles.ts`; areas can be styled by `::part()`.
 */
export class HubshareInspector extends ElementBase {
  #connection: object | null = null;
  #givenSource: Inspection | null = null;
  #source: Inspection | null = null;
  #subjectKind: Subject['kind'] = 'nothing';
  #panel: Panel | null = null;
  #feed: ReportFeed | null = null;
  #stopWatching: (() => void) | null = null;
  #ticker: ReturnType<typeof setInterval> | null = null;
  #onScreen = false;

  /** The connection to look at: a SharedHubConnection. */
  get connection(): object | null {
    return this.#connection;
  }

  set connection(connection: object | null) {
    this.#connection = connection;
    this.#look();
  }

  /** Looks at this instead of at a connection: for tests, and for tools that bring a worker of their own. */
  get source(): Inspection | null {
    return this.#givenSource;
  }

  set source(source: Inspection | null) {
    this.#givenSource = source;
    this.#look();
  }

  connectedCallback(): void {
    this.#takeEarly('connection');
    this.#takeEarly('source');
    this.#build();
    this.#look();
    this.#stopWatching?.();
    this.#stopWatching = watchOnScreen(this, (onScreen) => this.#setOnScreen(onScreen));
  }

  disconnectedCallback(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#setOnScreen(false);
  }

  /** A sheet belongs to the document that it was made in. */
  adoptedCallback(): void {
    if (this.shadowRoot !== null) this.shadowRoot.adoptedStyleSheets = [panelStyles(this.ownerDocument)];
  }

  #build(): void {
    if (this.#panel !== null) return;
    this.#panel = createPanel();
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    shadow.adoptedStyleSheets = [panelStyles(this.ownerDocument)];
    shadow.append(this.#panel.root);
  }

  /** A property that was set before the element was defined hides the accessor of the class. */
  #takeEarly(name: 'connection' | 'source'): void {
    const early = Object.getOwnPropertyDescriptor(this, name);
    if (early === undefined) return;
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, early.value);
  }

  #subject(): Subject {
    if (this.#givenSource !== null) return { kind: 'worker', source: this.#givenSource };
    if (this.#connection === null) return { kind: 'nothing' };
    const source = inspectionOf(this.#connection);
    return source === undefined ? { kind: 'foreign' } : { kind: 'worker', source };
  }

  /** Turns to another worker if the properties say so. One that stays keeps its feed, and with it its open question. */
  #look(): void {
    if (this.#panel === null) return;
    const subject = this.#subject();
    const source = subject.kind === 'worker' ? subject.source : null;
    if (source === this.#source && subject.kind === this.#subjectKind) return;
    this.#feed?.setActive(false);
    this.#source = source;
    this.#subjectKind = subject.kind;
    const panel = this.#panel;
    panel.look(subject, Date.now());
    this.#feed = source === null ? null : createReportFeed(source, clock, (news) => panel.take(news, Date.now()));
    this.#feed?.setActive(this.#onScreen);
  }

  #setOnScreen(onScreen: boolean): void {
    this.#onScreen = onScreen;
    this.#feed?.setActive(onScreen);
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#ticker = null;
    if (!onScreen) return;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  #tick(): void {
    // A connection may be given before it can be looked at.
    if (this.#subjectKind === 'foreign') this.#look();
    this.#panel?.tick(Date.now());
  }
}

/** Safe to call twice, and where there are no custom elements. */
export function defineInspector(): void {
  if (typeof customElements === 'undefined' || customElements.get(TAG) !== undefined) return;
  customElements.define(TAG, HubshareInspector);
}

declare global {
  interface HTMLElementTagNameMap {
    'hubshare-inspector': HubshareInspector;
  }
}
