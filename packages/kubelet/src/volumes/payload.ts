import type { Pod, Volume } from "@coracle/api";
import { fieldValue, resourceValue, type DownwardContext } from "../containers/downward.ts";
import type { ObjectSource } from "./object-source.ts";

export interface PayloadFile {
  readonly data: Uint8Array;
  readonly mode: number;
}

/** Files of a volume by their relative path. */
export type Payload = Map<string, PayloadFile>;

export interface PayloadContext {
  readonly objects: ObjectSource;
  readonly downward: DownwardContext;
  token(pod: Pod, request: { audience: string | undefined; expirationSeconds: number }): Promise<string>;
}

const defaultMode = 0o644;

/** Whether a volume's content comes from the API. */
export function hasPayload(volume: Volume): boolean {
  return [volume.configMap, volume.secret, volume.downwardAPI, volume.projected].some((source) => source !== undefined);
}

/** The files of a configMap, secret, downwardAPI or projected volume. @throws with upstream's text when something is missing. */
export async function payloadOf(pod: Pod, volume: Volume, context: PayloadContext): Promise<Payload> {
  const payload: Payload = new Map();
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    const { name = "", items, optional } = configMap;
    await addConfigMap(payload, pod, { name, items, optional, mode: configMap.defaultMode ?? defaultMode }, context);
  } else if (secret !== undefined) {
    const { secretName: name = "", items, optional } = secret;
    await addSecret(payload, pod, { name, items, optional, mode: secret.defaultMode ?? defaultMode }, context);
  } else if (downwardAPI !== undefined) {
    addDownward(payload, pod, { items: downwardAPI.items, mode: downwardAPI.defaultMode ?? defaultMode }, context);
  } else {
    const mode = projected?.defaultMode ?? defaultMode;
    for (const source of projected?.sources ?? []) {
      if (source.configMap !== undefined)
        await addConfigMap(payload, pod, { ...source.configMap, name: source.configMap.name ?? "", mode }, context);
      if (source.secret !== undefined) await addSecret(payload, pod, { ...source.secret, name: source.secret.name ?? "", mode }, context);
      if (source.downwardAPI !== undefined) addDownward(payload, pod, { items: source.downwardAPI.items, mode }, context);
      if (source.serviceAccountToken !== undefined) {
        const { audience, expirationSeconds = 3600, path } = source.serviceAccountToken;
        const data = Buffer.from(await context.token(pod, { audience, expirationSeconds }));
        // A volume with fsGroup is readable by the group; a token without one by its owner only, when containers run as one user.
        payload.set(path, { data, mode });
      }
    }
  }
  return payload;
}

interface Selection {
  readonly name: string;
  readonly items?: readonly { key: string; path: string; mode?: number | undefined }[] | undefined;
  readonly optional?: boolean | undefined;
  readonly mode: number;
}

async function addConfigMap(payload: Payload, pod: Pod, selection: Selection, { objects }: PayloadContext): Promise<void> {
  const map = await objects.configMap(pod.metadata.namespace ?? "", selection.name);
  if (map === undefined && selection.optional !== true) throw new Error(`configmap "${selection.name}" not found`);
  const files = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(map?.data ?? {})) files.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(map?.binaryData ?? {})) files.set(key, Buffer.from(text as unknown as string, "base64"));
  addSelected(payload, files, { ...selection, what: "configmap" });
}

async function addSecret(payload: Payload, pod: Pod, selection: Selection, { objects }: PayloadContext): Promise<void> {
  const secret = await objects.secret(pod.metadata.namespace ?? "", selection.name);
  if (secret === undefined && selection.optional !== true) throw new Error(`secret "${selection.name}" not found`);
  const files = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(secret?.data ?? {})) files.set(key, Buffer.from(text as unknown as string, "base64"));
  addSelected(payload, files, { ...selection, what: "secret" });
}

function addSelected(payload: Payload, files: ReadonlyMap<string, Uint8Array>, selection: Selection & { what: string }): void {
  if (selection.items === undefined || selection.items.length === 0) {
    for (const [key, data] of files) payload.set(key, { data, mode: selection.mode });
    return;
  }
  for (const { key, path, mode } of selection.items) {
    const data = files.get(key);
    if (data !== undefined) payload.set(path, { data, mode: mode ?? selection.mode });
    else if (selection.optional !== true) throw new Error(`${selection.what} references non-existent config key: ${key}`);
  }
}

function addDownward(
  payload: Payload,
  pod: Pod,
  source: { items?: NonNullable<NonNullable<Volume["downwardAPI"]>["items"]> | undefined; mode: number },
  { downward }: PayloadContext,
): void {
  for (const { path, fieldRef, resourceFieldRef, mode } of source.items ?? []) {
    let text = "";
    if (fieldRef !== undefined) text = fieldValue(pod, fieldRef.fieldPath, downward);
    else if (resourceFieldRef !== undefined) {
      const container = (pod.spec?.containers ?? []).find(({ name }) => name === resourceFieldRef.containerName);
      if (container === undefined) throw new Error(`container ${resourceFieldRef.containerName} not found`);
      text = resourceValue(container, resourceFieldRef.resource, resourceFieldRef.divisor as string | undefined, downward);
    }
    payload.set(path, { data: Buffer.from(text), mode: mode ?? source.mode });
  }
}
