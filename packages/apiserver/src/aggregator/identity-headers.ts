import type { OutgoingHttpHeaders } from "node:http";
import type { UserInfo } from "../registry/contract.ts";

/** The headers in which a front proxy says who asks (`--requestheader-…-headers`), in the form in which they are published. */
export const identityHeaderNames = {
  user: "X-Remote-User",
  uid: "X-Remote-Uid",
  group: "X-Remote-Group",
  extraPrefix: "X-Remote-Extra-",
} as const;

/** The headers for a user. Keys of `extra` are percent-encoded where a header's name may not hold them. */
export function identityHeaders({ name, uid = "", groups, extra = {} }: UserInfo): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { [identityHeaderNames.user]: name };
  if (uid !== "") headers[identityHeaderNames.uid] = uid;
  if (groups.length > 0) headers[identityHeaderNames.group] = [...groups];
  for (const [key, values] of Object.entries(extra)) headers[`${identityHeaderNames.extraPrefix}${escapeKey(key)}`] = [...values];
  return headers;
}

/** What a client cannot say of itself. */
export function withoutIdentity(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith("x-remote-")));
}

/** Characters of RFC 7230 tokens but `%` stay. */
function escapeKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
