/** Every time limit that tab and worker share, in milliseconds. */

/** How long a tab waits for an answer to `join` before it knocks again through a new port; a slow network may need all of them. */
export const JOIN_ATTEMPTS_MS: readonly number[] = [2_000, 4_000, 8_000, 16_000];

/** A call that the worker only has to note (attach, subscribe, park) is answered in this time, or the worker hangs. */
export const CONTROL_REPLY_MS = 10_000;

/** A hub call must be accepted by the worker in this time. The hub itself may take as long as it likes. */
export const CALL_ACCEPT_MS = 10_000;

/** How long one tab may take to give a token before the next one is asked. */
export const TOKEN_FROM_TAB_MS = 10_000;

/** How long the worker keeps the hub connected after the last tab has gone. */
export const LINGER_MS = 5_000;
