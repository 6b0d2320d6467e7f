package test

import (
	"encoding/json"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/backlog"
)

// Prevents: a worker that is scaled by a metric that nothing sends, or an alarm that can never ring.
func TestWorkersScaleOnTheirSource(t *testing.T) {
	for _, row := range []struct {
		source     config.Source
		expression string // of the jobs per task; "" without target tracking on jobs
		metrics    string
		oldest     string // the metric of the alarm; "" without one
		counted    string // what the proxy counts
	}{
		{config.Source{Kind: config.SourceMetric}, "(backlog) /", "Backlog", "BacklogAge", ""},
		{config.Source{Kind: config.SourceCPU, CPUPercent: 45}, "", "", "", ""},
		{config.Source{Kind: config.SourceQueue}, "(FILL(waiting, 0) + FILL(taken, 0)) /",
			"ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible", "", ""}, // QueueAge watches the queue,
		{config.Source{Kind: config.SourceCelery, Queues: []string{"mail"}}, "(backlog) /", "Backlog", "",
			`[{"Process":"worker","Kind":"celery","Queues":["mail"]}]`},
		{config.Source{Kind: config.SourceSQL, Query: `select "n" from jobs`}, "(backlog) /", "Backlog", "BacklogAge",
			`[{"Process":"worker","Kind":"sql","Query":"select \"n\" from jobs"}]`},
	} {
		t.Run(string(row.source.Kind), func(t *testing.T) {
			e := with(t, config.Development(), func(e *config.Environment) {
				write(e, "Workers.Source", row.source)
				write(e, "Workers.Min", 1)
				e.Options.Queue = true
			})
			expression, metrics, cpu := scaledBy(t, e.services)
			want(t, "expression", strings.HasPrefix(expression, row.expression), true)
			want(t, "metrics", metrics, strings.Fields(row.metrics))
			want(t, "percent of CPU", cpu, row.source.CPUPercent)
			oldest := ""
			for _, alarm := range e.services.ofType("AWS::CloudWatch::Alarm") {
				if strings.Contains(alarm.ID, "WorkerBacklogAge") {
					oldest, _ = alarm.get("MetricName").(string)
				}
			}
			want(t, "alarm", oldest, row.oldest)
			counted := ""
			for _, definition := range e.services.ofType("AWS::ECS::TaskDefinition") {
				counted = ""
				if text := definition.variablesOf("proxy")["BACKLOG_SOURCES"]; text != "" {
					must(json.Unmarshal([]byte(text), &counted))
				}
				if counted != row.counted {
					t.Errorf("the proxy of %s counts %s, want %s", definition.ID, counted, row.counted)
				}
			}
			if sources, err := backlog.Parse(counted); err != nil || len(sources) > 0 && sources[0].Kind != string(row.source.Kind) {
				t.Errorf("the proxy reads %+v, %v", sources, err)
			}
		})
	}
}

// scaledBy returns the expression and the metrics of the worker's target tracking, or its percent of CPU.
func scaledBy(t *testing.T, services template) (expression string, metrics []string, cpu int) {
	metrics = []string{}
	for _, policy := range services.ofType("AWS::ApplicationAutoScaling::ScalingPolicy") {
		tracking := policy.get("TargetTrackingScalingPolicyConfiguration")
		if !policy.under("/Worker/") || tracking == nil {
			continue
		}
		if dig(tracking, "PredefinedMetricSpecification", "PredefinedMetricType") == "ECSServiceAverageCPUUtilization" {
			number, err := json.Marshal(dig(tracking, "TargetValue"))
			must(err)
			must(json.Unmarshal(number, &cpu))
		}
		for _, query := range list(dig(tracking, "CustomizedMetricSpecification", "Metrics")) {
			if text, ok := dig(query, "Expression").(string); ok {
				expression = text
			}
			if name, ok := dig(query, "MetricStat", "Metric", "MetricName").(string); ok && name != "CPUUtilization" {
				metrics = append(metrics, name)
			}
		}
	}
	return expression, metrics, cpu
}
