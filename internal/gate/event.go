package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"time"
)

// Event is a custom-resource request in CloudFormation's own JSON form and spelling.
// ResponseURL is a presigned address and thus a secret: it is never logged.
type Event struct {
	RequestType           string // "Create", "Update" or "Delete"
	RequestId             string
	ResponseURL           string
	StackId               string
	LogicalResourceId     string
	PhysicalResourceId    string `json:",omitempty"`
	ResourceProperties    map[string]any
	OldResourceProperties map[string]any `json:",omitempty"`
}

// The request types of CloudFormation.
const (
	Create = "Create"
	Update = "Update"
	Delete = "Delete"
)

// Token identifies the request towards ECS and RDS: 64 hexadecimal digits, the same for every delivery of the
// event and different for every request. ECS starts at most one task for it.
func (e Event) Token() string {
	return digest(e.StackId, e.LogicalResourceId, e.RequestId)
}

// StartedBy marks the request's task in ECS, so that it can be found again when RunTask's answer was lost.
func (e Event) StartedBy() string { return "gate-" + e.Token()[:24] }

// PhysicalID is the resource's id. It stays the same across updates: a new one would be a replacement, and
// CloudFormation would send a Delete for the old.
func (e Event) PhysicalID() string {
	if e.PhysicalResourceId != "" {
		return e.PhysicalResourceId
	}
	return "release-gate-" + digest(e.StackId, e.LogicalResourceId)[:12]
}

// requestedAt is when CloudFormation made the request: the time at which it signed the response's address. It is
// the same for every delivery, so all of them share one deadline. Where the address does not tell, it is the time
// of arrival, and a delivery that is repeated after a kill gets the whole time again.
func (e Event) requestedAt(arrival time.Time) time.Time {
	address, err := url.Parse(e.ResponseURL)
	if err != nil {
		return arrival
	}
	signed, err := time.Parse("20060102T150405Z", address.Query().Get("X-Amz-Date"))
	if err != nil || signed.After(arrival) {
		return arrival
	}
	return signed
}

func digest(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil))
}
