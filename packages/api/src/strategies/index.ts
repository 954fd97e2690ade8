import type { ResourceStrategy } from "@coracle/apimachinery";
import { accessStrategies } from "./access/index.ts";
import { admissionRegistrationStrategies } from "./admission-registration.ts";
import { coreStrategies } from "./core/index.ts";
import { deviceStrategies } from "./devices/index.ts";
import { flowcontrolStrategies } from "./flowcontrol/index.ts";
import { networkingStrategies } from "./networking/index.ts";
import { podStrategies } from "./pod/index.ts";
import { policyStrategies } from "./policy/index.ts";
import { storageStrategies } from "./storage/index.ts";
import { workloadStrategies } from "./workloads/index.ts";

/** What data cannot say of the built-in kinds, by `resource.group` (`pods` in the core group). */
export const kindStrategies: Readonly<Record<string, ResourceStrategy>> = {
  ...podStrategies,
  ...coreStrategies,
  ...workloadStrategies,
  ...networkingStrategies,
  ...storageStrategies,
  ...accessStrategies,
  ...policyStrategies,
  ...flowcontrolStrategies,
  ...deviceStrategies,
  ...admissionRegistrationStrategies,
};
