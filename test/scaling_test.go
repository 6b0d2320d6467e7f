package test

import (
	"strings"
	"testing"
)

// A rendered count under autoscaling takes capacity away in the middle of the day (aws-cdk#3919).
func TestDesiredCountIsNotRenderedWhereScalingRules(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		scaled := 0
		for _, service := range e.services.all(t, "AWS::ECS::Service") {
			if service.under("/Scheduler/") {
				want(t, "scheduler's count", service.get("DesiredCount"), 1)
				continue
			}
			scaled++
			want(t, service.ID+"'s count", service.get("DesiredCount"), nil)
		}
		targets := e.services.all(t, "AWS::ApplicationAutoScaling::ScalableTarget")
		want(t, "scalable targets", len(targets), scaled)
		for _, target := range targets {
			if strings.Contains(plain(target.get("ResourceId")), "Scheduler") {
				t.Error("the scheduler scales")
			}
		}
	})
}

func TestWebScales(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		w := e.settings.Web
		target := e.services.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "/Web/")
		want(t, "range", []any{target.get("MinCapacity"), target.get("MaxCapacity")}, []int{w.Min, w.Max})
		targets := map[string]any{}
		for _, policy := range e.services.all(t, "AWS::ApplicationAutoScaling::ScalingPolicy") {
			tracking := policy.get("TargetTrackingScalingPolicyConfiguration")
			if metric, ok := dig(tracking, "PredefinedMetricSpecification", "PredefinedMetricType").(string); ok {
				targets[metric] = dig(tracking, "TargetValue")
			}
		}
		want(t, "targets", targets, map[string]int{
			"ECSServiceAverageCPUUtilization": w.CPUPercent, "ECSServiceAverageMemoryUtilization": w.MemoryPercent,
			"ALBRequestCountPerTarget": w.RequestsPerTask,
		})
	})
}

// If workers scaled on CPU, the queue would grow while they wait for slow destinations.
func TestWorkersScaleOnBacklogPerTask(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		settings := e.settings.Workers["worker"]
		target := e.services.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "/Worker/")
		want(t, "range", []any{target.get("MinCapacity"), target.get("MaxCapacity")}, []int{settings.Min, settings.Max})
		policy := e.services.one(t, "AWS::ApplicationAutoScaling::ScalingPolicy", "/Worker/Backlog/")
		want(t, "target", policy.get("TargetTrackingScalingPolicyConfiguration", "TargetValue"), settings.BacklogPerTask)
		metrics := list(policy.get("TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification", "Metrics"))
		if len(metrics) != 3 {
			t.Fatalf("%d metrics, want backlog, tasks and their ratio", len(metrics))
		}
		want(t, "namespace", dig(metrics[0], "MetricStat", "Metric", "Namespace"), "dozen/"+e.Name)
		want(t, "process", dig(metrics[0], "MetricStat", "Metric", "Dimensions", 0, "Value"), "worker")
		want(t, "tasks",
			[]any{dig(metrics[1], "MetricStat", "Stat"), dig(metrics[1], "MetricStat", "Metric", "MetricName")},
			[]string{"SampleCount", "CPUUtilization"})
		want(t, "which is returned",
			[]any{dig(metrics[0], "ReturnData"), dig(metrics[1], "ReturnData"), dig(metrics[2], "ReturnData")},
			[]bool{false, false, true})
		first := 0
		for _, p := range e.services.ofType("AWS::ApplicationAutoScaling::ScalingPolicy") {
			if p.get("PolicyType") == "StepScaling" {
				first++
				steps := p.get("StepScalingPolicyConfiguration")
				want(t, "first step",
					[]any{dig(steps, "AdjustmentType"), dig(steps, "StepAdjustments", 0, "ScalingAdjustment")},
					[]any{"ChangeInCapacity", 1})
			}
		}
		if settings.Min == 0 {
			want(t, "steps away from zero", first, 1)
		} else {
			want(t, "steps away from zero", first, 0)
		}
	})
}

func TestSpotShare(t *testing.T) {
	strategy := func(e environment, service string) map[string]any {
		shares := map[string]any{}
		for _, s := range list(e.services.one(t, "AWS::ECS::Service", service).get("CapacityProviderStrategy")) {
			shares[dig(s, "CapacityProvider").(string)] = dig(s, "Weight")
		}
		return shares
	}
	want(t, "production's web", strategy(prod(), "/Web/"), map[string]int{"FARGATE": 100})
	want(t, "production's worker", strategy(prod(), "/Worker/"), map[string]int{"FARGATE": 50, "FARGATE_SPOT": 50})
	want(t, "development's worker", strategy(dev(), "/Worker/"), map[string]int{"FARGATE_SPOT": 100})
}
