/** A worker file whose tokens outlive it, encrypted; it can be ended by a test. */
import { refreshEndpoint, serveHubs, tokenVault } from 'hubshare/worker';
import { mortal } from './mortal.js';

serveHubs({ accessToken: refreshEndpoint('/auth/refresh', { vault: tokenVault() }) });
mortal();
