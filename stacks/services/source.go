package services

import (
	"encoding/json"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
)

// backlog is how many jobs of a worker are due or running: an expression of metric math, and the metrics in it.
type backlog struct {
	expression string
	metrics    map[string]awscloudwatch.Metric
}

// backlogOf returns what a worker is scaled by. A metric line that is missing says nothing: the number of tasks stays as it is. A
// queue without messages sends no metric at all after some hours.
func (p *platform) backlogOf(worker config.Process) backlog {
	if p.env.Worker(worker.Name).Source.Kind == config.SourceQueue {
		return backlog{"FILL(waiting, 0) + FILL(taken, 0)", map[string]awscloudwatch.Metric{
			"waiting": queueMetric(p.data.Queue.Name, "ApproximateNumberOfMessagesVisible"),
			"taken":   queueMetric(p.data.Queue.Name, "ApproximateNumberOfMessagesNotVisible"),
		}}
	}
	return backlog{"backlog", map[string]awscloudwatch.Metric{"backlog": p.backlogMetric(worker.Name, "Backlog")}}
}

// oldestOf returns how long the oldest due job of a worker has waited; nil if nothing tells.
func (p *platform) oldestOf(worker config.Process) awscloudwatch.Metric {
	source := p.env.Worker(worker.Name).Source
	switch {
	case source.Kind == config.SourceQueue:
		return queueMetric(p.data.Queue.Name, "ApproximateAgeOfOldestMessage")
	case source.Aged():
		return p.backlogMetric(worker.Name, "BacklogAge")
	}
	return nil
}

// countedByProxy is the JSON list of the sources that the proxy counts, as internal/backlog reads it; "" if there are none.
func (p *platform) countedByProxy() string {
	type source struct {
		Process string
		Kind    config.SourceKind
		Queues  []string `json:",omitempty"`
		Query   string   `json:",omitempty"`
	}
	var sources []source
	for _, process := range p.workers {
		if s := p.env.Worker(process.Name).Source; s.Counted() {
			sources = append(sources, source{process.Name, s.Kind, s.Queues, s.Query})
		}
	}
	if sources == nil {
		return ""
	}
	text, err := json.Marshal(sources)
	if err != nil {
		panic(err) // strings are JSON
	}
	return string(text)
}
