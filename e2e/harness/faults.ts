/** The message by which a test ends a harness worker in a browser that has no debugger for workers. */
export const FAULT_CHANNEL = 'hubshare-harness-fault';
export const DIE = 'die';
