import { formatFieldError, indexPath, newForbidden, unsupportedField } from "@coracle/apimachinery";
import type { Container, Pod, PodSpec } from "@coracle/api";
import { isAbout, type AdmissionAttributes, type AdmissionPlugin } from "./admission.ts";

/** Every image is pulled with the pod's own rights, even where a node has it. Off unless it is asked for. */
export const alwaysPullImages: AdmissionPlugin = {
  name: "AlwaysPullImages",
  handles: (attributes) =>
    isAbout(attributes, "pods") &&
    (attributes.operation === "CREATE" || (attributes.operation === "UPDATE" && bringsNewImages(attributes))),
  mutate({ object }) {
    const { spec } = object as unknown as Pod;
    for (const { container } of containersOf(spec)) container.imagePullPolicy = "Always";
    for (const { image } of spec?.volumes ?? []) if (image) image.pullPolicy = "Always";
  },
  validate({ object, definition, name }) {
    const { spec } = object as unknown as Pod;
    const policies = [
      ...containersOf(spec).map(({ container, path }) => ({ path: `${path}.imagePullPolicy`, policy: container.imagePullPolicy })),
      ...(spec?.volumes ?? []).flatMap(({ image }, index) =>
        image ? [{ path: `${indexPath("spec.volumes", index)}.image.pullPolicy`, policy: image.pullPolicy }] : [],
      ),
    ];
    const wrong = policies.filter(({ policy }) => policy !== "Always");
    const texts = wrong.map(({ path, policy }) => formatFieldError(unsupportedField(path, policy ?? "", ["Always"])));
    if (texts.length === 1) throw newForbidden(definition, name, texts[0]);
    if (texts.length > 1) throw newForbidden(definition, name, `[${texts.join(", ")}]`);
  },
};

type Pulling = Pick<Container, "image" | "imagePullPolicy">;

function containersOf(spec: PodSpec | undefined): { container: Pulling; path: string }[] {
  const lists = { initContainers: spec?.initContainers, containers: spec?.containers, ephemeralContainers: spec?.ephemeralContainers };
  return Object.entries(lists).flatMap(([field, containers]) =>
    (containers ?? []).map((container, index) => ({ container, path: indexPath(`spec.${field}`, index) })),
  );
}

function bringsNewImages({ object, old }: AdmissionAttributes): boolean {
  const images = (pod: unknown): (string | undefined)[] => containersOf((pod as Pod).spec).map(({ container }) => container.image);
  const before = new Set(images(old));
  return images(object).some((image) => !before.has(image));
}
