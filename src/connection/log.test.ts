import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { createLog, Level } from './log.js';

let consoleLines: string[];
let spies: MockInstance[];
beforeEach(() => {
  consoleLines = [];
  spies = (['error', 'warn'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((text: string) => void consoleLines.push(`${name} ${text}`)),
  );
});
afterEach(() => {
  for (const spy of spies) spy.mockRestore();
});

describe('without a logger', () => {
  it('what the app must hear goes to the console, what SignalR would log does not', () => {
    const log = createLog(null, null);
    log.insist(Level.error, 'a callback threw');
    log.insist(Level.warning, 'settings differ');
    log.write(Level.error, 'a line of the log');
    expect(consoleLines).toEqual(['error [hubshare] a callback threw', 'warn [hubshare] settings differ']);
  });

  it('an app that asked for a level gets all from there up', () => {
    const log = createLog(null, Level.error);
    log.insist(Level.warning, 'settings differ');
    log.write(Level.warning, 'a warning');
    log.write(Level.error, 'an error');
    expect(consoleLines).toEqual(['error [hubshare] an error']);
  });

  it('an app that asked for silence gets it', () => {
    createLog(null, 6).insist(Level.error, 'a callback threw');
    expect(consoleLines).toEqual([]);
  });
});

describe('a logger', () => {
  it('gets everything in place of the console', () => {
    const lines: string[] = [];
    const log = createLog({ log: (level, text) => lines.push(`${level} ${text}`) }, null);
    log.write(0, 'a trace');
    log.insist(Level.error, 'a callback threw');
    expect(lines).toEqual(['0 a trace', '4 a callback threw']);
    expect(consoleLines).toEqual([]);
  });

  it('that throws harms nothing', () => {
    const log = createLog(
      {
        log: () => {
          throw new Error('full');
        },
      },
      null,
    );
    expect(() => log.insist(Level.error, 'a callback threw')).not.toThrow();
  });
});
