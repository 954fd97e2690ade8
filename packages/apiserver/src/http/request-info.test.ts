import { describe, expect, it } from "vitest";
import { parseRequestInfo } from "./request-info.ts";

function parse(method: string, url: string): Record<string, unknown> {
  const { verb, group, version, namespace, resource, subresource, name, isResourceRequest } = parseRequestInfo(method, url) ?? {};
  return Object.fromEntries(
    Object.entries({ verb, group, version, namespace, resource, subresource, name, isResourceRequest }).filter(([, value]) => value !== ""),
  );
}

describe("parseRequestInfo", () => {
  const pods = { isResourceRequest: true, version: "v1", resource: "pods", namespace: "a" };

  it.each([
    ["GET", "/api/v1/namespaces/a/pods", { ...pods, verb: "list" }],
    ["GET", "/api/v1/namespaces/a/pods?watch=1", { ...pods, verb: "watch" }],
    ["GET", "/api/v1/namespaces/a/pods?watch=false", { ...pods, verb: "list" }],
    ["GET", "/api/v1/watch/namespaces/a/pods/b", { ...pods, verb: "watch", name: "b" }],
    ["GET", "/api/v1/namespaces/a/pods?watch=1&fieldSelector=metadata.name%3Db", { ...pods, verb: "watch", name: "b" }],
    ["HEAD", "/api/v1/namespaces/a/pods/b", { ...pods, verb: "get", name: "b" }],
    ["POST", "/api/v1/namespaces/a/pods/b/exec?command=ls", { ...pods, verb: "create", name: "b", subresource: "exec" }],
    ["DELETE", "/api/v1/namespaces/a/pods", { ...pods, verb: "deletecollection" }],
    ["GET", "/api/v1/namespaces/a", { ...pods, verb: "get", resource: "namespaces", name: "a" }],
    ["PUT", "/api/v1/namespaces/a/finalize", { ...pods, verb: "update", resource: "namespaces", name: "a", subresource: "finalize" }],
    ["GET", "/apis/apps/v1/deployments", { isResourceRequest: true, verb: "list", group: "apps", version: "v1", resource: "deployments" }],
    ["GET", "/apis/apps/v1", { isResourceRequest: false, verb: "get" }],
    ["GET", "/api/v1/", { isResourceRequest: false, verb: "get" }],
    ["POST", "/healthz", { isResourceRequest: false, verb: "post" }],
  ])("%s %s", (method, url, expected) => {
    expect(parse(method, url)).toEqual(expected);
  });

  it("knows no request behind a bare legacy prefix or a broken escape", () => {
    expect(parseRequestInfo("GET", "/api/v1/watch")).toBeUndefined();
    expect(parseRequestInfo("GET", "/api/v1/%zz")).toBeUndefined();
  });
});
