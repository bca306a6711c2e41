// Fills a cluster, and measures what admission costs in it.
//
//	load fill -services 14000 -ingresses 4000
//	load measure -services 14000 -ingresses 4000
//
// Both must name the same sizes: objects are made from their number, so that measure knows what fill has made, and a
// cluster can be filled further.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: load fill|measure [flags]")
	}
	flags := flag.NewFlagSet("load "+args[0], flag.ExitOnError)
	services := flags.Int("services", 100, "`number` of Services in the cluster")
	ingresses := flags.Int("ingresses", 50, "`number` of Ingresses in the cluster, 50 or more, and no more than Services")
	clients := flags.Int("clients", 16, "fill: `number` of clients that create objects at a time")
	requests := flags.Int("requests", 300, "measure: `number` of requests for a workload and a policy, one at a time")
	limit := flags.Duration("limit", 20*time.Second, "measure: how long these may take for a workload, all policies together")
	window := flags.Duration("window", 2*time.Second, "measure: how long eight clients ask at a time, three times for a workload and a policy")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	cluster := Cluster{Services: *services, Ingresses: *ingresses}
	if cluster.Ingresses < waiting || cluster.Ingresses > cluster.Services {
		return fmt.Errorf("there must be %d Ingresses at least, and a Service for each", waiting)
	}
	server, err := connect()
	if err != nil {
		return err
	}
	switch args[0] {
	case "fill":
		return cluster.fill(server, *clients)
	case "measure":
		return cluster.measure(server, Effort{Requests: *requests, Limit: *limit, Window: *window})
	default:
		return fmt.Errorf("no command %q", args[0])
	}
}
