/** The flags of `npm run demo` and `npm test`: an unknown or wrong one is an error that names it. */
import { describe, expect, it } from 'vitest';
import { parseDemoOptions } from './demo/options.mjs';
import { parseTestOptions, stepNames } from './test/options.mjs';

describe('npm run demo', () => {
  it('has defaults', () => {
    expect(parseDemoOptions([])).toEqual({ help: false, aspnet: false, port: 5174, tokenLifeSeconds: 300 });
  });

  it('takes its flags', () => {
    expect(parseDemoOptions(['--aspnet', '--port', '8080', '--token-life=0.5'])).toMatchObject({
      aspnet: true,
      port: 8080,
      tokenLifeSeconds: 0.5,
    });
  });

  it.each([
    [['--aspnett'], /--aspnett/],
    [['here'], /here/],
    [['--port', 'x'], /--port/],
    [['--port', '70000'], /--port/],
    [['--port'], /--port/],
    [['--token-life', '0'], /--token-life/],
  ])('refuses %j', (args, message) => {
    expect(() => parseDemoOptions(args)).toThrow(message);
  });
});

describe('npm test', () => {
  it('runs every step', () => {
    expect(parseTestOptions([]).steps).toEqual(stepNames);
  });

  it('runs the named steps in their own order', () => {
    expect(parseTestOptions(['--only', 'e2e,unit']).steps).toEqual(['unit', 'e2e']);
  });

  it('hands further arguments to the tool of the one step', () => {
    const { toolArguments } = parseTestOptions(['--only', 'e2e', '--', '--project=chromium-node', 'x.spec.ts']);
    expect(toolArguments).toEqual(['--project=chromium-node', 'x.spec.ts']);
  });

  it.each([
    [['--only', 'units'], /"units"/],
    [['--onlyy', 'unit'], /--onlyy/],
    [['worker/hub'], /"worker\/hub"/],
    [['--only', 'unit,e2e', 'worker/hub'], /"worker\/hub"/],
    [['--only', 'format', 'x'], /"x"/],
  ])('refuses %j', (args, message) => {
    expect(() => parseTestOptions(args)).toThrow(message);
  });
});
