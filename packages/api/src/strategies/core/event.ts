import { parseTime, semanticEqual, type Findings } from "@coracle/apimachinery";
import type { Event } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";

const textLimit = 128;
const noteLimit = 1024;
const lenientVersions = new Set(["v1", "events.k8s.io/v1beta1"]);

/** Events of `v1` are judged leniently; `events.k8s.io/v1` (KEP-383) asks for all that they are made of. */
export const events = strategyOf<Event>({
  hasStatus: false,
  validate(event, out, old, { apiVersion }) {
    validateCommon(event, apiVersion === "v1" ? "reportingComponent" : "reportingController", out);
    if (lenientVersions.has(apiVersion)) return;
    if (old === undefined) validateNew(event, out);
    else validateUnchanged(event, old, out);
  },
  more: { allowCreateOnUpdate: true },
});

function isZero(time: string | null | undefined): boolean {
  return time === undefined || time === null || time === "";
}

function validateCommon(event: Readonly<Event>, controllerField: string, out: Findings): void {
  const { metadata, involvedObject = {}, reportingComponent: controller = "", reportingInstance: instance = "" } = event;
  const { namespace = "" } = metadata;
  const about = involvedObject.namespace ?? "";
  const mismatch = (): void => out.invalid("involvedObject.namespace", about, "does not match event.namespace");
  if (isZero(event.eventTime)) {
    const expected = about === "" ? ["", "default"] : [about];
    if (!expected.includes(namespace)) mismatch();
  } else {
    if (about === "" && namespace !== "default" && namespace !== "kube-system") mismatch();
    out.present(controller, controllerField);
    out.qualifiedName(controller, controllerField);
    requireShort(instance, "reportingInstance", out);
    requireShort(event.action ?? "", "action", out);
    requireShort(event.reason ?? "", "reason", out);
    if ((event.message ?? "").length > noteLimit) out.invalid("message", "", `can have at most ${noteLimit} characters`);
  }
  out.subdomain(namespace, "namespace");
}

function requireShort(text: string, at: string, out: Findings): void {
  out.present(text, at);
  if (text.length > textLimit) out.invalid(at, "", `can have at most ${textLimit} characters`);
}

function validateNew(event: Readonly<Event>, out: Findings): void {
  validateSeries(event, out);
  if (isZero(event.eventTime)) out.required("eventTime");
  if (event.type !== "Normal" && event.type !== "Warning") out.invalid("type", "", `has invalid value: ${event.type ?? ""}`);
  if (!isZero(event.firstTimestamp)) out.invalid("firstTimestamp", "", "needs to be unset");
  if (!isZero(event.lastTimestamp)) out.invalid("lastTimestamp", "", "needs to be unset");
  if (event.count) out.invalid("count", "", "needs to be unset");
  if (event.source?.component || event.source?.host) out.invalid("source", "", "needs to be unset");
}

function validateSeries({ series }: Readonly<Event>, out: Findings): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) out.invalid("series.count", "", "should be at least 2");
  if (isZero(series.lastObservedTime)) out.required("series.lastObservedTime");
}

function validateUnchanged(event: Readonly<Event>, old: Readonly<Event>, out: Findings): void {
  if (!semanticEqual(event.series, old.series)) validateSeries(event, out);
  out.immutable(event.involvedObject, old.involvedObject, "involvedObject", goForm("core/v1.ObjectReference", event.involvedObject));
  for (const name of ["reason", "message"] as const) out.immutable(event[name] ?? "", old[name] ?? "", name);
  out.immutable(event.source, old.source, "source", goForm("core/v1.EventSource", event.source));
  for (const name of ["firstTimestamp", "lastTimestamp"] as const) out.immutable(event[name] ?? null, old[name] ?? null, name);
  out.immutable(event.count ?? 0, old.count ?? 0, "count");
  out.immutable(event.reason ?? "", old.reason ?? "", "reason");
  out.immutable(event.type ?? "", old.type ?? "", "type");
  if (parseTime(event.eventTime) !== parseTime(old.eventTime) && !(isZero(event.eventTime) && isZero(old.eventTime)))
    out.immutable(event.eventTime ?? null, old.eventTime ?? null, "eventTime");
  out.immutable(event.action ?? "", old.action ?? "", "action");
  out.immutable(event.related, old.related, "related", goForm("core/v1.ObjectReference", event.related));
  out.immutable(event.reportingComponent ?? "", old.reportingComponent ?? "", "reportingController");
  out.immutable(event.reportingInstance ?? "", old.reportingInstance ?? "", "reportingInstance");
}
