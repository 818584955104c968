/** The ready-made worker: no options, tokens from the primary tab's `accessTokenFactory`. */
import { serveHubs } from './index.js';

serveHubs();
