package main

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

func encodingChecks() []check {
	return []check{{"every list is the same in JSON and in protobuf", sameLists}, {"namespace is deleted", deleteNamespace}}
}

// sameLists reads everything that the server can list, in every version that the client knows, in both encodings.
func sameLists(ctx context.Context, c *clients) error {
	_, lists, err := c.typed.Discovery().ServerGroupsAndResources()
	if err != nil {
		return err
	}
	compared, items := 0, 0
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return err
		}
		for _, each := range list.APIResources {
			kind := version.WithKind(each.Kind)
			if !strings.Contains(strings.Join(each.Verbs, " ")+" ", "list ") || !scheme.Scheme.Recognizes(kind) {
				continue
			}
			count, err := sameList(ctx, c, version.WithResource(each.Name), kind)
			if err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
			compared, items = compared+1, items+count
		}
	}
	if compared < 40 || items < 200 {
		return fmt.Errorf("only %d kinds and %d objects", compared, items)
	}
	return nil
}

func sameList(ctx context.Context, c *clients, resource schema.GroupVersionResource, kind schema.GroupVersionKind) (int, error) {
	path := "/apis/" + resource.Group + "/" + resource.Version + "/" + resource.Resource
	if resource.Group == "" {
		path = "/api/" + resource.Version + "/" + resource.Resource
	}
	left, err := readList(ctx, c, path, kind, protobuf)
	if err != nil {
		return 0, err
	}
	right, err := readList(ctx, c, path, kind, "application/json")
	if err != nil {
		return 0, err
	}
	// Objects that changed between the two are not compared: nodes and leases do so all the time.
	same := map[string]runtime.Object{}
	for _, item := range right {
		if accessor, isObject := item.(object); isObject {
			withoutInnerTypes(accessor)
		}
		same[identity(item)] = item
	}
	count := 0
	for _, item := range left {
		other := same[identity(item)]
		if other == nil {
			continue
		}
		count++
		if !equality.Semantic.DeepEqual(item, other) {
			return 0, fmt.Errorf("%s: %s", identity(item), difference(item, other))
		}
	}
	return count, nil
}

func readList(ctx context.Context, c *clients, path string, kind schema.GroupVersionKind, accept string) ([]runtime.Object, error) {
	list, err := scheme.Scheme.New(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err != nil {
		return nil, err
	}
	var contentType string
	result := c.typed.CoreV1().RESTClient().Get().AbsPath(path).SetHeader("Accept", accept).Do(ctx).ContentType(&contentType)
	if contentType != accept {
		return nil, fmt.Errorf("%s instead of %s (%v)", contentType, accept, result.Error())
	}
	if err := result.Into(list); err != nil {
		return nil, err
	}
	return meta.ExtractList(list)
}

func identity(item runtime.Object) string {
	accessor, err := meta.Accessor(item)
	if err != nil {
		return err.Error()
	}
	return accessor.GetNamespace() + "/" + accessor.GetName() + "@" + accessor.GetResourceVersion()
}

func deleteNamespace(ctx context.Context, c *clients) error {
	return c.typed.CoreV1().Namespaces().Delete(ctx, c.namespace, metav1.DeleteOptions{})
}
