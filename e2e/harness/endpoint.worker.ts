/** A worker file as an app would write it, with tokens from the refresh endpoint; it can be ended by a test. */
import { refreshEndpoint, serveHubs } from 'hubshare/worker';
import { mortal } from './mortal.js';

serveHubs({ accessToken: refreshEndpoint('/auth/refresh') });
mortal();
