package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Effort is how much is measured.
type Effort struct {
	Requests int
	Limit    time.Duration
	Window   time.Duration
}

// Contenders are told apart by a label of the admitted object, which the webhooks' object selectors look at: both are
// registered all the time, and each request is for one of them. The first has none.
var contenders = []string{"none", "empty", "policy"}

// label is what bench-host.bash has the webhooks select by.
const label = "measured-with"

const (
	none = iota
	empty
	policy
)

// Workload is a kind of request; each number makes another one, so that no answer of the cluster is remembered for it
// where there are enough Services.
type Workload struct {
	Name    string
	Request func(number int) (api, resource string, object Object)
	Refused bool
}

func (cluster Cluster) workloads() []Workload {
	// The numbers of Services that are not headless.
	ordinary := func(number int) int {
		number %= cluster.Services
		if isHeadless(number) {
			number--
		}
		return number
	}
	headless := func(name, namespace string) (string, string, Object) {
		return "/api/v1", "services", serviceObject(name, namespace, helm(name, namespace), Object{"clusterIP": "None"})
	}
	ingress := func(number int, class string) (string, string, Object) {
		number = ordinary(number)
		services := []string{serviceName(number)}
		if another := number + namespaces; another < cluster.Services {
			services = append(services, serviceName(another))
		}
		return "/apis/networking.k8s.io/v1", "ingresses", ingressObject("new", namespaceOf(number), class, services)
	}
	return []Workload{
		{Name: "ordinary Service", Request: func(number int) (string, string, Object) {
			name, namespace := fmt.Sprintf("new-%05d", number), namespaceOf(number)
			return "/api/v1", "services", serviceObject(name, namespace, helm(name, namespace), Object{})
		}},
		{Name: "headless Service that nobody serves", Request: func(number int) (string, string, Object) {
			return headless(fmt.Sprintf("new-%05d", number), namespaceOf(number))
		}},
		{Name: "headless Service, refused", Refused: true, Request: func(number int) (string, string, Object) {
			return headless(waitingName(number%waiting), namespaceOf(number%waiting))
		}},
		{Name: "Ingress of the controller", Request: func(number int) (string, string, Object) {
			return ingress(number, "alb")
		}},
		{Name: "Ingress of another controller", Request: func(number int) (string, string, Object) {
			return ingress(number, "nginx")
		}},
		{Name: "TargetGroupBinding", Request: func(number int) (string, string, Object) {
			number = ordinary(number)
			return "/apis/elbv2.k8s.aws/v1beta1", "targetgroupbindings",
				targetGroupBinding("new", namespaceOf(number), serviceName(number), "instance")
		}},
	}
}

// request is a create that stores nothing: webhooks without side effects are called for it all the same.
func (workload Workload) request(number, contender int) Create {
	api, resource, object := workload.Request(number)
	object["metadata"].(Object)["labels"].(Object)[label] = contenders[contender]
	request := create(api, resource, object)
	request.Path += "?dryRun=All"
	return request
}

// send returns how long the answer took, and an error where it is not the one to expect.
func (workload Workload) send(client *Client, number, contender int) (time.Duration, error) {
	request := workload.request(number, contender)
	expected := http.StatusCreated
	if workload.Refused && contender == policy {
		expected = http.StatusForbidden
	}
	start := time.Now()
	answer, err := client.do(http.MethodPost, request.Path, request.Body)
	took := time.Since(start)
	if err == nil && answer.Status != expected {
		err = fmt.Errorf("%s with %s: %d instead of %d: %s", workload.Name, contenders[contender], answer.Status, expected, answer.Body)
	}
	return took, err
}

// measure prints a row of the table for each workload: see bench-host.bash for the columns.
func (cluster Cluster) measure(server *Server, effort Effort) error {
	counts := newCounts()
	before, err := webhookCalls(server)
	if err != nil {
		return err
	}
	for _, workload := range cluster.workloads() {
		first, err := workload.warmUp(server, counts)
		if err != nil {
			return err
		}
		times, err := workload.oneClient(server, effort, counts)
		if err != nil {
			return err
		}
		rates, err := workload.eightClients(server, effort, counts)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %d | %s | %s | %s | %s | %s | %s | %.2f | %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f |\n",
			cluster.Services, cluster.Ingresses, workload.Name,
			milliseconds(percentile(times[none], 50)),
			milliseconds(percentile(times[empty], 50)), milliseconds(percentile(times[empty], 99)),
			milliseconds(percentile(times[policy], 50)), milliseconds(percentile(times[policy], 99)),
			float64(percentile(times[policy], 50))/float64(percentile(times[empty], 50)),
			milliseconds(first),
			perSecond(times[none]), perSecond(times[empty]), perSecond(times[policy]),
			rates[none], rates[empty], rates[policy])
	}
	after, err := webhookCalls(server)
	if err != nil {
		return err
	}
	for contender := empty; contender <= policy; contender++ {
		if called := after[contender] - before[contender]; called != counts.of(contender) {
			return fmt.Errorf("webhook %s was called %d times for %d requests", contenders[contender], called, counts.of(contender))
		}
	}
	return nil
}

// warmUp returns how long the policy took for its first request of the kind.
func (workload Workload) warmUp(server *Server, counts *counts) (time.Duration, error) {
	client := server.client()
	var first time.Duration
	for number := range 10 {
		for contender := range contenders {
			took, err := workload.send(client, number, contender)
			if err != nil {
				return 0, err
			}
			counts.add(contender)
			if number == 0 && contender == policy {
				first = took
			}
		}
	}
	return first, nil
}

// oneClient asks in turns, one request for each contender.
func (workload Workload) oneClient(server *Server, effort Effort, counts *counts) ([][]time.Duration, error) {
	client := server.client()
	times := make([][]time.Duration, len(contenders))
	end := time.Now().Add(effort.Limit)
	for number := 0; number < effort.Requests && time.Now().Before(end); number++ {
		for turn := range contenders {
			contender := (number + turn) % len(contenders)
			took, err := workload.send(client, 10+number, contender)
			if err != nil {
				return nil, err
			}
			counts.add(contender)
			times[contender] = append(times[contender], took)
		}
	}
	for _, times := range times {
		slices.Sort(times)
	}
	return times, nil
}

// eightClients have each contender for themselves for a while, three times in turns. The result is answers per second.
func (workload Workload) eightClients(server *Server, effort Effort, counts *counts) ([]float64, error) {
	const clients, rounds = 8, 3
	answers := make([]int, len(contenders))
	spent := make([]time.Duration, len(contenders))
	connected := make([]*Client, clients)
	for index := range connected {
		connected[index] = server.client()
	}
	for round := range rounds {
		for contender := range contenders {
			var group sync.WaitGroup
			var lock sync.Mutex
			var failure error
			start := time.Now()
			end := start.Add(effort.Window)
			for index, client := range connected {
				group.Go(func() {
					for number := (round*clients + index) * 10_000; time.Now().Before(end); number++ {
						_, err := workload.send(client, number, contender)
						lock.Lock()
						if err != nil {
							failure = err
							lock.Unlock()
							return
						}
						answers[contender]++
						lock.Unlock()
						counts.add(contender)
					}
				})
			}
			group.Wait()
			if failure != nil {
				return nil, failure
			}
			// Until the last answer, which may come after the end.
			spent[contender] += time.Since(start)
		}
	}
	rates := make([]float64, len(contenders))
	for contender := range contenders {
		rates[contender] = float64(answers[contender]) / spent[contender].Seconds()
	}
	return rates, nil
}

// counts of requests by contender, to compare with the API server's own.
type counts struct {
	lock   sync.Mutex
	values []int
}

func newCounts() *counts { return &counts{values: make([]int, len(contenders))} }

func (counts *counts) add(contender int) {
	counts.lock.Lock()
	defer counts.lock.Unlock()
	counts.values[contender]++
}

func (counts *counts) of(contender int) int { return counts.values[contender] }

func webhookCalls(server *Server) ([]int, error) {
	client := server.client()
	calls := make([]int, len(contenders))
	for contender := empty; contender <= policy; contender++ {
		count, err := client.calls("clusterwide-" + contenders[contender] + ".kubewarden.admission")
		if err != nil {
			return nil, err
		}
		calls[contender] = count
	}
	return calls, nil
}

// percentile of sorted times.
func percentile(times []time.Duration, percent int) time.Duration {
	return times[(len(times)-1)*percent/100]
}

func perSecond(times []time.Duration) float64 {
	var sum time.Duration
	for _, took := range times {
		sum += took
	}
	return float64(len(times)) / sum.Seconds()
}

func milliseconds(took time.Duration) string {
	return fmt.Sprintf("%.1f", float64(took.Microseconds())/1000)
}
