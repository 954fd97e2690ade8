export type Protobuf = typeof import("./index.ts");

/** Loads the message types and what is made of them, with the first client that speaks protobuf. */
export function loadProtobuf(): Promise<Protobuf> {
  return import("./index.ts");
}
