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

// transientCodes are the codes of rejections that pass in time although AWS answers 4xx: a database is being modified.
var transientCodes = []string{
	"InvalidDBInstanceState", "InvalidDBClusterStateFault", "InvalidDBInstanceStateFault", "TooManyRequestsException",
}

// settlingCodes are the codes that a role gets in its first seconds. ECS instead says so in a ClientException's
// message.
var settlingCodes = []string{"AccessDenied", "AccessDeniedException", "AccessDeniedFault", "UnauthorizedOperation"}

// failed makes a result with a fault of a call's error, and an empty result if err is nil.
func failed(call string, err error) gate.Result {
	if err == nil {
		return gate.Result{}
	}
	fault := &gate.Fault{Message: call + ": " + awsMessage(err)}
	var api smithy.APIError
	if errors.As(err, &api) {
		code := api.ErrorCode()
		fault.Settling = slices.Contains(settlingCodes, code) || strings.Contains(api.ErrorMessage(), "unable to assume")
		transient := throttled(code) || slices.Contains(transientCodes, code) ||
			strings.Contains(api.ErrorMessage(), "apacity is unavailable")
		fault.Lasting = !fault.Settling && !transient && rejectedByAWS(err)
	}
	return gate.Result{Fault: fault}
}

// rejectedByAWS reports whether AWS has answered and would answer the same request in the same way.
func rejectedByAWS(err error) bool {
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

// awsMessage returns what AWS said, without the request id and the status code that the client wraps around it.
func awsMessage(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}
