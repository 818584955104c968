/** A page of `https://app.test` in Node, with the globals that the tab side uses, in front of a real worker; only sockets to hubs are fakes. */
import { vi } from 'vitest';
import { FakeHubs } from './fake-hub.js';
import { FakeLocks, type FakeLockClient } from './fake-locks.js';
import { FakeErrorEvent, FakeSharedWorker, FakeWorkerHost } from './fake-shared-worker.js';
import { FakeTab } from './fake-tab.js';
import { quiet } from './settle.js';

/**
 * One for each test. `signalr-socket.js` is to be mocked with `hubs.open`; a mock belongs to the file that makes it.
 *
 * @example
 * let page: FakePage;
 * vi.mock('../../worker/hub/signalr-socket.js', () => ({
 *   openSignalRSocket: (...args: Parameters<FakePage['hubs']['open']>) => page.hubs.open(...args),
 * }));
 * beforeEach(() => { page = new FakePage(); });
 * afterEach(() => page.close());
 */
export class FakePage {
  /** Web Locks of the whole origin. */
  readonly origin = new FakeLocks();
  readonly locks: FakeLockClient = this.origin.client('page');
  readonly host = new FakeWorkerHost(this.origin);
  readonly hubs = new FakeHubs();
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly window = new EventTarget();
  /** Other tabs of the worker, in the order in which they were opened. */
  readonly others: FakeTab[] = [];
  /** For `withWorker()`. One function per page: each is a client of its own. A test may have another one. */
  factory = (): FakeSharedWorker => new FakeSharedWorker(this.host);

  constructor() {
    vi.stubGlobal('document', this.document);
    vi.stubGlobal('window', this.window);
    vi.stubGlobal('location', { href: 'https://app.test/page' });
    vi.stubGlobal('navigator', { locks: this.locks });
    vi.stubGlobal('SharedWorker', FakeSharedWorker);
    vi.stubGlobal('ErrorEvent', FakeErrorEvent);
  }

  /** Another tab of the same worker, which has joined. */
  async otherTab(id = 'other'): Promise<FakeTab> {
    const tab = new FakeTab(this.host.coordinator, this.origin, id);
    this.others.push(tab);
    await tab.join();
    return tab;
  }

  /** The worker and all in it are gone, without a word to anybody. */
  killWorker(): void {
    this.hubs.vanish();
    this.host.kill();
  }

  /** The page, its worker and the other tabs are gone, and the globals are as they were. */
  async close(): Promise<void> {
    for (const tab of this.others) tab.closePorts();
    this.locks.die();
    this.host.kill();
    await quiet();
    vi.unstubAllGlobals();
  }
}
