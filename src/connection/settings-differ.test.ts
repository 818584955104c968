import { expect, it } from 'vitest';
import { settingsDiffer } from './settings-differ.js';

it('names each setting, what is in force and what was asked for', () => {
  const warning = settingsDiffer('https://h.test/hubs/ops?tenant=acme', [
    { setting: 'transport', inForce: '1', asked: '4' },
    { setting: 'headers', inForce: 'X-App', asked: 'none' },
  ]);
  expect(warning).toMatchObject({
    code: 'settings-differ',
    wire: { hub: 'https://h.test/hubs/ops?tenant=acme', settings: ['transport', 'headers'] },
  });
  expect(warning.message).toContain('transport is 1 (asked: 4), headers is X-App (asked: none)');
  expect(warning.message).toContain('https://h.test/hubs/ops ');
  expect(warning.message).not.toContain('tenant');
});
