/** How a tab constructs the shared worker: the app's own entry, or the ready-made one. */

/** Gives the same worker in every tab: same URL, same name, same options. It must construct; it must not keep the object. */
export type WorkerFactory = () => SharedWorker;

/**
 * The ready-made worker. Bundlers find it by this very form: `new SharedWorker(new URL(…, import.meta.url), { literal })`.
 * `extendedLifetime` lets it outlive a reload of the only tab in Chromium; other browsers do not know the option and ignore it.
 */
export const defaultWorker: WorkerFactory = () =>
  new SharedWorker(new URL('../../worker/entry.js', import.meta.url), {
    type: 'module',
    name: 'hubshare',
    // @ts-expect-error TypeScript's DOM types do not have it yet (Chromium 148).
    extendedLifetime: true,
  });
