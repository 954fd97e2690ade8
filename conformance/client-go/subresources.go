package main

import (
	"context"
	"fmt"
	"io"
	"time"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	certificates "k8s.io/api/certificates/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
)

func setupChecks() []check {
	return []check{
		{"namespace is created", func(ctx context.Context, c *clients) error {
			_, err := c.typed.CoreV1().Namespaces().Create(ctx, &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}}, metav1.CreateOptions{})
			return err
		}},
		{"default service account appears", func(ctx context.Context, c *clients) error {
			return until(ctx, func() error {
				_, err := c.typed.CoreV1().ServiceAccounts(c.namespace).Get(ctx, "default", metav1.GetOptions{})
				return err
			})
		}},
	}
}

// until tries again while there is time.
func until(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func subresourceChecks() []check {
	return []check{
		{"scale", scale},
		{"status", status},
		{"apply", apply},
		{"token", token},
		{"reviews", reviews},
		{"binding, log, ephemeral containers and eviction of a pod", podActions},
		{"approval of a signing request", approval},
		{"deletion of a collection", deleteCollection},
		{"finalization of a namespace", finalize},
	}
}

func scale(ctx context.Context, c *clients) error {
	deployments := c.typed.AppsV1().Deployments(c.namespace)
	if _, err := deployments.Create(ctx, deployment("scaled"), metav1.CreateOptions{}); err != nil {
		return err
	}
	found, err := deployments.GetScale(ctx, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if found.Spec.Replicas != 0 || found.Status.Selector == "" || found.Name != "scaled" {
		return fmt.Errorf("unexpected scale %+v", found)
	}
	found.Spec.Replicas = 2
	updated, err := deployments.UpdateScale(ctx, "scaled", found, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	if updated.Spec.Replicas != 2 {
		return fmt.Errorf("unexpected scale %+v", updated)
	}
	return until(ctx, func() error {
		current, err := deployments.Get(ctx, "scaled", metav1.GetOptions{})
		if err == nil && current.Status.Replicas != 2 {
			err = fmt.Errorf("%d replicas", current.Status.Replicas)
		}
		return err
	})
}

func status(ctx context.Context, c *clients) error {
	budgets := c.typed.PolicyV1().PodDisruptionBudgets(c.namespace)
	given := disruptionBudget()
	given.Name = "status"
	created, err := budgets.Create(ctx, given, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return until(ctx, func() error {
		created.Status.DisruptedPods = map[string]metav1.Time{"p": metav1.Unix(1_700_000_000, 0)}
		updated, err := budgets.UpdateStatus(ctx, created, metav1.UpdateOptions{})
		if errors.IsConflict(err) {
			created, _ = budgets.Get(ctx, "status", metav1.GetOptions{})
		}
		if err == nil && updated.Status.DisruptedPods["p"].Unix() != 1_700_000_000 {
			err = fmt.Errorf("unexpected status %+v", updated.Status)
		}
		return err
	})
}

func apply(ctx context.Context, c *clients) error {
	desired := appsapply.Deployment("scaled", c.namespace).WithAnnotations(map[string]string{"applied": "1"})
	applied, err := c.typed.AppsV1().Deployments(c.namespace).Apply(ctx, desired, metav1.ApplyOptions{FieldManager: "client-go", Force: true})
	if err != nil {
		return err
	}
	for _, entry := range applied.ManagedFields {
		if entry.Manager == "client-go" && entry.Operation == metav1.ManagedFieldsOperationApply && len(entry.FieldsV1.GetRawBytes()) > 0 {
			created := coreapply.ConfigMap("applied", c.namespace).WithData(map[string]string{"a": "b"})
			_, err := c.typed.CoreV1().ConfigMaps(c.namespace).Apply(ctx, created, metav1.ApplyOptions{FieldManager: "client-go"})
			return err
		}
	}
	return fmt.Errorf("no such manager in %+v", applied.ManagedFields)
}

func token(ctx context.Context, c *clients) error {
	accounts := c.typed.CoreV1().ServiceAccounts(c.namespace)
	if _, err := accounts.Create(ctx, serviceAccount("robot"), metav1.CreateOptions{}); err != nil {
		return err
	}
	request := &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: ref(int64(1200))}}
	issued, err := accounts.CreateToken(ctx, "robot", request, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if lasts := time.Until(issued.Status.ExpirationTimestamp.Time); issued.Status.Token == "" || lasts < 15*time.Minute || lasts > 21*time.Minute {
		return fmt.Errorf("unexpected token that lasts %s", lasts)
	}
	review := &authentication.TokenReview{Spec: authentication.TokenReviewSpec{Token: issued.Status.Token}}
	reviewed, err := c.typed.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if user := "system:serviceaccount:" + c.namespace + ":robot"; !reviewed.Status.Authenticated || reviewed.Status.User.Username != user {
		return fmt.Errorf("unexpected review %+v", reviewed.Status)
	}
	return nil
}

func reviews(ctx context.Context, c *clients) error {
	self, err := c.typed.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authentication.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if self.Status.UserInfo.Username == "" {
		return fmt.Errorf("nobody: %+v", self)
	}
	spec := authorization.SubjectAccessReviewSpec{
		User: "nobody", Extra: map[string]authorization.ExtraValue{"scopes": {"a", ""}},
		ResourceAttributes: &authorization.ResourceAttributes{Namespace: c.namespace, Verb: "get", Resource: "pods"},
	}
	review, err := c.typed.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorization.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if review.Status.Allowed || len(review.Spec.Extra["scopes"]) != 2 {
		return fmt.Errorf("unexpected review %+v", review)
	}
	own := &authorization.SelfSubjectRulesReview{Spec: authorization.SelfSubjectRulesReviewSpec{Namespace: c.namespace}}
	rules, err := c.typed.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, own, metav1.CreateOptions{})
	if err == nil && len(rules.Status.ResourceRules) == 0 {
		err = fmt.Errorf("no rules: %+v", rules)
	}
	return err
}

func podActions(ctx context.Context, c *clients) error {
	nodes, err := c.typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return err
	}
	pods := c.typed.CoreV1().Pods(c.namespace)
	given := pod("bound")
	given.Spec.SchedulerName = "nobody"
	if _, err := pods.Create(ctx, given, metav1.CreateOptions{}); err != nil {
		return err
	}
	target := core.ObjectReference{Kind: "Node", Name: nodes.Items[0].Name}
	if err := pods.Bind(ctx, &core.Binding{ObjectMeta: metav1.ObjectMeta{Name: "bound"}, Target: target}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	if err := until(ctx, func() error { return running(ctx, c, "bound") }); err != nil {
		return err
	}
	stream, err := pods.GetLogs("bound", &core.PodLogOptions{TailLines: ref(int64(1))}).Stream(ctx)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer stream.Close()
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	data := []byte(`{"spec":{"ephemeralContainers":[{"name":"debug","image":"registry.example/debug:1","targetContainerName":"main"}]}}`)
	patched, err := pods.Patch(ctx, "bound", types.StrategicMergePatchType, data, metav1.PatchOptions{}, "ephemeralcontainers")
	if err != nil || len(patched.Spec.EphemeralContainers) != 1 {
		return fmt.Errorf("ephemeral containers: %w %+v", err, patched)
	}
	eviction := &policy.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "bound"}, DeleteOptions: &metav1.DeleteOptions{GracePeriodSeconds: ref(int64(0))}}
	if err := pods.EvictV1(ctx, eviction); err != nil {
		return fmt.Errorf("eviction: %w", err)
	}
	return until(ctx, func() error {
		if _, err := pods.Get(ctx, "bound", metav1.GetOptions{}); !errors.IsNotFound(err) {
			return fmt.Errorf("still there: %v", err)
		}
		return nil
	})
}

func running(ctx context.Context, c *clients, name string) error {
	current, err := c.typed.CoreV1().Pods(c.namespace).Get(ctx, name, metav1.GetOptions{})
	if err == nil && current.Status.Phase != core.PodRunning {
		err = fmt.Errorf("pod is %s", current.Status.Phase)
	}
	return err
}

func approval(ctx context.Context, c *clients) error {
	requests := c.typed.CertificatesV1().CertificateSigningRequests()
	created, err := requests.Create(ctx, signingRequest("client-go-approved"), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = requests.Delete(ctx, created.Name, metav1.DeleteOptions{}) }()
	created.Status.Conditions = append(created.Status.Conditions, certificates.CertificateSigningRequestCondition{
		Type: certificates.CertificateApproved, Status: core.ConditionTrue, Reason: "Tested",
	})
	if _, err := requests.UpdateApproval(ctx, created.Name, created, metav1.UpdateOptions{}); err != nil {
		return err
	}
	current, err := requests.Get(ctx, created.Name, metav1.GetOptions{})
	if err != nil || len(current.Status.Conditions) != 1 || current.Status.Conditions[0].Reason != "Tested" {
		return fmt.Errorf("not approved: %w %+v", err, current)
	}
	return nil
}

func deleteCollection(ctx context.Context, c *clients) error {
	maps := c.typed.CoreV1().ConfigMaps(c.namespace)
	for _, name := range []string{"one", "two"} {
		if _, err := maps.Create(ctx, &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"collect": "me"}}}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	options := metav1.ListOptions{LabelSelector: "collect=me"}
	page, err := maps.List(ctx, metav1.ListOptions{LabelSelector: options.LabelSelector, Limit: 1})
	if err != nil || len(page.Items) != 1 || page.Continue == "" {
		return fmt.Errorf("first page: %w %+v", err, page)
	}
	if err := maps.DeleteCollection(ctx, metav1.DeleteOptions{}, options); err != nil {
		return err
	}
	rest, err := maps.List(ctx, options)
	if err == nil && len(rest.Items) != 0 {
		err = fmt.Errorf("%d are left", len(rest.Items))
	}
	return err
}

func finalize(ctx context.Context, c *clients) error {
	namespaces := c.typed.CoreV1().Namespaces()
	name := c.namespace + "-short"
	given := &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: core.NamespaceSpec{Finalizers: []core.FinalizerName{"example.com/wait"}}}
	if _, err := namespaces.Create(ctx, given, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := namespaces.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return until(ctx, func() error {
		current, err := namespaces.Get(ctx, name, metav1.GetOptions{})
		if errors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		current.Spec.Finalizers = nil
		_, _ = namespaces.Finalize(ctx, current, metav1.UpdateOptions{})
		return fmt.Errorf("namespace is %s", current.Status.Phase)
	})
}
