/** The decisions of the set-up: is Node new enough, are packages missing, which Firefox is it, is something stale. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelFor } from './browsers.mjs';
import { firstDifference } from './dependencies.mjs';
import { newestChange } from './freshness.mjs';
import { nodeProblem } from './node-version.mjs';

describe('the version of Node', () => {
  it.each(['v20.19.0', 'v20.20.2', 'v22.0.0'])('%s is new enough', (version) => {
    expect(nodeProblem(version, '>=20.19')).toBeNull();
  });

  it.each(['v20.18.3', 'v18.20.0'])('%s is too old, which is said with both versions', (version) => {
    expect(nodeProblem(version, '>=20.19')).toMatch(new RegExp(`20\\.19 or newer; this is ${version}`));
  });
});

describe('installed packages', () => {
  const wanted = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };

  it('are right when each has its version, and optional ones of other platforms are left out', () => {
    expect(firstDifference(wanted, { 'node_modules/a': { version: '1.0.0' } })).toBeNull();
  });

  it.each([
    ['one is missing', {}],
    ['one has another version', { 'node_modules/a': { version: '1.0.1' } }],
  ])('are not when %s', (_, installed) => {
    expect(firstDifference(wanted, installed)).toBe('node_modules/a');
  });
});

describe('the channel of a browser', () => {
  it("is moz-firefox for a stock Firefox, and none for Playwright's own build", () => {
    const own = '/root/.cache/ms-playwright/firefox-1509/firefox/firefox';
    expect(channelFor('firefox', '/usr/bin/firefox-esr', own)).toBe('moz-firefox');
    expect(channelFor('firefox', own, own)).toBeNull();
    expect(channelFor('firefox', '/opt/browsers/firefox-1500/firefox/firefox', null)).toBeNull();
  });

  it('is none for Chromium', () => {
    expect(channelFor('chromium', '/usr/bin/chromium', null)).toBeNull();
  });
});

describe('the newest change', () => {
  let folder = '';
  const longAgo = new Date('2020-01-01');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hubshare-'));
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep/a.ts'), '');
    for (const name of ['deep/a.ts', 'deep', '.']) utimesSync(join(folder, name), longAgo, longAgo);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is that of a file deep below', () => {
    const later = new Date('2021-01-01');
    utimesSync(join(folder, 'deep/a.ts'), later, later);
    expect(newestChange([folder])).toBe(later.getTime());
  });

  it('is seen when a file is removed', () => {
    rmSync(join(folder, 'deep/a.ts'));
    expect(newestChange([folder])).toBeGreaterThan(longAgo.getTime());
  });

  it('leaves out installed packages, and paths that do not exist', () => {
    mkdirSync(join(folder, 'node_modules'));
    utimesSync(folder, longAgo, longAgo);
    expect(newestChange([folder, join(folder, 'nothing')])).toBe(longAgo.getTime());
  });
});
