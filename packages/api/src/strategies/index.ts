import type { ResourceStrategy } from "@coracle/apimachinery";
import { admissionRegistrationStrategies } from "./admission-registration.ts";
import { coreStrategies } from "./core.ts";
import { otherStrategies } from "./others.ts";
import { podStrategies } from "./pod/index.ts";
import { workloadStrategies } from "./workloads/index.ts";

/** What data cannot say of the built-in kinds, by `resource.group` (`pods` in the core group). */
export const kindStrategies: Readonly<Record<string, ResourceStrategy>> = {
  ...podStrategies,
  ...coreStrategies,
  ...workloadStrategies,
  ...otherStrategies,
  ...admissionRegistrationStrategies,
};
