/** A worker that soon has more for a tab than it may keep, and that leaves a topic at once: for tests of both. */
import { refreshEndpoint, serveHubs } from 'hubshare/worker';
import { mortal } from './mortal.js';

serveHubs({
  accessToken: refreshEndpoint('/auth/refresh'),
  delivery: { window: 2, maxBatchEntries: 8, maxQueuedEntries: 40 },
  topicLingerMs: 100,
});
mortal();
