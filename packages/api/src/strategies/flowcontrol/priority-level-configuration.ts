import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { PriorityLevelConfiguration, PriorityLevelConfigurationSpec } from "../../generated/types.ts";
import type { LimitedPriorityLevelConfiguration, LimitResponse, QueuingConfiguration } from "../../generated/flowcontrol-v1.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { validateConditionTypes } from "./condition-types.ts";

const types = supportedValues("Exempt", "Limited");
const responses = supportedValues("Queue", "Reject");
const mostQueues = 10_000_000;
/** Queues are dealt by the bits of one hash. */
const hashBits = 60;
const noSpec = {} as PriorityLevelConfigurationSpec;
const zeroSharesAnnotation = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

export const priorityLevelConfigurations = strategyOf<PriorityLevelConfiguration>({
  validate({ metadata, spec = noSpec }, out, old) {
    if (metadata.annotations?.[zeroSharesAnnotation] !== undefined)
      out.forbidden("metadata.annotations", `annotation '${zeroSharesAnnotation}' is forbidden`);
    const { type, limited, exempt } = spec;
    if ((metadata.name === "exempt") !== (type === "Exempt"))
      out.invalid("spec.type", type ?? "", "must be 'Exempt' if and only if `name` is 'exempt'");
    if (type === "Exempt") {
      if (limited !== undefined) out.forbidden("spec.limited", "must be nil if the type is not Limited");
      if (exempt !== undefined) {
        validateShares(exempt, "spec.exempt", out);
        validateLendable(exempt, "spec.exempt", out);
      }
    } else if (type === "Limited") {
      if (exempt !== undefined) out.forbidden("spec.exempt", "must be nil if the type is Limited");
      if (limited === undefined) out.required("spec.limited", "must not be empty when type is Limited");
      else validateLimited(limited, "spec.limited", out);
    } else out.unsupported("spec.type", type ?? "", types.values);
    if (old !== undefined && metadata.name === "catch-all" && JSON.stringify(spec) !== JSON.stringify(old.spec))
      out.invalid("spec", goForm("flowcontrol/v1.PriorityLevelConfigurationSpec", spec), "spec of 'catch-all' must equal the fixed value");
  },
  subresources: { status: ({ status }, _old, out) => validateConditionTypes(status?.conditions ?? [], out) },
});

interface Shares {
  readonly nominalConcurrencyShares?: number | undefined;
  readonly lendablePercent?: number | undefined;
}

function validateShares({ nominalConcurrencyShares: shares }: Shares, at: string, out: Findings): void {
  if (shares !== undefined && shares < 0) out.invalid(`${at}.nominalConcurrencyShares`, shares, "must be a non-negative integer");
}

function validateLendable({ lendablePercent: percent }: Shares, at: string, out: Findings): void {
  if (percent !== undefined && (percent < 0 || percent > 100))
    out.invalid(`${at}.lendablePercent`, percent, "must be between 0 and 100, inclusive");
}

function validateLimited(limited: Readonly<LimitedPriorityLevelConfiguration>, at: string, out: Findings): void {
  validateShares(limited, at, out);
  validateResponse(limited.limitResponse ?? { type: "" }, `${at}.limitResponse`, out);
  validateLendable(limited, at, out);
  const { borrowingLimitPercent: borrowing } = limited;
  if (borrowing !== undefined && borrowing < 0)
    out.invalid(`${at}.borrowingLimitPercent`, borrowing, "if specified, must be a non-negative integer");
}

function validateResponse({ type, queuing }: Readonly<LimitResponse>, at: string, out: Findings): void {
  if (type === "Reject") {
    if (queuing !== undefined) out.forbidden(`${at}.queuing`, "must be nil if limited.limitResponse.type is not Limited");
  } else if (type === "Queue") {
    if (queuing === undefined) out.required(`${at}.queuing`, "must not be empty if limited.limitResponse.type is Limited");
    else validateQueuing(queuing, `${at}.queuing`, out);
  } else out.unsupported(`${at}.type`, type ?? "", responses.values);
}

function validateQueuing(queuing: Readonly<QueuingConfiguration>, at: string, out: Findings): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  if (queueLengthLimit <= 0) out.invalid(`${at}.queueLengthLimit`, queueLengthLimit, "must be positive");
  if (queues <= 0) out.invalid(`${at}.queues`, queues, "must be positive");
  else if (queues > mostQueues) out.invalid(`${at}.queues`, queues, `must not be greater than ${mostQueues}`);
  if (handSize <= 0) return out.invalid(`${at}.handSize`, handSize, "must be positive");
  if (handSize > queues) return out.invalid(`${at}.handSize`, handSize, `should not be greater than queues (${queues})`);
  const bits = neededBits(queues, handSize);
  const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`;
  if (bits > hashBits) out.invalid(`${at}.handSize`, handSize, text);
}

/** To deal a hand of different cards. */
function neededBits(deckSize: number, handSize: number): number {
  let bits = 0;
  for (let card = 0; card < handSize && bits <= hashBits; card++) bits += Math.log2(deckSize - card);
  return Math.ceil(bits);
}
