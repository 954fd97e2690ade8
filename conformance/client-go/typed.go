package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	apps "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// object is a pointer to a kind.
type object interface {
	metav1.Object
	runtime.Object
}

// kindClient is what all typed clients of a namespace or a cluster have in common.
type kindClient[T object, L runtime.Object] interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
	Get(context.Context, string, metav1.GetOptions) (T, error)
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (T, error)
}

const mark = "conformance.coracle/mark"

// kindCheck takes an object through its life, in protobuf, and compares every step with what a client of JSON sees.
func kindCheck[T object, L runtime.Object](name string, client func(*clients, bool) kindClient[T, L], given T) check {
	return check{"kind " + name, func(ctx context.Context, c *clients) error {
		c.types.reset()
		if err := life(ctx, client(c, false), client(c, true), given); err != nil {
			return err
		}
		if c.types.of(protobuf) < 6 || c.types.of(protobuf+";stream=watch") < 1 {
			return fmt.Errorf("answers were not protobuf: %v", c.types.counts)
		}
		return nil
	}}
}

func life[T object, L runtime.Object](ctx context.Context, client, plain kindClient[T, L], given T) error {
	name := given.GetName()
	named := metav1.ListOptions{FieldSelector: "metadata.name=" + name}
	list, err := client.List(ctx, named)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	version, _ := meta.NewAccessor().ResourceVersion(list)
	events, err := client.Watch(ctx, metav1.ListOptions{FieldSelector: named.FieldSelector, ResourceVersion: version})
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer events.Stop()
	created, err := client.Create(ctx, given, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if created.GetUID() == "" || created.GetResourceVersion() == "" || created.GetCreationTimestamp() == (metav1.Time{}) {
		return fmt.Errorf("create: incomplete metadata %+v", created)
	}
	for _, step := range []func() error{
		func() error { return sameInJSON(ctx, client, plain, name) },
		func() error { return update(ctx, client, name) },
		func() error { return patch(ctx, client, name) },
		func() error { return listed(ctx, client, named) },
		func() error { return remove(ctx, client, name) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return follow(events, created.GetUID())
}

// sameInJSON reads an object in both encodings until nothing changed it between.
func sameInJSON[T object, L runtime.Object](ctx context.Context, client, plain kindClient[T, L], name string) error {
	var left, right T
	var err error
	for range 20 {
		if left, err = client.Get(ctx, name, metav1.GetOptions{}); err != nil {
			return fmt.Errorf("get: %w", err)
		}
		if right, err = plain.Get(ctx, name, metav1.GetOptions{}); err != nil {
			return fmt.Errorf("get JSON: %w", err)
		}
		if left.GetResourceVersion() == right.GetResourceVersion() {
			break
		}
	}
	withoutInnerTypes(right)
	if !equality.Semantic.DeepEqual(left, right) {
		return fmt.Errorf("protobuf differs from JSON: %s", difference(left, right))
	}
	return nil
}

// withoutInnerTypes removes what protobuf has no field for: templates of claims say in JSON what they are.
func withoutInnerTypes(given object) {
	if set, isSet := given.(*apps.StatefulSet); isSet {
		for index := range set.Spec.VolumeClaimTemplates {
			set.Spec.VolumeClaimTemplates[index].TypeMeta = metav1.TypeMeta{}
		}
	}
}

func update[T object, L runtime.Object](ctx context.Context, client kindClient[T, L], name string) error {
	for attempt := 0; ; attempt++ {
		current, err := client.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("get: %w", err)
		}
		annotations := map[string]string{mark: "updated"}
		for key, value := range current.GetAnnotations() {
			annotations[key] = value
		}
		current.SetAnnotations(annotations)
		updated, err := client.Update(ctx, current, metav1.UpdateOptions{})
		if errors.IsConflict(err) && attempt < 20 {
			continue
		}
		if err != nil {
			return fmt.Errorf("update: %w", err)
		}
		if updated.GetAnnotations()[mark] != "updated" {
			return fmt.Errorf("update: lost the annotation")
		}
		return nil
	}
}

func patch[T object, L runtime.Object](ctx context.Context, client kindClient[T, L], name string) error {
	data := []byte(`{"metadata":{"labels":{"conformance.coracle/patched":"yes"}}}`)
	for _, kind := range []types.PatchType{types.MergePatchType, types.StrategicMergePatchType} {
		patched, err := client.Patch(ctx, name, kind, data, metav1.PatchOptions{})
		if err != nil {
			return fmt.Errorf("patch %s: %w", kind, err)
		}
		if patched.GetLabels()["conformance.coracle/patched"] != "yes" {
			return fmt.Errorf("patch %s: lost the label", kind)
		}
	}
	return nil
}

func listed[T object, L runtime.Object](ctx context.Context, client kindClient[T, L], options metav1.ListOptions) error {
	list, err := client.List(ctx, options)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	items, err := meta.ExtractList(list)
	if err != nil || len(items) != 1 {
		return fmt.Errorf("list: %d items instead of one (%v)", len(items), err)
	}
	return nil
}

func remove[T object, L runtime.Object](ctx context.Context, client kindClient[T, L], name string) error {
	current, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get: %w", err)
	}
	uid, policy, now := current.GetUID(), metav1.DeletePropagationBackground, int64(0)
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &policy, GracePeriodSeconds: &now}
	if err := client.Delete(ctx, name, options); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	for {
		current, err := client.Get(ctx, name, metav1.GetOptions{})
		if errors.IsNotFound(err) || err == nil && current.GetUID() != uid {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("delete: still there: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// follow expects the life of one object: added, modified, deleted.
func follow(events watch.Interface, uid types.UID) error {
	var seen []watch.EventType
	timeout := time.After(20 * time.Second)
	for {
		select {
		case event, isOpen := <-events.ResultChan():
			if !isOpen {
				return fmt.Errorf("watch: ended after %v", seen)
			}
			item, isObject := event.Object.(object)
			if !isObject || item.GetUID() != uid {
				return fmt.Errorf("watch: unexpected %s %T %+v", event.Type, event.Object, event.Object)
			}
			if len(seen) == 0 && event.Type != watch.Added || len(seen) > 0 && event.Type == watch.Added {
				return fmt.Errorf("watch: %s after %v", event.Type, seen)
			}
			seen = append(seen, event.Type)
			if event.Type == watch.Deleted {
				if len(seen) < 3 {
					return fmt.Errorf("watch: only %v", seen)
				}
				return nil
			}
		case <-timeout:
			return fmt.Errorf("watch: no end after %v", seen)
		}
	}
}

// difference names the first field in which two objects differ.
func difference(left, right any) string {
	a, b := toMap(left), toMap(right)
	for key := range a {
		if !reflect.DeepEqual(a[key], b[key]) {
			return fmt.Sprintf("%s: %v instead of %v", key, a[key], b[key])
		}
	}
	return fmt.Sprintf("%+v instead of %+v", left, right)
}

func toMap(value any) map[string]any {
	data, _ := json.Marshal(value)
	var result map[string]any
	_ = json.Unmarshal(data, &result)
	return result
}
