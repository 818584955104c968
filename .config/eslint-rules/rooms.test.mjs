/** Each arrow of the design, in both directions. */
import { resolve } from 'node:path';
import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, it } from 'vitest';
import { roomsRule } from './rooms.mjs';

RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });
const at = (file, code, messageId) => ({
  name: `${file}: ${code}`,
  filename: resolve(import.meta.dirname, '../..', file),
  code,
  ...(messageId ? { errors: [{ messageId }] } : {}),
});

tester.run('rooms', roomsRule, {
  valid: [
    at('worker/coordinator.ts', `import { x } from '../src/contract/rpc.js';`),
    at('worker/coordinator.ts', `import { x } from './hub/hub-link.js';`),
    at('worker/hub/hub-socket.ts', `import { HubConnectionBuilder } from '@microsoft/signalr';`),
    at('worker/auth/broker.ts', `import type { ILogger } from '@microsoft/signalr';`),
    at('worker/tabs/tab.test.ts', `import { FakeClock } from '../testing/fake-clock.js';`),
    at('worker/testing/fake-hub.ts', `import { HubConnectionState } from '@microsoft/signalr';`),
    at('worker/testing/fake-hub.ts', `import { FakeClock } from './fake-clock.js';`),
    at('src/connection/shared.ts', `import { y } from '../tab/join.js';`),
    at('src/connection/shared.ts', `import type { HubConnection } from '@microsoft/signalr';`),
    at('src/connection/shared.ts', `export type { HubConnection } from '@microsoft/signalr';`),
    at('src/connection/shared.ts', `type T = import('@microsoft/signalr').HubConnection;`),
    at('src/connection/shared.test.ts', `import { HubConnectionState } from '@microsoft/signalr';`),
    at('src/tab/join.test.ts', `import { FakeClock } from '../../worker/testing/fake-clock.js';`),
    at('src/tab/join.test.ts', `import { fakeUser } from './testing/fake-user.js';`),
    at('src/tab/testing/fake-user.ts', `import type { ChannelUser } from '../channel-user.js';`),
    at('src/tab/testing/fake-user.ts', `import { PLAIN_SETTINGS } from '../../../worker/testing/plain-wish.js';`),
    at('src/tab/start.ts', `new SharedWorker(new URL('../../worker/entry.js', import.meta.url), { type: 'module' });`),
    at('src/tab/start.ts', `const { lead } = await import('../leader/lead.js');`),
    at('src/tab/start.ts', `import type { Lead } from '../leader/lead.js';`),
    at('src/leader/lead.ts', `import { createCoordinator } from '../../worker/coordinator.js';`),
    at('src/index.ts', `export { Builder } from './connection/builder.js';`),
    at('src/index.test-d.ts', `import { Builder } from './index.js';`),
    at('src/contract/rpc.ts', `import type { Remote } from 'comlink';`),
    at('src/contract/rpc.ts', `import { wireError } from './errors.js';`),
    at('demo/app/main.ts', `import { HubConnectionBuilder } from '@microsoft/signalr'; import { x } from 'hubshare';`),
    at('e2e/spec.ts', `import { startHub } from '../demo/hub/index.js';`),
  ],
  invalid: [
    at('worker/coordinator.ts', `import { x } from '../src/tab/join.js';`, 'workerUsesTab'),
    at('worker/coordinator.ts', `import type { X } from '../src/tab/join.js';`, 'workerUsesTab'),
    at('worker/coordinator.ts', `import { x } from '../src/leader/lead.js';`, 'workerUsesTab'),
    at('worker/coordinator.ts', `import { x } from '../src/index.js';`, 'index'),
    at('worker/coordinator.ts', `import { FakeHub } from './testing/fake-hub.js';`, 'testKit'),
    at('worker/coordinator.ts', `import { x } from '../demo/hub/index.js';`, 'libraryUsesApp'),
    at('worker/coordinator.ts', `import { HubConnection } from '@microsoft/signalr';`, 'signalr'),
    at('worker/coordinator.ts', `import { type HubConnection } from '@microsoft/signalr';`, 'signalr'),
    at('worker/coordinator.ts', `const s = await import('@microsoft/signalr');`, 'signalr'),
    at('worker/coordinator.ts', `export { LogLevel } from '@microsoft/signalr';`, 'signalr'),
    at('worker/coordinator.ts', `export * from '@microsoft/signalr';`, 'signalr'),
    at('src/connection/shared.ts', `import { HttpTransportType } from '@microsoft/signalr';`, 'signalr'),
    at('src/connection/shared.ts', `import { x } from '../../worker/coordinator.js';`, 'tabUsesWorker'),
    at('src/connection/shared.test.ts', `import { x } from '../../worker/coordinator.js';`, 'tabUsesWorker'),
    at('src/connection/shared.ts', `export * from '../../worker/clock.js';`, 'tabUsesWorker'),
    at('src/tab/join.ts', `import { fakeUser } from './testing/fake-user.js';`, 'testKit'),
    at('src/tab/testing/fake-user.ts', `import { x } from '../../../worker/coordinator.js';`, 'tabUsesWorker'),
    at('worker/tabs/tab.test.ts', `import { fakeUser } from '../../src/tab/testing/fake-user.js';`, 'workerUsesTab'),
    at('src/connection/shared.ts', `import { Builder } from '../index.js';`, 'index'),
    at('src/connection/shared.ts', `import { lead } from '../leader/lead.js';`, 'leaderIsLazy'),
    at('src/connection/shared.ts', `import { serveHubs } from 'hubshare/worker';`, 'itself'),
    at('src/connection/shared.ts', `import { x } from '../../e2e/fixtures/hub.js';`, 'libraryUsesApp'),
    at('src/contract/rpc.ts', `import { x } from '../tab/join.js';`, 'contract'),
    at('src/contract/rpc.ts', `import type { X } from '../../worker/coordinator.js';`, 'contract'),
  ],
});
