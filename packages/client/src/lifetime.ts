import { setMaxListeners } from "node:events";

/**
 * An AbortController for something long-lived whose signal many operations listen to at once. Node warns of a leak at the eleventh
 * listener of a signal; here that is no leak.
 */
export function createLifetime(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
