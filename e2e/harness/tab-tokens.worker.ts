/** The same as the ready-made worker, whose tokens come from the tabs; it can be ended by a test. */
import { serveHubs } from 'hubshare/worker';
import { mortal } from './mortal.js';

serveHubs();
mortal();
