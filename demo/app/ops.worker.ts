/** The shared worker of the console: it holds the hub connection, refreshes the access token without any tab, and joins each metric once. */
import { refreshEndpoint, serveHubs } from 'hubshare/worker';
import { METRIC, metricTopic } from './metric-topic.js';

serveHubs({
  accessToken: refreshEndpoint('/auth/refresh'),
  hubs: { '/hubs/ops': { topics: { [METRIC]: metricTopic } } },
});
