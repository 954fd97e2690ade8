import { toDisposable } from "@coracle/base";
import { objectKey, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";
import type { UserInfo } from "../registry/contract.ts";
import { parseServiceAccountName, serviceAccountName } from "../authentication/users.ts";
import type { BindingObject, PolicyRule, RbacSubject, RoleObject, RoleRef } from "./rules.ts";

/** The present roles and bindings. */
export interface RbacSource {
  /** Grows with every change: decisions that were kept are good while it stays. */
  readonly generation: number;
  /** Rules of a role; undefined when it does not exist. `namespace` is the binding's, empty for cluster-wide ones. */
  rules(reference: RoleRef, namespace: string): readonly PolicyRule[] | undefined;
  /** The cluster-wide bindings of a user, by name or by group. */
  clusterBindings(user: UserInfo): Iterable<BindingObject>;
  /** Those of one namespace. */
  bindings(user: UserInfo, namespace: string): Iterable<BindingObject>;
}

export interface RbacInformers {
  readonly clusterRoles: Informer<RoleObject>;
  readonly roles: Informer<RoleObject>;
  readonly clusterRoleBindings: Informer<BindingObject>;
  readonly roleBindings: Informer<BindingObject>;
}

const group = "rbac.authorization.k8s.io";

function rbacType<T extends KubeObject>(resource: string, kind: string, isNamespaced: boolean): ResourceType<T> {
  return { group, version: "v1", resource, kind, isNamespaced };
}

export const clusterRoleType = rbacType<RoleObject>("clusterroles", "ClusterRole", false);
export const roleType = rbacType<RoleObject>("roles", "Role", true);
export const clusterRoleBindingType = rbacType<BindingObject>("clusterrolebindings", "ClusterRoleBinding", false);
export const roleBindingType = rbacType<BindingObject>("rolebindings", "RoleBinding", true);

/** A source fed by informers. Bindings are found by their subjects, so that a decision looks only at what concerns the user. */
export class InformedRbacSource implements RbacSource, Disposable {
  generation = 0;
  readonly #informers: RbacInformers;
  readonly #clusterBindings = new BindingIndex();
  /** By namespace. */
  readonly #bindings = new Map<string, BindingIndex>();
  readonly #subscriptions: Disposable[];

  constructor(informers: RbacInformers) {
    this.#informers = informers;
    const changed = (): void => void this.generation++;
    const roleChanges = { onAdd: changed, onUpdate: changed, onDelete: changed };
    this.#subscriptions = [
      informers.clusterRoles.subscribe(roleChanges),
      informers.roles.subscribe(roleChanges),
      this.#follow(informers.clusterRoleBindings, () => this.#clusterBindings),
      this.#follow(informers.roleBindings, (namespace) => this.#indexOf(namespace)),
    ];
  }

  rules(reference: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    if (reference.apiGroup !== group && reference.apiGroup !== "") return undefined;
    const { clusterRoles, roles } = this.#informers;
    const role = reference.kind === "ClusterRole" ? clusterRoles.get(reference.name) : roles.get(`${namespace}/${reference.name}`);
    return role === undefined ? undefined : (role.rules ?? []);
  }

  clusterBindings(user: UserInfo): Iterable<BindingObject> {
    return this.#clusterBindings.of(user);
  }

  bindings(user: UserInfo, namespace: string): Iterable<BindingObject> {
    return this.#bindings.get(namespace)?.of(user) ?? [];
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  #indexOf(namespace: string): BindingIndex {
    let index = this.#bindings.get(namespace);
    if (index === undefined) {
      index = new BindingIndex();
      this.#bindings.set(namespace, index);
    }
    return index;
  }

  #follow(informer: Informer<BindingObject>, indexOf: (namespace: string) => BindingIndex): Disposable {
    const put = (binding: BindingObject): void => {
      this.generation++;
      indexOf(binding.metadata.namespace ?? "").put(binding);
    };
    const onDelete = (binding: BindingObject): void => {
      this.generation++;
      indexOf(binding.metadata.namespace ?? "").remove(objectKey(binding));
    };
    const subscription = informer.subscribe({ onAdd: put, onUpdate: put, onDelete });
    return toDisposable(() => subscription[Symbol.dispose]());
  }
}

/** Bindings by subject. */
class BindingIndex {
  readonly #bySubject = new Map<string, Map<string, BindingObject>>();
  readonly #byKey = new Map<string, BindingObject>();

  put(binding: BindingObject): void {
    const key = objectKey(binding);
    this.remove(key);
    this.#byKey.set(key, binding);
    for (const subject of subjectsOf(binding)) {
      const known = this.#bySubject.get(subject);
      if (known === undefined) this.#bySubject.set(subject, new Map([[key, binding]]));
      else known.set(key, binding);
    }
  }

  remove(key: string): void {
    const binding = this.#byKey.get(key);
    if (binding === undefined) return;
    this.#byKey.delete(key);
    for (const subject of subjectsOf(binding)) {
      const known = this.#bySubject.get(subject);
      known?.delete(key);
      if (known?.size === 0) this.#bySubject.delete(subject);
    }
  }

  *of(user: UserInfo): Generator<BindingObject, void, void> {
    const named = this.#bySubject.get(`u:${user.name}`);
    if (named !== undefined) yield* named.values();
    for (const each of user.groups) {
      const grouped = this.#bySubject.get(`g:${each}`);
      if (grouped !== undefined) yield* grouped.values();
    }
  }
}

function subjectsOf(binding: BindingObject): string[] {
  return (binding.subjects ?? []).map((subject) => subjectKey(subject, binding.metadata.namespace ?? ""));
}

function subjectKey(subject: RbacSubject, bindingNamespace: string): string {
  switch (subject.kind) {
    case "Group":
      return `g:${subject.name}`;
    case "ServiceAccount":
      // Upstream lets the namespace of the binding stand in for a missing one.
      return `u:${serviceAccountName(subject.namespace ?? bindingNamespace, subject.name)}`;
    default:
      return `u:${subject.name}`;
  }
}

/** How a decision names the subject that it found: `Group "x"`, `ServiceAccount "a/b"`, `User "c"`. */
export function describeSubject(binding: BindingObject, user: UserInfo): string {
  const subjects = binding.subjects ?? [];
  const account = parseServiceAccountName(user.name);
  const found = subjects.find((subject) => {
    const key = subjectKey(subject, binding.metadata.namespace ?? "");
    return key.startsWith("g:") ? user.groups.includes(key.slice(2)) : key === `u:${user.name}`;
  });
  if (found?.kind === "ServiceAccount" && account !== undefined) return `ServiceAccount "${account.name}/${account.namespace}"`;
  return `${found?.kind ?? "User"} ${JSON.stringify(found?.name ?? user.name)}`;
}
