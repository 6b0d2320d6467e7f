package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"dozen/internal/gate"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

const (
	// callTimeout bounds a single call, so that a hanging connection cannot use up an invocation.
	callTimeout = 10 * time.Second
	// maxReserve is the time kept at the end of an invocation to hand over; in short invocations it is a tenth.
	maxReserve = time.Minute
)

// Handler handles the Lambda function's events, one at a time, as Lambda delivers them to a sandbox.
type Handler struct {
	log     *slog.Logger
	clock   gate.Clock
	http    *http.Client
	tasks   *ecs.Client
	stacks  *cloudformation.Client
	logs    *cloudwatchlogs.Client
	backups *rds.Client
	lambda  *lambda.Client
}

// New returns a handler. Its clients do not retry: retries belong to the gate, which knows what may be repeated and for
// how long.
func New(config aws.Config, log *slog.Logger) *Handler {
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &Handler{
		log:     log,
		clock:   wallClock{},
		http:    answerClient(config.HTTPClient),
		tasks:   ecs.NewFromConfig(config),
		stacks:  cloudformation.NewFromConfig(config),
		logs:    cloudwatchlogs.NewFromConfig(config),
		backups: rds.NewFromConfig(config),
		lambda:  lambda.NewFromConfig(config),
	}
}

// handedOver is the payload with which one invocation starts the next.
type handedOver struct {
	Continue *gate.State
}

// Handle handles a request from CloudFormation, or continues with a request that was handed over. If it returns an
// error, Lambda delivers the same event again.
func (h *Handler) Handle(ctx context.Context, payload json.RawMessage) error {
	begin := h.clock.Now()
	state, err := read(payload, begin)
	if err != nil {
		return err
	}
	log := h.log.With(
		"request", state.Event.RequestId,
		"type", state.Event.RequestType,
		"release", state.Settings.Release,
		"hop", state.Hops,
	)
	log.Info("begin", "phase", state.Phase, "deadline", state.Deadline)
	end, bounded := ctx.Deadline()
	if !bounded {
		end = begin.Add(15 * time.Minute)
	}
	until := end.Add(-min(maxReserve, end.Sub(begin)/10))
	last := gate.Verb("")
	return gate.Drive(ctx, state, until, h.clock, func(ctx context.Context, action gate.Action) gate.Result {
		result := h.do(ctx, action)
		if action.Verb != last || result.Fault != nil || action.Verb == gate.DeleteSnapshot {
			logResult(log, action, result)
		}
		last = action.Verb
		return result
	})
}

func read(payload []byte, now time.Time) (*gate.State, error) {
	var next handedOver
	if err := json.Unmarshal(payload, &next); err == nil && next.Continue != nil {
		return next.Continue, checkAnswerAddress(next.Continue.Event.ResponseURL)
	}
	var event gate.Event
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("the event is not a CloudFormation request: %w", err)
	}
	if event.ResponseURL == "" || event.RequestId == "" || event.StackId == "" {
		return nil, errors.New("the event is not a CloudFormation request: RequestId, StackId and ResponseURL are required")
	}
	return gate.New(event, now), checkAnswerAddress(event.ResponseURL)
}

// do makes the one call that an action asks for.
func (h *Handler) do(ctx context.Context, action gate.Action) gate.Result {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch action.Verb {
	case gate.CheckStack:
		return h.checkStack(ctx, action.Event.StackId)
	case gate.StartSnapshot:
		return h.startSnapshot(ctx, action.Settings, action.Snapshot)
	case gate.CheckSnapshot:
		return h.checkSnapshot(ctx, action.Settings, action.Snapshot)
	case gate.ListSnapshots:
		return h.listSnapshots(ctx, action.Settings)
	case gate.DeleteSnapshot:
		return h.deleteSnapshot(ctx, action.Settings, action.Snapshot)
	case gate.StartTask:
		return h.startTask(ctx, action.Event, action.Settings)
	case gate.FindTask:
		return h.findTask(ctx, action.Event, action.Settings)
	case gate.CheckTask:
		return h.checkTask(ctx, action.Settings, action.TaskARN)
	case gate.StopTask:
		return h.stopTask(ctx, action.Settings, action.TaskARN, action.Reason)
	case gate.ReadLog:
		return h.readLog(ctx, action.Settings, action.TaskARN)
	case gate.PutAnswer:
		return h.putAnswer(ctx, action.Event.ResponseURL, action.Answer)
	case gate.HandOver:
		return h.handOver(ctx, action.State)
	}
	return gate.Result{Fault: &gate.Fault{Lasting: true, Message: fmt.Sprintf("unknown action %q", action.Verb)}}
}

// handOver starts the next invocation of this function, without waiting for it.
func (h *Handler) handOver(ctx context.Context, state *gate.State) gate.Result {
	payload, err := json.Marshal(handedOver{Continue: state})
	if err != nil {
		return failed("Invoke", err)
	}
	self, known := lambdacontext.FromContext(ctx)
	if !known {
		return failed("Invoke", errors.New("the Lambda runtime has not passed the function's ARN"))
	}
	_, err = h.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(self.InvokedFunctionArn), InvocationType: "Event", Payload: payload,
	})
	return failed("Invoke", err)
}

// logResult logs neither the ResponseURL, which is a secret, nor the migration's own lines.
func logResult(log *slog.Logger, action gate.Action, result gate.Result) {
	switch {
	case result.Fault != nil:
		log.Warn(string(action.Verb), "fault", gate.Redact(result.Fault.Message), "lasting", result.Fault.Lasting)
	case action.Verb == gate.PutAnswer:
		log.Info(string(action.Verb), "status", action.Answer.Status, "reason", action.Answer.Reason)
	case action.Verb == gate.DeleteSnapshot:
		log.Info(string(action.Verb), "snapshot", action.Snapshot)
	default:
		log.Info(string(action.Verb), "task", action.TaskARN+result.TaskARN, "status", result.Status)
	}
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
