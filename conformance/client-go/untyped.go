package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

var (
	definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	widgets     = schema.GroupVersionResource{Group: "client-go.example", Version: "v1", Resource: "widgets"}
)

func untypedChecks() []check {
	return []check{
		{"discovery", discover},
		{"dynamic client of a built-in kind", dynamicBuiltIn},
		{"custom resource: definition", define},
		{"custom resource: dynamic client", dynamicCustom},
		{"custom resource: metadata in protobuf", customMetadata},
		{"custom resource: falls back to JSON, else 406", customFallback},
		{"custom resource: definition goes", undefine},
	}
}

func discover(_ context.Context, c *clients) error {
	version, err := c.typed.Discovery().ServerVersion()
	if err != nil || version.Major != "1" {
		return fmt.Errorf("version: %w %+v", err, version)
	}
	groups, resources, err := c.typed.Discovery().ServerGroupsAndResources()
	if err != nil || len(groups) < 10 || len(resources) < 10 {
		return fmt.Errorf("%d groups, %d lists of resources: %w", len(groups), len(resources), err)
	}
	single, err := c.typed.Discovery().ServerResourcesForGroupVersion("apps/v1")
	if err != nil || len(single.APIResources) < 5 {
		return fmt.Errorf("apps/v1: %w %+v", err, single)
	}
	document, err := c.typed.Discovery().OpenAPISchema()
	if err != nil || document.GetInfo().GetTitle() == "" {
		return fmt.Errorf("openapi: %w", err)
	}
	return nil
}

func dynamicBuiltIn(ctx context.Context, c *clients) error {
	maps := c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(c.namespace)
	given := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "dynamic"}, "data": map[string]any{"a": "b"},
	}}
	return dynamicLife(ctx, maps, given)
}

func define(ctx context.Context, c *clients) error {
	open := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	given := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "widgets.client-go.example"},
		"spec": map[string]any{
			"group": widgets.Group, "scope": "Namespaced", "names": map[string]any{"plural": "widgets", "kind": "Widget"},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": open}}},
		},
	}}
	if _, err := c.dynamic.Resource(definitions).Create(ctx, given, metav1.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	return until(ctx, func() error {
		_, err := c.dynamic.Resource(widgets).List(ctx, metav1.ListOptions{})
		return err
	})
}

func dynamicCustom(ctx context.Context, c *clients) error {
	given := widget("dynamic")
	return dynamicLife(ctx, c.dynamic.Resource(widgets).Namespace(c.namespace), given)
}

func widget(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "client-go.example/v1", "kind": "Widget", "metadata": map[string]any{"name": name}, "spec": map[string]any{"size": int64(3)},
	}}
}

func dynamicLife(ctx context.Context, client dynamic.ResourceInterface, given *unstructured.Unstructured) error {
	events, err := client.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + given.GetName()})
	if err != nil {
		return err
	}
	defer events.Stop()
	created, err := client.Create(ctx, given, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	created.SetAnnotations(map[string]string{mark: "1"})
	if _, err := client.Update(ctx, created, metav1.UpdateOptions{}); err != nil {
		return err
	}
	patched, err := client.Patch(ctx, given.GetName(), types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	if err != nil || patched.GetLabels()["a"] != "b" || patched.GetAnnotations()[mark] != "1" {
		return fmt.Errorf("patch: %w %+v", err, patched)
	}
	if err := client.Delete(ctx, given.GetName(), metav1.DeleteOptions{}); err != nil {
		return err
	}
	return follow(events, created.GetUID())
}

func customMetadata(ctx context.Context, c *clients) error {
	if _, err := c.dynamic.Resource(widgets).Namespace(c.namespace).Create(ctx, widget("seen"), metav1.CreateOptions{}); err != nil {
		return err
	}
	for _, contentType := range []string{protobuf, "application/json"} {
		config := rest.CopyConfig(c.config)
		config.ContentType, config.AcceptContentTypes = contentType, contentType
		client, err := metadata.NewForConfig(config)
		if err != nil {
			return err
		}
		c.types.reset()
		list, err := client.Resource(widgets).Namespace(c.namespace).List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) != 1 || list.Items[0].Name != "seen" || list.ResourceVersion == "" {
			return fmt.Errorf("%s: %w %+v", contentType, err, list)
		}
		if _, err := client.Resource(widgets).Namespace(c.namespace).Get(ctx, "seen", metav1.GetOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func customFallback(ctx context.Context, c *clients) error {
	path := "/apis/client-go.example/v1/namespaces/" + c.namespace + "/widgets/seen"
	ask := func(accept string) rest.Result {
		return c.typed.CoreV1().RESTClient().Get().AbsPath(path).SetHeader("Accept", accept).Do(ctx)
	}
	var contentType string
	both := ask(protobuf + ",application/json").ContentType(&contentType)
	if err := both.Error(); err != nil || contentType != "application/json" {
		return fmt.Errorf("both: %w %s", err, contentType)
	}
	if err := ask(protobuf).Error(); !errors.IsNotAcceptable(err) {
		return fmt.Errorf("protobuf alone: %w", err)
	}
	return nil
}

func undefine(ctx context.Context, c *clients) error {
	if err := c.dynamic.Resource(definitions).Delete(ctx, "widgets.client-go.example", metav1.DeleteOptions{}); err != nil {
		return err
	}
	return until(ctx, func() error {
		if _, err := c.dynamic.Resource(widgets).List(ctx, metav1.ListOptions{}); !errors.IsNotFound(err) {
			return fmt.Errorf("still served: %v", err)
		}
		return nil
	})
}
