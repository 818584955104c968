/** Every time limit that tab and worker share, in milliseconds. */

/** How long a tab waits for an answer to `join` before it knocks again through a new port; a slow network may need all of them. */
export const JOIN_ATTEMPTS_MS: readonly number[] = [300, 700, 1_500, 3_000, 6_000, 12_000];

/**
 * How long a tab is still counted as being with a worker that died, where the browser forgets a worker late (see presence.ts). With
 * 150 ms a few deaths in a hundred ended, on a machine under load, with no tab getting a worker again; and such deaths are rare.
 */
export const FORGET_PAUSE_MS = 1_000;

/** How long a tab waits for the other tabs of a dead worker to notice its death. */
export const FORGET_LIMIT_MS = 3_000;

/** How long the port of a dead worker is still read: its last words may be queued behind the news of its death. */
export const LAST_WORDS_MS = 100;

/** Milliseconds before each try to get to a worker again when that failed (its script cannot be fetched while the network is down). */
export const REJOIN_DELAYS_MS: readonly number[] = [1_000, 5_000, 15_000, 30_000, 60_000];

/** A call that the worker only has to note (attach, subscribe, park) is answered in this time, or the worker hangs. */
export const CONTROL_REPLY_MS = 10_000;

/** A hub call must be accepted by the worker in this time. The hub itself may take as long as it likes. */
export const CALL_ACCEPT_MS = 10_000;

/** How long one tab may take to give a token before the next one is asked. */
export const TOKEN_FROM_TAB_MS = 10_000;

/** How long one tab may take to say whether it answers a question of the hub, or what its retry policy says, before the next one is asked. */
export const QUESTION_TAKE_MS = 5_000;

/** How long the worker keeps the hub connected after the last tab has gone. */
export const LINGER_MS = 5_000;

/** How long a member of a topic stays joined on the hub after the last tab has let it go: a reload need not join anew. */
export const TOPIC_LINGER_MS = 5_000;

/** How long a claim waits for a tab that would be the better one to do what is claimed. */
export const CLAIM_WAIT_MS = 200;

/** How long a tab that was offered a claim may take to confirm before the next one is offered it. */
export const CLAIM_CONFIRM_MS = 2_000;

/** How long a tab must have been hidden before it parks itself. */
export const HIDDEN_PARK_MS = 5 * 60_000;

/** How long a sign-out waits for the tabs that are awake to have dispatched what was posted to them before it. */
export const FENCE_WAIT_MS = 1_000;

/** How long a page that does not say whom it shows waits to be told from the pages before it; then it gets a connection of its own. */
export const COMPARE_MS = 4_000;

/** How long a start may wait until the worker knows whether the user whom its page shows is the one who is signed in: a slow issuer. */
export const ADMIT_REPLY_MS = 75_000;

/** The issuer is asked at most this often who is signed in, however often a page with another user starts. */
export const ADMIT_PAUSE_MS = 1_000;
