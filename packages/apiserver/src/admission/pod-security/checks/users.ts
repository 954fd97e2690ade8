import { containersWhere, exceptInUserNamespace, named, settersWhere, type Check, type CheckedPod, type Finding } from "../check.ts";

function runAsNonRoot(pod: CheckedPod): Finding | undefined {
  const reason = "runAsNonRoot != true";
  const setters = settersWhere(pod, (context) => context.runAsNonRoot === false);
  if (setters.length > 0) return { reason, detail: `${setters.join(" and ")} must not set securityContext.runAsNonRoot=false` };
  if (pod.spec.securityContext?.runAsNonRoot === true) return undefined;
  const silent = containersWhere(pod, (context) => context?.runAsNonRoot !== true);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${named("container", silent)} must set securityContext.runAsNonRoot=true` };
}

function runAsUser(pod: CheckedPod): Finding | undefined {
  const setters = settersWhere(pod, (context) => context.runAsUser === 0);
  return setters.length === 0 ? undefined : { reason: "runAsUser=0", detail: `${setters.join(" and ")} must not set runAsUser=0` };
}

/** Nobody is root. */
export const userChecks: readonly Check[] = [
  {
    id: "runAsNonRoot",
    level: "restricted",
    revisions: [
      { since: 0, check: runAsNonRoot },
      { since: 35, check: exceptInUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: "runAsUser",
    level: "restricted",
    revisions: [
      { since: 23, check: runAsUser },
      { since: 35, check: exceptInUserNamespace(runAsUser) },
    ],
  },
];
