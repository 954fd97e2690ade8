import type { ResourceStrategy } from "@coracle/apimachinery";
import { controllerRevisions } from "./controller-revision.ts";
import { cronJobs } from "./cron-job.ts";
import { daemonSets } from "./daemon-set.ts";
import { deployments } from "./deployment.ts";
import { jobs } from "./job.ts";
import { replicaSets } from "./replica-set.ts";
import { replicationControllers } from "./replication-controller.ts";
import { statefulSets } from "./stateful-set.ts";

export const workloadStrategies: Readonly<Record<string, ResourceStrategy>> = {
  replicationcontrollers: replicationControllers,
  "deployments.apps": deployments,
  "replicasets.apps": replicaSets,
  "statefulsets.apps": statefulSets,
  "daemonsets.apps": daemonSets,
  "controllerrevisions.apps": controllerRevisions,
  "jobs.batch": jobs,
  "cronjobs.batch": cronJobs,
};
