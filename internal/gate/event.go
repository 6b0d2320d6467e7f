package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"time"
)

// Event is a request to the custom resource, in CloudFormation's own JSON form and spelling.
// ResponseURL is a presigned address and so a secret: it is never logged.
type Event struct {
	RequestType           string // "Create", "Update" or "Delete"
	RequestId             string
	ResourceType          string // ResourceType or LastingType
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

// Token identifies the request to ECS and RDS: 64 hexadecimal digits, the same for every delivery of the event and
// different for every request. ECS starts at most one task for a token.
func (e Event) Token() string {
	return digest(e.StackId, e.LogicalResourceId, e.RequestId)
}

// StartedBy marks the request's task in ECS, so that it can be found when RunTask's response was lost.
func (e Event) StartedBy() string { return "gate-" + e.Token()[:24] }

// PhysicalID returns the resource's id. It stays the same across updates: a new id would mean a replacement, and
// CloudFormation would send a Delete for the old one.
func (e Event) PhysicalID() string {
	if e.PhysicalResourceId != "" {
		return e.PhysicalResourceId
	}
	return "release-gate-" + digest(e.StackId, e.LogicalResourceId)[:12]
}

// requestedAt is when CloudFormation made the request: the time at which it signed the response's address. It is
// the same for every delivery, so all of them share one deadline. If the address has no valid date, it is the time of
// arrival, and a delivery after a handler's death has the whole time again.
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
