import type { Attributes, Decision } from "../authorization/attributes.ts";

/** Asks the server's authorizers; for plug-ins that demand a right besides that to the request itself. */
export type Authorize = (attributes: Attributes) => Decision;
