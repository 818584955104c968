import { LogLevel } from '@microsoft/signalr';
import { expect, it, vi } from 'vitest';
import { createSanitizer } from '../auth/sanitizer.js';
import { createRedactingLogger } from './redacting-logger.js';

function setUp(consoleLevel?: LogLevel, wanted = false) {
  const out = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const journal = vi.fn();
  const sanitizer = createSanitizer();
  const tabs = { wanted: () => wanted, log: vi.fn() };
  const logger = createRedactingLogger({
    sanitizer,
    journal,
    tabs,
    console: out,
    ...(consoleLevel === undefined ? {} : { consoleLevel }),
  });
  return { out, journal, tabs, sanitizer, logger };
}

it('redacts what SignalR logs, for the journal and the console', () => {
  const { out, journal, logger } = setUp(LogLevel.Information);
  logger.log(LogLevel.Information, 'WebSocket connected to wss://h/hub?id=abc&access_token=eyJhbGciOi.x.y.');
  expect(out.info).toHaveBeenCalledWith('[hubshare] WebSocket connected to wss://h/hub?[redacted]');
  logger.log(LogLevel.Error, 'Failed: Bearer abc');
  expect(out.error).toHaveBeenCalledWith('[hubshare] Failed: Bearer [redacted]');
  expect(journal.mock.calls).toEqual([[LogLevel.Error, 'Failed: Bearer [redacted]']]);
});

it('writes warnings and errors to the console unless told otherwise', () => {
  const { out, logger } = setUp();
  for (const level of [
    LogLevel.Trace,
    LogLevel.Debug,
    LogLevel.Information,
    LogLevel.Warning,
    LogLevel.Error,
    LogLevel.Critical,
  ]) {
    logger.log(level, LogLevel[level]);
  }
  expect(out.debug).not.toHaveBeenCalled();
  expect(out.info).not.toHaveBeenCalled();
  expect(out.warn.mock.calls).toEqual([['[hubshare] Warning']]);
  expect(out.error.mock.calls).toEqual([['[hubshare] Error'], ['[hubshare] Critical']]);
});

it('keeps the journal when the console is off', () => {
  const { out, journal, logger } = setUp(LogLevel.None);
  logger.log(LogLevel.Warning, 'careful');
  expect(journal).toHaveBeenCalledWith(LogLevel.Warning, 'careful');
  expect(out.warn).not.toHaveBeenCalled();
});

it('does not spend time on what goes nowhere', () => {
  const { sanitizer, logger } = setUp();
  const redact = vi.spyOn(sanitizer, 'redact');
  logger.log(LogLevel.Trace, 'data received');
  expect(redact).not.toHaveBeenCalled();
});

it('cuts a page that found its way into a message', () => {
  const { journal, logger } = setUp(LogLevel.None);
  logger.log(LogLevel.Error, 'x'.repeat(10_000));
  expect(journal.mock.calls[0]?.[1]).toHaveLength(2_001);
});

it('tells once per name that the hub calls a method that nobody listens to', () => {
  const { out, journal, logger } = setUp();
  for (const name of ['tick', 'tick', 'quote', 'tick', 'quote']) {
    logger.log(LogLevel.Warning, `No client method with the name '${name}' found.`);
  }
  expect(journal.mock.calls).toEqual([
    [LogLevel.Warning, "No client method with the name 'tick' found."],
    [LogLevel.Warning, "No client method with the name 'quote' found."],
  ]);
  expect(out.warn).toHaveBeenCalledTimes(2);
});

it('tells every other message each time it comes', () => {
  const { out, journal, logger } = setUp();
  for (let n = 0; n < 3; n += 1) logger.log(LogLevel.Warning, 'The connection was lost.');
  expect(journal).toHaveBeenCalledTimes(3);
  expect(out.warn).toHaveBeenCalledTimes(3);
});

it('gives the tabs that want it every message, redacted, at every level', () => {
  const { out, journal, tabs, logger } = setUp(LogLevel.None, true);
  logger.log(LogLevel.Trace, 'to wss://h/hub?access_token=eyJhbGciOi.x.y');
  logger.log(LogLevel.Error, 'Bearer abc');
  expect(tabs.log.mock.calls).toEqual([
    [LogLevel.Trace, 'to wss://h/hub?[redacted]'],
    [LogLevel.Error, 'Bearer [redacted]'],
  ]);
  expect(journal).toHaveBeenCalledTimes(1);
  expect(out.debug).not.toHaveBeenCalled();
});

it('gives the tabs nothing that they do not want', () => {
  const { tabs, logger } = setUp(LogLevel.Trace);
  logger.log(LogLevel.Error, 'failed');
  expect(tabs.log).not.toHaveBeenCalled();
});

it('tells the tabs each time what the journal is told once', () => {
  const { journal, tabs, logger } = setUp(LogLevel.None, true);
  for (let n = 0; n < 3; n += 1) logger.log(LogLevel.Warning, "No client method with the name 'tick' found.");
  expect(tabs.log).toHaveBeenCalledTimes(3);
  expect(journal).toHaveBeenCalledTimes(1);
});
