/** What a group of figures is: it gets the means, measures, and adds to the results. */
import type { Times } from '../options.js';
import type { Results } from '../results.js';
import type { BenchBrowser } from '../browser.js';
import type { HubProcess } from '../hub/hub-process.js';
import type { Session } from '../session.js';

export interface Means {
  readonly times: Times;
  readonly results: Results;
  /** One line of progress. */
  tell(line: string): void;
  /** What is started here is closed after the figure, also when it failed; a figure may close it earlier. */
  startFirehose(): Promise<HubProcess>;
  startEmbedded(): Promise<HubProcess>;
  launchBrowser(): Promise<BenchBrowser>;
  /** A browser as a person has it: Playwright's own launch keeps every page visible and makes freezing do nothing. */
  launchBareBrowser(): Promise<BenchBrowser>;
  closeAfter(close: () => Promise<void>): void;
}

/** A figure that has the whole run for itself. */
export type Figure = (means: Means) => Promise<void>;

/** Where a figure finds tabs that are open and connected to the bench hub. */
export interface Stage {
  readonly session: Session;
  readonly hub: HubProcess;
  readonly browser: BenchBrowser;
}

/** A figure of tabs that are open: those that want as many tabs share a session. */
export interface SessionFigure {
  readonly tabs: readonly number[];
  measure(stage: Stage, means: Means): Promise<void>;
}
