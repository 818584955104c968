/** Every way of giving the library a wrong value that its types forbid and a JavaScript app can do all the same. */
import { SharedHubConnectionBuilder } from 'hubshare';
import type { Misuse } from './tab-api.js';

/** A value that the types would refuse. */
const wrong = (value: unknown): never => value as never;

const HUB = '/hubs/ops';

export const misuse: Readonly<Record<Misuse, () => unknown>> = {
  'url that is a number': () => new SharedHubConnectionBuilder().withUrl(wrong(42)),
  'url that is empty': () => new SharedHubConnectionBuilder().withUrl('').build(),
  'url of another scheme': () => new SharedHubConnectionBuilder().withUrl('ftp://127.0.0.1/hubs/ops').build(),
  'token factory that is a string': () =>
    new SharedHubConnectionBuilder().withUrl(HUB, wrong({ accessTokenFactory: 'not a function' })),
  'transport that does not exist': () => new SharedHubConnectionBuilder().withUrl(HUB, wrong({ transport: 64 })),
  'reconnect delays that are strings': () =>
    new SharedHubConnectionBuilder().withUrl(HUB).withAutomaticReconnect(wrong(['soon', 'later'])),
  'reconnect delay that is negative': () =>
    new SharedHubConnectionBuilder().withUrl(HUB).withAutomaticReconnect([0, -1]),
  'server timeout that is not a number': () =>
    new SharedHubConnectionBuilder().withUrl(HUB).withServerTimeout(wrong('30s')),
  'keep-alive that is zero': () => new SharedHubConnectionBuilder().withUrl(HUB).withKeepAliveInterval(0),
  'worker that is no function': () => new SharedHubConnectionBuilder().withUrl(HUB).withWorker(wrong('./worker.js')),
  'worker factory that gives no worker': () =>
    new SharedHubConnectionBuilder()
      .withUrl(HUB)
      .withWorker(() => wrong({}))
      .build()
      .start(),
  'build without url': () => new SharedHubConnectionBuilder().build(),
  'handler that is no function': () =>
    new SharedHubConnectionBuilder().withUrl(HUB).build().on('sequence', wrong('handler')),
  'method name that is a number': () =>
    new SharedHubConnectionBuilder()
      .withUrl(HUB)
      .build()
      .on(wrong(7), () => undefined),
};
