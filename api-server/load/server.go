package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Server is the API server of KUBECONFIG.
type Server struct {
	host  string
	token string
	tls   *tls.Config
}

func connect() (*Server, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	return &Server{host: config.Host, token: config.BearerToken, tls: tls}, nil
}

// Client has a connection of its own, as two people with kubectl have.
type Client struct {
	server *Server
	http   http.Client
}

func (server *Server) client() *Client {
	transport := &http.Transport{TLSClientConfig: server.tls.Clone(), ForceAttemptHTTP2: true}
	return &Client{server: server, http: http.Client{Transport: transport}}
}

// Answer of the API server, read whole.
type Answer struct {
	Status int
	Body   []byte
}

func (client *Client) do(method, path string, body []byte) (Answer, error) {
	request, err := http.NewRequest(method, client.server.host+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+client.server.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.http.Do(request)
	if err != nil {
		return Answer{}, err
	}
	text, err := io.ReadAll(response.Body)
	return Answer{Status: response.StatusCode, Body: text}, errors.Join(err, response.Body.Close())
}

// names of all objects of a kind.
func (client *Client) names(path string) (map[string]bool, error) {
	answer, err := client.do(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	if err := json.Unmarshal(answer.Body, &list); err != nil || answer.Status != http.StatusOK {
		return nil, fmt.Errorf("%s: %d: %s", path, answer.Status, answer.Body)
	}
	names := make(map[string]bool, len(list.Items))
	for _, item := range list.Items {
		names[item.Metadata.Name] = true
	}
	return names, nil
}

// calls is how often the API server has called the webhook, by its own count.
func (client *Client) calls(webhook string) (int, error) {
	answer, err := client.do(http.MethodGet, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum := 0
	lines := bufio.NewScanner(bytes.NewReader(answer.Body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "apiserver_admission_webhook_admission_duration_seconds_count{") &&
			strings.Contains(line, fmt.Sprintf("name=%q", webhook)) {
			count, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			if err != nil {
				return 0, err
			}
			sum += int(count)
		}
	}
	return sum, lines.Err()
}
