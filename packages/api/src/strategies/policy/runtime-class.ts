import { dnsLabelErrors } from "@coracle/apimachinery";
import type { RuntimeClass } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { noAllowances } from "../pod/allowances.ts";
import { roundQuantities } from "../shared/round-quantities.ts";
import { validateResources } from "../pod/resource-requirements.ts";
import { validateTolerations } from "../pod/tolerations.ts";
import { goForm } from "../shared/go-form.ts";
import { nodeLabelWarning } from "../shared/node-labels.ts";

export const runtimeClasses = strategyOf<RuntimeClass>({
  hasStatus: false,
  defaults: ({ overhead }) => roundQuantities(overhead?.podFixed),
  validate({ handler, overhead, scheduling }, out, old) {
    if (old !== undefined) return out.immutable(handler, old.handler, "handler");
    if (out.present(handler, "handler")) out.messages("handler", handler, dnsLabelErrors(handler));
    const rules = { out, allow: noAllowances, claimNames: new Set<string>() };
    if (overhead?.podFixed !== undefined) validateResources({ limits: overhead.podFixed }, "overhead", rules);
    if (scheduling === undefined) return;
    out.labels(scheduling.nodeSelector, "scheduling.nodeSelector");
    const { tolerations = [] } = scheduling;
    validateTolerations(tolerations, "scheduling.tolerations", rules);
    const seen = new Set<string>();
    for (const [index, each] of tolerations.entries()) {
      const key = JSON.stringify([each.key, each.operator, each.value, each.effect]);
      if (seen.has(key)) out.duplicate(`scheduling.tolerations[${index}]`, goForm("core/v1.Toleration", each));
      seen.add(key);
    }
  },
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const text = nodeLabelWarning(key);
      return text === undefined ? [] : [`scheduling.nodeSelector[${key}]: ${text}`];
    }),
  more: { allowUnconditionalUpdate: false },
});
