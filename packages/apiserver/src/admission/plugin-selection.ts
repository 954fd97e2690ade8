import type { AdmissionPlugin } from "./admission.ts";

/** Which plug-ins run beside, or in spite of, the ones that do by default. Names are upstream's. */
export interface PluginSelection {
  readonly enabled?: readonly string[];
  readonly disabled?: readonly string[];
}

/** Nobody knows a plug-in of that name, or it is to run and not to run at once. */
export class PluginSelectionError extends Error {
  override readonly name = "PluginSelectionError";
}

/** A plug-in and whether it runs when nobody says anything. */
export interface SelectablePlugin {
  readonly plugin: AdmissionPlugin;
  readonly isOnByDefault: boolean;
}

/** Upstream's that do nothing as long as their feature gate is off, which it is by default: they may be named, and there is nothing to run. */
const gated = ["PodGroupProtection", "PodGroupWorkloadExists", "JobValidation"];

/** Those that are to run, in their order. @throws {PluginSelectionError} with kube-apiserver's words. */
export function selectPlugins(all: readonly SelectablePlugin[], { enabled = [], disabled = [] }: PluginSelection): AdmissionPlugin[] {
  const names = new Set([...all.map(({ plugin }) => plugin.name), ...gated]);
  for (const [flag, chosen] of [
    ["enable-admission-plugins", enabled],
    ["disable-admission-plugins", disabled],
  ] as const) {
    const unknown = chosen.find((name) => !names.has(name));
    if (unknown !== undefined) throw new PluginSelectionError(`${flag} plugin "${unknown}" is unknown`);
  }
  const both = [...new Set(enabled)].filter((name) => disabled.includes(name)).sort();
  if (both.length > 0)
    throw new PluginSelectionError(`[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  return all
    .filter(({ plugin, isOnByDefault }) => enabled.includes(plugin.name) || (isOnByDefault && !disabled.includes(plugin.name)))
    .map(({ plugin }) => plugin);
}
