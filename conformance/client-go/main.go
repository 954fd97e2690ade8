// Program client-go drives a cluster with the clients that Go programs use, in their default encoding, which is protobuf for the built-in kinds.
// It prints a line for each check, "PASS name" or "FAIL name: why", and exits with 1 if any failed. The cluster is that of $KUBECONFIG.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const protobuf = "application/vnd.kubernetes.protobuf"

// clients are all of one cluster, and namespace is where the checks may create what they like.
type clients struct {
	config    *rest.Config
	typed     *kubernetes.Clientset
	json      *kubernetes.Clientset
	dynamic   *dynamic.DynamicClient
	metadata  metadata.Interface
	namespace string
	types     *contentTypes
}

// check is one thing that must work. Those of one list run one after the other.
type check struct {
	name string
	run  func(context.Context, *clients) error
}

func main() {
	c, err := connect(os.Getenv("KUBECONFIG"))
	if err != nil {
		fmt.Println("FAIL connect:", err)
		os.Exit(1)
	}
	failed := 0
	for _, each := range allChecks() {
		if err := runCheck(c, each); err != nil {
			failed++
			fmt.Printf("FAIL %s: %s\n", each.name, strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("PASS", each.name)
		}
	}
	if failed > 0 {
		os.Exit(1)
	}
}

func allChecks() []check {
	var checks []check
	for _, list := range [][]check{setupChecks(), kindChecks(), subresourceChecks(), informerChecks(), untypedChecks(), errorChecks(), encodingChecks()} {
		checks = append(checks, list...)
	}
	return checks
}

func runCheck(c *clients, each check) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return each.run(ctx, c)
}

func connect(kubeconfig string) (*clients, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 1000, 1000
	types := &contentTypes{counts: map[string]int{}}
	config.Wrap(types.wrap)
	plain := rest.CopyConfig(config)
	plain.ContentType = "application/json"
	plain.AcceptContentTypes = "application/json"
	c := &clients{config: config, types: types, namespace: fmt.Sprintf("client-go-%d", time.Now().Unix())}
	if c.typed, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if c.json, err = kubernetes.NewForConfig(plain); err != nil {
		return nil, err
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	c.metadata, err = metadata.NewForConfig(config)
	return c, err
}

// contentTypes counts what the server answered, so that a check cannot pass by falling back to another encoding.
type contentTypes struct {
	mutex  sync.Mutex
	counts map[string]int
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func (t *contentTypes) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil {
			t.mutex.Lock()
			t.counts[response.Header.Get("Content-Type")]++
			t.mutex.Unlock()
		}
		return response, err
	})
}

func (t *contentTypes) of(contentType string) int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.counts[contentType]
}

func (t *contentTypes) reset() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.counts = map[string]int{}
}
