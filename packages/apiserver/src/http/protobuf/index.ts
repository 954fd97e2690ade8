/**
 * Kubernetes' protobuf encoding of the built-in kinds: requests are read into the JSON form that the registry works on, answers are written from it,
 * byte for byte as Go's generated code writes them. The numbers of fields are in `generated/`, made from the declarations of `@coracle/api`.
 */
export { decodeProtobuf, ObjectWireError, type ExpectedKind } from "./decode.ts";
export { encodeList, encodeObject, encodeView, encodeWatchFrame, hasProtobuf } from "./encode.ts";
export { WireError } from "./wire-error.ts";
