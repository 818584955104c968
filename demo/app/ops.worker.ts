/** The shared worker of the console: it holds the hub connection, and refreshes the access token without any tab. */
import { refreshEndpoint, serveHubs } from 'hubshare/worker';

serveHubs({ accessToken: refreshEndpoint('/auth/refresh') });
