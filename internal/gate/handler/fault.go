package handler

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// passing are refusals that time may cure although AWS says 4xx: a database that is just being modified.
var passing = []string{"InvalidDBInstanceState", "InvalidDBClusterStateFault", "InvalidDBInstanceStateFault", "TooManyRequestsException"}

// settling are what a role is told in its first seconds. ECS says it in a ClientException's message.
var settling = []string{"AccessDenied", "AccessDeniedException", "AccessDeniedFault", "UnauthorizedOperation"}

// failed makes a result of a call's error, the plain result of none.
func failed(call string, err error) gate.Result {
	if err == nil {
		return gate.Result{}
	}
	fault := &gate.Fault{Message: call + ": " + brief(err)}
	var api smithy.APIError
	if errors.As(err, &api) {
		code := api.ErrorCode()
		fault.Settling = slices.Contains(settling, code) || strings.Contains(api.ErrorMessage(), "unable to assume")
		fault.Lasting = !fault.Settling && refused(err) && !throttled(code) && !slices.Contains(passing, code) &&
			!strings.Contains(api.ErrorMessage(), "apacity is unavailable")
	}
	return gate.Result{Fault: fault}
}

// refused says that AWS has answered, and that the same request will get the same answer.
func refused(err error) bool {
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) {
		return false
	}
	status := response.HTTPStatusCode()
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

func throttled(code string) bool {
	_, known := retry.DefaultThrottleErrorCodes[code]
	return known
}

// brief leaves out the request ids and status codes that the client wraps around what AWS said.
func brief(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}
