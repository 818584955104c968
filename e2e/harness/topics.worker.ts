/** A worker file that declares a topic, as an app would write it: with a key function. Nothing is left on the hub for as long as a test takes. */
import { refreshEndpoint, serveHubs } from 'hubshare/worker';
import { mortal } from './mortal.js';

const metric = {
  event: 'metric',
  join: 'JoinMetric',
  leave: 'LeaveMetric',
  key: (value: { readonly name: string }) => value.name,
  retain: 'last',
} as const;

serveHubs({
  accessToken: refreshEndpoint('/auth/refresh'),
  hubs: { '/hubs/ops': { topics: { metric } } },
  topicLingerMs: 600_000,
});
mortal();
