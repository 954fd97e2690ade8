package main

import (
	"context"
	"fmt"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

func informerChecks() []check {
	return []check{
		{"shared informers of twelve kinds", sharedInformers},
		{"informer follows the life of an object", followInformer},
		{"watch list streams the present objects", watchList},
		{"metadata informer", metadataInformer},
		{"dynamic informer", dynamicInformer},
	}
}

func sharedInformers(ctx context.Context, c *clients) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := informers.NewSharedInformerFactory(c.typed, 0)
	all := []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(), factory.Core().V1().Nodes().Informer(), factory.Core().V1().Services().Informer(),
		factory.Core().V1().ConfigMaps().Informer(), factory.Core().V1().Secrets().Informer(), factory.Core().V1().Namespaces().Informer(),
		factory.Core().V1().Events().Informer(), factory.Apps().V1().Deployments().Informer(), factory.Apps().V1().ReplicaSets().Informer(),
		factory.Rbac().V1().ClusterRoles().Informer(), factory.Discovery().V1().EndpointSlices().Informer(), factory.Coordination().V1().Leases().Informer(),
	}
	c.types.reset()
	factory.Start(ctx.Done())
	for kind, isSynced := range factory.WaitForCacheSync(ctx.Done()) {
		if !isSynced {
			return fmt.Errorf("%v did not sync", kind)
		}
	}
	roles, err := factory.Rbac().V1().ClusterRoles().Lister().List(labels.Everything())
	if err != nil || len(roles) < 20 {
		return fmt.Errorf("%d cluster roles (%v)", len(roles), err)
	}
	if streams := c.types.of(protobuf + ";stream=watch"); streams < len(all) {
		return fmt.Errorf("%d watches in protobuf: %v", streams, c.types.counts)
	}
	return nil
}

func followInformer(ctx context.Context, c *clients) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(c.namespace))
	informer := factory.Apps().V1().Deployments().Informer()
	seen := make(chan string, 100)
	note := func(what string) func(any) {
		return func(value any) {
			if found, ok := value.(*apps.Deployment); ok && found.Name == "followed" {
				seen <- what
			}
		}
	}
	updated := note("updated")
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: note("added"), UpdateFunc: func(_, value any) { updated(value) }, DeleteFunc: note("deleted"),
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	deployments := c.typed.AppsV1().Deployments(c.namespace)
	if _, err := deployments.Create(ctx, deployment("followed"), metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := update(ctx, deployments, "followed"); err != nil {
		return err
	}
	if err := deployments.Delete(ctx, "followed", metav1.DeleteOptions{}); err != nil {
		return err
	}
	return expectLife(ctx, seen)
}

// expectLife wants added, at least one updated, deleted.
func expectLife(ctx context.Context, seen <-chan string) error {
	var events []string
	for {
		select {
		case event := <-seen:
			events = append(events, event)
			if event != "deleted" {
				continue
			}
			if len(events) < 3 || events[0] != "added" {
				return fmt.Errorf("unexpected %v", events)
			}
			return nil
		case <-ctx.Done():
			return fmt.Errorf("only %v", events)
		}
	}
}

func watchList(ctx context.Context, c *clients) error {
	events, err := c.typed.RbacV1().ClusterRoles().Watch(ctx, metav1.ListOptions{
		SendInitialEvents: ref(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true,
	})
	if err != nil {
		return err
	}
	defer events.Stop()
	added := 0
	timeout := time.After(20 * time.Second)
	for {
		select {
		case event := <-events.ResultChan():
			item, isObject := event.Object.(object)
			switch {
			case event.Type == watch.Added:
				added++
			case event.Type == watch.Bookmark && isObject && item.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true":
				if added < 20 || item.GetResourceVersion() == "" {
					return fmt.Errorf("%d initial events", added)
				}
				return nil
			default:
				return fmt.Errorf("unexpected %s %+v", event.Type, event.Object)
			}
		case <-timeout:
			return fmt.Errorf("no bookmark after %d events", added)
		}
	}
}

func metadataInformer(ctx context.Context, c *clients) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := metadatainformer.NewFilteredSharedInformerFactory(c.metadata, 0, c.namespace, nil)
	c.types.reset()
	informer := factory.ForResource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"})
	informer.Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	given := configMap()
	given.Name = "metadata"
	if _, err := maps.Create(ctx, given, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := until(ctx, func() error {
		found, err := informer.Lister().ByNamespace(c.namespace).Get("metadata")
		if err != nil {
			return err
		}
		if partial, ok := found.(*metav1.PartialObjectMetadata); !ok || partial.Labels["app"] != "client-go" {
			return fmt.Errorf("unexpected %T %+v", found, found)
		}
		return nil
	}); err != nil {
		return err
	}
	if c.types.of(protobuf+";stream=watch") == 0 {
		return fmt.Errorf("not in protobuf: %v", c.types.counts)
	}
	return nil
}

func dynamicInformer(ctx context.Context, c *clients) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, core.NamespaceAll, nil)
	informer := factory.ForResource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	informer.Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	_, err := informer.Lister().Get(c.namespace)
	return err
}
