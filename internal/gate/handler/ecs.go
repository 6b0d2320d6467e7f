package handler

import (
	"context"
	"errors"
	"strings"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// startTask runs the migration on Fargate, not on Fargate Spot, which could interrupt it half-way.
func (h *Handler) startTask(ctx context.Context, event gate.Event, s gate.Settings) gate.Result {
	out, err := h.tasks.RunTask(ctx, &ecs.RunTaskInput{
		Cluster:        aws.String(s.Cluster),
		TaskDefinition: aws.String(s.TaskDefinition),
		ClientToken:    aws.String(event.Token()),
		StartedBy:      aws.String(event.StartedBy()),
		Count:          aws.Int32(1),
		LaunchType:     types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets:        s.Subnets,
			SecurityGroups: s.SecurityGroups,
			AssignPublicIp: types.AssignPublicIp(s.AssignPublicIP),
		}},
	})
	var conflict *types.ConflictException
	switch {
	case errors.As(err, &conflict) && len(conflict.ResourceIds) > 0:
		return gate.Result{TaskARN: conflict.ResourceIds[0]} // the token's task
	case err != nil:
		return failed("RunTask", err)
	case len(out.Tasks) > 0:
		return gate.Result{TaskARN: aws.ToString(out.Tasks[0].TaskArn)}
	case len(out.Failures) > 0:
		return rejected("RunTask", out.Failures[0])
	}
	return gate.Result{Fault: &gate.Fault{Message: "RunTask: ECS has not started a task and gives no reason"}}
}

// rejected makes a fault of a failure that ECS reports in a response with status 200. Only some reasons are lasting.
func rejected(call string, failure types.Failure) gate.Result {
	reason := aws.ToString(failure.Reason)
	lasting := false
	for _, prefix := range []string{"MISSING", "INACTIVE", "ATTRIBUTE", "LOCATION"} {
		lasting = lasting || strings.HasPrefix(reason, prefix)
	}
	message := strings.TrimSpace(call + ": " + reason + " " + aws.ToString(failure.Detail))
	return gate.Result{Fault: &gate.Fault{Lasting: lasting, Message: message}}
}

func (h *Handler) findTask(ctx context.Context, event gate.Event, s gate.Settings) gate.Result {
	out, err := h.tasks.ListTasks(ctx, &ecs.ListTasksInput{
		Cluster:   aws.String(s.Cluster),
		StartedBy: aws.String(event.StartedBy()),
	})
	if err != nil || len(out.TaskArns) == 0 {
		return failed("ListTasks", err)
	}
	return gate.Result{TaskARN: out.TaskArns[0]}
}

func (h *Handler) checkTask(ctx context.Context, s gate.Settings, taskARN string) gate.Result {
	out, err := h.tasks.DescribeTasks(ctx, &ecs.DescribeTasksInput{
		Cluster: aws.String(s.Cluster),
		Tasks:   []string{taskARN},
	})
	switch {
	case err != nil:
		return failed("DescribeTasks", err)
	case len(out.Tasks) > 0:
		return gate.Result{Task: convert(out.Tasks[0])}
	case len(out.Failures) > 0 && aws.ToString(out.Failures[0].Reason) != "MISSING":
		return gate.Result{Fault: &gate.Fault{Message: "DescribeTasks: " + aws.ToString(out.Failures[0].Reason)}}
	}
	return gate.Result{}
}

func convert(t types.Task) *gate.Task {
	task := &gate.Task{
		LastStatus:    aws.ToString(t.LastStatus),
		StopCode:      string(t.StopCode),
		StoppedReason: aws.ToString(t.StoppedReason),
	}
	for _, c := range t.Containers {
		container := gate.Container{Name: aws.ToString(c.Name), Reason: aws.ToString(c.Reason)}
		if c.ExitCode != nil {
			code := int(*c.ExitCode)
			container.ExitCode = &code
		}
		task.Containers = append(task.Containers, container)
	}
	return task
}

func (h *Handler) stopTask(ctx context.Context, s gate.Settings, taskARN, reason string) gate.Result {
	const maxReason = 255 // bytes
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	_, err := h.tasks.StopTask(ctx, &ecs.StopTaskInput{
		Cluster: aws.String(s.Cluster),
		Task:    aws.String(taskARN),
		Reason:  aws.String(reason),
	})
	return failed("StopTask", err)
}
