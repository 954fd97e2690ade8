package main

import (
	"context"
	"fmt"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

func errorChecks() []check {
	return []check{
		{"errors are protobuf, too", protobufErrors},
		{"error: invalid, with its causes", invalid},
		{"error: conflict and precondition", conflict},
		{"error: forbidden", forbidden},
		{"error: malformed protobuf", malformed},
		{"error: unknown media types", mediaTypes},
		{"error: too new a version", tooNew},
	}
}

func protobufErrors(ctx context.Context, c *clients) error {
	c.types.reset()
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	_, err := maps.Get(ctx, "missing", metav1.GetOptions{})
	if !errors.IsNotFound(err) || err.Error() != `configmaps "missing" not found` {
		return fmt.Errorf("not found: %w", err)
	}
	given := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "twice"}}
	if _, err := maps.Create(ctx, given, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err = maps.Create(ctx, given, metav1.CreateOptions{}); !errors.IsAlreadyExists(err) {
		return fmt.Errorf("exists: %w", err)
	}
	if c.types.of(protobuf) != 3 {
		return fmt.Errorf("not in protobuf: %v", c.types.counts)
	}
	return nil
}

func invalid(ctx context.Context, c *clients) error {
	given := pod("invalid")
	given.Spec.Containers[0].Name = "Not A Name"
	given.Spec.RestartPolicy = "Sometimes"
	_, err := c.typed.CoreV1().Pods(c.namespace).Create(ctx, given, metav1.CreateOptions{})
	status, ok := err.(errors.APIStatus)
	if !errors.IsInvalid(err) || !ok {
		return fmt.Errorf("unexpected %w", err)
	}
	fields := map[string]bool{}
	for _, cause := range status.Status().Details.Causes {
		fields[cause.Field] = cause.Message != "" && cause.Type != ""
	}
	if !fields["spec.containers[0].name"] || !fields["spec.restartPolicy"] {
		return fmt.Errorf("unexpected causes %+v", status.Status().Details)
	}
	return nil
}

func conflict(ctx context.Context, c *clients) error {
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	current, err := maps.Get(ctx, "twice", metav1.GetOptions{})
	if err != nil {
		return err
	}
	current.ResourceVersion = "1"
	if _, err := maps.Update(ctx, current, metav1.UpdateOptions{}); !errors.IsConflict(err) {
		return fmt.Errorf("update: %w", err)
	}
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions("somebody-else")}
	if err := maps.Delete(ctx, "twice", options); !errors.IsConflict(err) {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

func forbidden(ctx context.Context, c *clients) error {
	config := rest.CopyConfig(c.config)
	config.Impersonate.UserName = "nobody"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Secrets(c.namespace).List(ctx, metav1.ListOptions{})
	if !errors.IsForbidden(err) {
		return fmt.Errorf("unexpected %w", err)
	}
	return nil
}

func malformed(ctx context.Context, c *clients) error {
	post := func(body string) error {
		request := c.typed.CoreV1().RESTClient().Post().Namespace(c.namespace).Resource("configmaps")
		return request.SetHeader("Content-Type", protobuf).Body([]byte(body)).Do(ctx).Error()
	}
	for body, message := range map[string]string{
		"{}": "the object provided is unrecognized (must be of type ConfigMap): " +
			"provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})",
		"k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x02\n\x7f": `ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF`,
	} {
		if err := post(body); !errors.IsBadRequest(err) || err.Error() != message {
			return fmt.Errorf("%q: %w", body, err)
		}
	}
	return nil
}

func mediaTypes(ctx context.Context, c *clients) error {
	client := c.typed.CoreV1().RESTClient()
	err := client.Post().Namespace(c.namespace).Resource("configmaps").SetHeader("Content-Type", "text/plain").Body([]byte("x")).Do(ctx).Error()
	if !errors.IsUnsupportedMediaType(err) {
		return fmt.Errorf("content type: %w", err)
	}
	if err := client.Get().Namespace(c.namespace).Resource("configmaps").SetHeader("Accept", "text/html").Do(ctx).Error(); !errors.IsNotAcceptable(err) {
		return fmt.Errorf("accept: %w", err)
	}
	return nil
}

func tooNew(ctx context.Context, c *clients) error {
	options := metav1.ListOptions{ResourceVersion: "999999999", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan}
	// Without the retries that the error asks for.
	request := c.typed.CoreV1().RESTClient().Get().Namespace(c.namespace).Resource("configmaps").MaxRetries(0)
	err := request.VersionedParams(&options, scheme.ParameterCodec).Do(ctx).Error()
	if !errors.IsTimeout(err) || !errors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		return fmt.Errorf("unexpected %w", err)
	}
	return nil
}
