import { expect, it } from "vitest";
import { normalizeImageName } from "./image-name.ts";

it.each([
  ["busybox", "docker.io/library/busybox:latest"],
  ["busybox:test", "docker.io/library/busybox:test"],
  ["library/busybox", "docker.io/library/busybox:latest"],
  ["bitnami/redis:7", "docker.io/bitnami/redis:7"],
  ["localhost/app", "localhost/app:latest"],
  ["registry:5000/a/b", "registry:5000/a/b:latest"],
  ["registry.k8s.io/pause:3.6", "registry.k8s.io/pause:3.6"],
  [`nginx:1@sha256:${"a".repeat(64)}`, `docker.io/library/nginx@sha256:${"a".repeat(64)}`],
  ["Not/Valid", undefined],
  ["Upper", undefined],
  ["a b", undefined],
  ["", undefined],
  ["a:b:c", undefined],
])("normalizes %s", (image, expected) => expect(normalizeImageName(image)).toBe(expected));
