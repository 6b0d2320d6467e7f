package handler

import (
	"context"
	"errors"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// maxLines is more than an answer can hold.
const maxLines = 50

// readLog reads the end of the migration's log. A stream that does not exist counts as empty: the container has not
// started.
func (h *Handler) readLog(ctx context.Context, s gate.Settings, taskARN string) gate.Result {
	out, err := h.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName:  aws.String(s.LogGroup),
		LogStreamName: aws.String(s.LogStream(taskARN)),
		StartFromHead: aws.Bool(false),
		Limit:         aws.Int32(maxLines),
	})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return gate.Result{}
	}
	if err != nil {
		return failed("GetLogEvents", err)
	}
	var lines []string
	for _, event := range out.Events {
		lines = append(lines, aws.ToString(event.Message))
	}
	return gate.Result{Lines: lines}
}
