/** The bytes are not the protobuf message they claim to be. Texts are those of Go's generated code, which clients of upstream see. */
export class WireError extends Error {
  override readonly name = "WireError";
}
