import type { Schema } from "@coracle/apimachinery";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const text: Schema = { type: "string" };
const int32: Schema = { type: "integer", format: "int32" };
const int64: Schema = { type: "integer", format: "int64" };

const shardInfo: Schema = { type: "object", refName: `${meta}.ShardInfo`, required: ["selector"], properties: { selector: text } };

export const listMeta: Schema = {
  type: "object",
  refName: `${meta}.ListMeta`,
  properties: { continue: text, remainingItemCount: int64, resourceVersion: text, selfLink: text, shardInfo },
};

/** The body of a patch: any JSON value of the patch's media type. */
export const patch: Schema = { type: "object", refName: `${meta}.Patch` };

const cause: Schema = { type: "object", refName: `${meta}.StatusCause`, properties: { field: text, message: text, reason: text } };

const details: Schema = {
  type: "object",
  refName: `${meta}.StatusDetails`,
  properties: {
    causes: { type: "array", items: cause, listType: "atomic" },
    group: text,
    kind: text,
    name: text,
    retryAfterSeconds: int32,
    uid: text,
  },
};

export const status: Schema = {
  type: "object",
  refName: `${meta}.Status`,
  properties: {
    apiVersion: text,
    code: int32,
    details,
    kind: text,
    message: text,
    metadata: listMeta,
    reason: text,
    status: text,
  },
};
