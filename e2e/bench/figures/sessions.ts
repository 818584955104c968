/** Runs the figures of open tabs: way after way and repeat after repeat, so that drift hits all alike. */
import { watchMachine } from '../machine.js';
import { openTabs } from '../session.js';
import { waysOf } from '../ways.js';
import type { Figure, SessionFigure } from './figure.js';

export function sessionsOf(figures: readonly SessionFigure[]): Figure {
  const tabCounts = [...new Set(figures.flatMap(({ tabs }) => tabs))].toSorted((a, b) => a - b);
  return async (means) => {
    const hub = await means.startFirehose();
    const browser = await means.launchBrowser();
    for (let repeat = 0; repeat < means.times.repeats; repeat += 1) {
      for (const tabs of tabCounts) {
        for (const way of waysOf(repeat)) {
          means.tell(`repeat ${repeat + 1} of ${means.times.repeats}: ${way}, ${tabs} ${tabs === 1 ? 'tab' : 'tabs'}`);
          const context = await browser.browser.newContext();
          const session = await openTabs(context, hub.url, way, tabs);
          for (const figure of figures) {
            if (!figure.tabs.includes(tabs)) continue;
            const endWatch = watchMachine();
            await figure.measure({ session, hub, browser }, means);
            endWatch(means.results);
          }
          await context.close();
        }
      }
    }
  };
}
