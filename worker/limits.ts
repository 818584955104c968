/**
 * How much one page may have the worker hold. An app never comes near; a page that is broken or hostile must not fill the memory of a
 * worker that all pages share. What waits for a tab to read it has bounds of its own (`delivery` of `serveHubs()`).
 */

/** Tabs that have joined and are alive. */
export const MAX_TABS = 1_000;

/** Ports that have knocked and have not joined yet: a client joins in the same task. The oldest one is closed. */
export const MAX_PORTS_BEFORE_JOIN = 200;

/** Hubs that one tab wants. Of client methods see `MAX_CLIENT_METHODS`. */
export const MAX_HUBS_OF_TAB = 50;

/** Members of topics that one tab holds of one hub. */
export const MAX_TOPIC_KEYS_OF_TAB = 10_000;

/** Names of topics that one hub knows, whoever declared them. */
export const MAX_TOPICS_OF_HUB = 1_000;

/** Messages of one tab that are not answered yet: calls, streams, joins of topics, claims. */
export const MAX_OPEN_CALLS_OF_TAB = 10_000;

/** Claims that one tab has made for one hub and that are not settled. */
export const MAX_OPEN_CLAIMS_OF_TAB = 1_000;

/** Delays in a list of retry delays. */
export const MAX_RETRY_DELAYS = 1_000;

/** Headers that a tab may add to the requests of a hub. */
export const MAX_HUB_HEADERS = 200;

/** Arguments of one call of the contract, of which none has more than three. */
export const MAX_ARGUMENTS = 5;

/** Texts, numbers, lists and objects in the arguments of one hub call, each counted as often as it would be written. */
export const MAX_VALUES_OF_CALL = 1_000_000;

/** Characters of text and bytes in the arguments of one hub call. */
export const MAX_CHARS_OF_CALL = 64 * 1024 * 1024;

/** Lists and objects within each other in the arguments of one hub call. */
export const MAX_DEPTH_OF_CALL = 1_000;
