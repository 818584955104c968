import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pageVisibility, watchPage } from './page-life.js';

class FakeDocument extends EventTarget {
  visibilityState = 'visible';
}

let page: FakeDocument;
let view: EventTarget;
const events = { visibility: vi.fn(), parked: vi.fn(), restored: vi.fn(), online: vi.fn() };

beforeEach(() => {
  page = new FakeDocument();
  view = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', view);
  vi.clearAllMocks();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const transition = (type: string, persisted: boolean): Event => Object.assign(new Event(type), { persisted });

it.each([
  ['visible', 'visible'],
  ['hidden', 'hidden'],
  ['prerender', 'visible'],
])('takes %s for %s', (state, expected) => {
  page.visibilityState = state;
  expect(pageVisibility()).toBe(expected);
});

it('tells when the page is hidden and shown', () => {
  watchPage(events);
  page.visibilityState = 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  expect(events.visibility.mock.calls).toEqual([['hidden'], ['visible']]);
});

it('tells when the page is frozen and resumed', () => {
  watchPage(events);
  page.dispatchEvent(new Event('freeze'));
  expect(events.parked.mock.calls).toEqual([['frozen']]);
  expect(events.restored).not.toHaveBeenCalled();
  page.dispatchEvent(new Event('resume'));
  expect(events.restored).toHaveBeenCalledTimes(1);
});

it('tells when the page goes into the back/forward cache and comes back', () => {
  watchPage(events);
  view.dispatchEvent(transition('pagehide', true));
  expect(events.parked.mock.calls).toEqual([['cached']]);
  expect(events.restored).not.toHaveBeenCalled();
  view.dispatchEvent(transition('pageshow', true));
  expect(events.restored).toHaveBeenCalledTimes(1);
});

it('does not take a page that ends or begins for one that is cached', () => {
  watchPage(events);
  view.dispatchEvent(transition('pageshow', false));
  view.dispatchEvent(transition('pagehide', false));
  expect(events.parked).not.toHaveBeenCalled();
  expect(events.restored).not.toHaveBeenCalled();
});

it('tells when the network is back', () => {
  watchPage(events);
  view.dispatchEvent(new Event('online'));
  expect(events.online).toHaveBeenCalledTimes(1);
});

it('listens for neither unload, which keeps a page out of the cache, nor beforeunload, which it does not need', () => {
  const listened = [vi.spyOn(view, 'addEventListener'), vi.spyOn(page, 'addEventListener')];
  watchPage(events);
  const types = listened.flatMap(({ mock }) => mock.calls.map(([type]) => type));
  expect(types).not.toContain('unload');
  expect(types).not.toContain('beforeunload');
});

it('leaves no listener behind', () => {
  watchPage(events)();
  for (const type of ['visibilitychange', 'freeze', 'resume']) page.dispatchEvent(new Event(type));
  for (const type of ['pagehide', 'pageshow']) view.dispatchEvent(transition(type, true));
  view.dispatchEvent(new Event('online'));
  for (const spy of Object.values(events)) expect(spy).not.toHaveBeenCalled();
});
