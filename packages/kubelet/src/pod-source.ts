import { resources, type Pod } from "@coracle/api";
import type { Client, Informer } from "@coracle/client";

export interface PodListener {
  onPod(pod: Pod): void;
  onGone(pod: Pod): void;
}

const nodeIndex = "spec.nodeName";

/**
 * Hands each pod to the kubelet of its node. All kubelets of a process share one subscription, so that a hundred nodes do not each
 * hear of every pod.
 */
class PodSource {
  readonly #listeners = new Map<string, PodListener>();
  readonly #informer: Informer<Pod>;
  #subscription: Disposable | undefined;

  constructor(informer: Informer<Pod>) {
    this.#informer = informer;
    informer.addIndex(nodeIndex, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
  }

  listen(nodeName: string, listener: PodListener): Disposable {
    this.#listeners.set(nodeName, listener);
    if (this.#subscription === undefined) this.#subscribe();
    else for (const pod of this.#informer.byIndex(nodeIndex, nodeName)) listener.onPod(pod);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(nodeName);
        if (this.#listeners.size > 0) return;
        this.#subscription?.[Symbol.dispose]();
        this.#subscription = undefined;
      },
    };
  }

  #subscribe(): void {
    const of = (pod: Pod): PodListener | undefined => this.#listeners.get(pod.spec?.nodeName ?? "");
    this.#subscription = this.#informer.subscribe({
      onAdd: (pod) => of(pod)?.onPod(pod),
      onUpdate: (pod) => of(pod)?.onPod(pod),
      onDelete: (pod) => of(pod)?.onGone(pod),
    });
  }
}

const sources = new WeakMap<Informer<Pod>, PodSource>();

/** Delivers the pods of one node; those that are there already at once. */
export function listenToPods(client: Client, nodeName: string, listener: PodListener): Disposable {
  const informer = client.informer(resources.pods);
  let source = sources.get(informer);
  if (source === undefined) sources.set(informer, (source = new PodSource(informer)));
  return source.listen(nodeName, listener);
}

/** The pods of a node as the informer has them now. */
export function boundPods(client: Client, nodeName: string): readonly Pod[] {
  return client.informer(resources.pods).byIndex(nodeIndex, nodeName);
}
