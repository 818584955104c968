/** `hubshare/inspector`: importing it defines `<hubshare-inspector>`, the state panel. */
import { defineInspector } from './element.js';

export { HubshareInspector } from './element.js';

defineInspector();
