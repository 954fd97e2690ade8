import fc from "fast-check";
import { createSeededRandom } from "@coracle/base";
import { describe, expect, it } from "vitest";
import { decodeProtobuf } from "./decode.ts";
import { encodeObject } from "./encode.ts";
import { wireKinds } from "./generated/wire-types.ts";
import { RandomObjects } from "./random-object.ts";

describe("every built-in kind comes back from protobuf as it went in", () => {
  it.each(Object.entries(wireKinds))("%s", (id, type) => {
    const [apiVersion, kind] = id.split(" ");
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const object = { apiVersion, kind, ...new RandomObjects(createSeededRandom(seed)).object(type) };
        expect(decodeProtobuf(encodeObject(object))).toEqual(object);
      }),
      { numRuns: 25 },
    );
  });
});

describe("damaged bytes", () => {
  const random = createSeededRandom(7);
  const objects = new RandomObjects(random);
  const pod = encodeObject({ apiVersion: "v1", kind: "Pod", ...objects.object("core/v1.Pod") });

  it("are read or refused with a message, never anything else", () => {
    fc.assert(
      fc.property(fc.nat(pod.length - 1), fc.nat(255), fc.nat(pod.length), (at, value, length) => {
        const damaged = Buffer.from(pod.subarray(0, length));
        if (at < length) damaged[at] = value;
        try {
          decodeProtobuf(damaged);
        } catch (error) {
          expect((error as Error).name).toBe("WireError");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
