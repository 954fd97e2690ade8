/** No request waits longer for its webhooks; upstream ends requests then. */
export const requestLimitMs = 34_000;
