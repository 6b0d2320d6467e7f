package handler

import (
	"context"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// checkStack returns the status of the stack that sent the request.
func (h *Handler) checkStack(ctx context.Context, stackID string) gate.Result {
	out, err := h.stacks.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stackID)})
	if err != nil {
		return failed("DescribeStacks", err)
	}
	if len(out.Stacks) == 0 {
		return gate.Result{Fault: &gate.Fault{Message: "DescribeStacks: the stack is not in the response"}}
	}
	return gate.Result{Status: string(out.Stacks[0].StackStatus)}
}
