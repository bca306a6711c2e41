package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

const (
	namespaces = 400
	// So many Ingresses also send traffic to a Service that nobody has made yet.
	waiting = 50
)

// Cluster is one of many teams, of so many Services and Ingresses. A fiftieth of the Services has node ports, a
// twentieth is headless and served in ip mode. Each Ingress is served by the controller, and sends traffic to the Service
// of its own number. There is a TargetGroupBinding for each tenth Ingress.
type Cluster struct {
	Services  int
	Ingresses int
}

// Object is the JSON of a Kubernetes object; maps keep their keys in order when they are written.
type Object map[string]any

// Create is a request.
type Create struct {
	Name string
	Path string
	Body []byte
}

func namespaceOf(number int) string { return fmt.Sprintf("team-%03d", number%namespaces) }
func serviceName(number int) string { return fmt.Sprintf("service-%05d", number) }
func waitingName(number int) string { return fmt.Sprintf("waiting-%05d", number) }
func isHeadless(number int) bool    { return number%20 == 19 }

// fill makes what is not there yet. Namespaces and classes come first.
//
// The API server counts all addresses that it has given out each time it gives one to a Service, and it gives one before it
// looks whether the Service is there already. So a large cluster takes minutes, and what is there is not sent again.
func (cluster Cluster) fill(server *Server, clients int) error {
	steps := []struct {
		all     string
		count   int
		request func(int) Create
	}{
		{"/api/v1/namespaces", namespaces + 3, prerequisite},
		{"/api/v1/services", cluster.Services, func(number int) Create {
			return create("/api/v1", "services", service(number))
		}},
		{"/apis/networking.k8s.io/v1/ingresses", cluster.Ingresses, func(number int) Create {
			return create("/apis/networking.k8s.io/v1", "ingresses", ingress(number))
		}},
		{"/apis/elbv2.k8s.aws/v1beta1/targetgroupbindings", cluster.Ingresses / 10, func(number int) Create {
			name := fmt.Sprintf("binding-%05d", number)
			return create("/apis/elbv2.k8s.aws/v1beta1", "targetgroupbindings", targetGroupBinding(name, namespaceOf(number), serviceName(number), "ip"))
		}},
	}
	for _, step := range steps {
		there, err := server.client().names(step.all)
		if err != nil {
			return err
		}
		if err := createAll(server, clients, step.count, there, step.request); err != nil {
			return err
		}
	}
	return nil
}

func createAll(server *Server, clients, count int, there map[string]bool, request func(int) Create) error {
	var next atomic.Int64
	var group sync.WaitGroup
	failures := make(chan error, clients)
	for range clients {
		group.Go(func() {
			client := server.client()
			for number := int(next.Add(1)) - 1; number < count; number = int(next.Add(1)) - 1 {
				create := request(number)
				if there[create.Name] {
					continue
				}
				answer, err := client.do(http.MethodPost, create.Path, create.Body)
				if err == nil && answer.Status != http.StatusCreated && answer.Status != http.StatusConflict {
					err = fmt.Errorf("%s: %d: %s", create.Path, answer.Status, answer.Body)
				}
				if err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

func prerequisite(number int) Create {
	class := func(name, controller string) Create {
		return create("/apis/networking.k8s.io/v1", "ingressclasses", Object{
			"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
			"metadata": Object{"name": name}, "spec": Object{"controller": controller},
		})
	}
	switch number {
	case 0:
		return class("alb", "ingress.k8s.aws/alb")
	case 1:
		return class("nginx", "k8s.io/ingress-nginx")
	case 2:
		return create("/apis/apps/v1", "daemonsets", Object{
			"apiVersion": "apps/v1", "kind": "DaemonSet",
			"metadata": Object{"name": "aws-node", "namespace": "kube-system"},
			"spec":     Object{"selector": labels("aws-node"), "template": podTemplate("aws-node")},
		})
	default:
		return create("/api/v1", "namespaces", Object{
			"apiVersion": "v1", "kind": "Namespace",
			"metadata": Object{
				"name":   namespaceOf(number - 3),
				"labels": Object{"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
			},
		})
	}
}

func labels(app string) Object { return Object{"matchLabels": Object{"app": app}} }

func podTemplate(app string) Object {
	container := Object{"name": app, "image": "registry.example.com/" + app}
	return Object{"metadata": Object{"labels": Object{"app": app}}, "spec": Object{"containers": []Object{container}}}
}

// metadata as a chart writes it.
func metadata(name, namespace string, annotations Object) Object {
	return Object{
		"name": name, "namespace": namespace,
		"labels": Object{
			"app.kubernetes.io/name":       name,
			"app.kubernetes.io/instance":   name,
			"app.kubernetes.io/version":    "1.4.2",
			"app.kubernetes.io/managed-by": "Helm",
			"helm.sh/chart":                "web-0.7.1",
			"team":                         namespace,
		},
		"annotations": annotations,
	}
}

func helm(name, namespace string) Object {
	return Object{"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace}
}

func service(number int) Object {
	name, namespace := serviceName(number), namespaceOf(number)
	annotations := helm(name, namespace)
	spec := Object{}
	switch {
	case isHeadless(number):
		spec["clusterIP"] = "None"
		annotations["alb.ingress.kubernetes.io/target-type"] = "ip"
	case number%100 == 0:
		spec["type"] = "LoadBalancer"
		annotations["service.beta.kubernetes.io/aws-load-balancer-type"] = "external"
		annotations["service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"] = "instance"
	case number%100 == 50:
		spec["type"] = "NodePort"
	}
	return serviceObject(name, namespace, annotations, spec)
}

func serviceObject(name, namespace string, annotations, spec Object) Object {
	spec["selector"] = Object{"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name}
	spec["ports"] = []Object{
		{"name": "http", "port": 80, "targetPort": "http"},
		{"name": "metrics", "port": 9090, "targetPort": "metrics"},
	}
	return Object{"apiVersion": "v1", "kind": "Service", "metadata": metadata(name, namespace, annotations), "spec": spec}
}

func ingress(number int) Object {
	services := []string{serviceName(number)}
	if number < waiting {
		services = append(services, waitingName(number))
	}
	return ingressObject(fmt.Sprintf("ingress-%05d", number), namespaceOf(number), "alb", services)
}

func ingressObject(name, namespace, class string, services []string) Object {
	annotations := helm(name, namespace)
	annotations["alb.ingress.kubernetes.io/scheme"] = "internal"
	annotations["alb.ingress.kubernetes.io/group.name"] = namespace
	annotations["alb.ingress.kubernetes.io/listen-ports"] = `[{"HTTPS":443}]`
	annotations["alb.ingress.kubernetes.io/healthcheck-path"] = "/healthz"
	paths := make([]Object, len(services))
	for index, service := range services {
		paths[index] = Object{
			"path": "/" + service, "pathType": "Prefix",
			"backend": Object{"service": Object{"name": service, "port": Object{"name": "http"}}},
		}
	}
	host := fmt.Sprintf("%s.%s.example.com", name, namespace)
	return Object{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata(name, namespace, annotations),
		"spec": Object{"ingressClassName": class, "rules": []Object{{"host": host, "http": Object{"paths": paths}}}},
	}
}

func targetGroupBinding(name, namespace, service, targetType string) Object {
	return Object{
		"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
		"metadata": metadata(name, namespace, helm(name, namespace)),
		"spec": Object{
			"serviceRef":     Object{"name": service, "port": "http"},
			"targetGroupARN": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/" + name + "/0123456789abcdef",
			"targetType":     targetType,
			"networking":     Object{"ingress": []Object{{"ports": []Object{{"port": 8080, "protocol": "TCP"}}}}},
		},
	}
}

func create(api, resource string, object Object) Create {
	path := api + "/" + resource
	name := object["metadata"].(Object)["name"].(string)
	if namespace, ok := object["metadata"].(Object)["namespace"]; ok {
		path = fmt.Sprintf("%s/namespaces/%s/%s", api, namespace, resource)
	}
	body, err := json.Marshal(object)
	if err != nil {
		panic(err) // Texts, numbers, lists and maps of these.
	}
	return Create{Name: name, Path: path, Body: body}
}
