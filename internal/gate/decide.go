package gate

import (
	"strconv"
	"strings"
	"time"
)

func (s *State) afterAsking(result Result, now time.Time) {
	if result.Fault != nil && !result.Fault.Lasting && s.Tries < askTries && now.Sub(s.Deadline) < Margin/2 {
		s.pause(now, longPause)
		return
	}
	status := result.Status
	if result.Fault != nil {
		status = ""
	}
	s.decide(status, now)
}

// decide is the table in doc.go.
func (s *State) decide(status string, now time.Time) {
	stack, change := operationOf(status), s.Event.revisionChange()
	if s.Refused != "" {
		s.decideLasting(stack)
		s.enter(answering, now)
		return
	}
	if s.Event.RequestType == Update {
		if stack == rollingBack && change == laterRevision {
			stack = notWaiting
		}
		if stack == rollingBack || stack == unknownOperation && change == earlierRevision {
			s.Verdict = &Verdict{
				Success: true,
				Problem: "this is a rollback: the release has been migrated before, and nothing migrates down",
			}
			s.enter(answering, now)
			return
		}
	}
	switch {
	case s.Invalid != "":
		s.fail(now, s.Invalid, "correct the gate's properties in the template.")
	case stack == notWaiting:
		s.fail(now, "the request came too late: its stack is in "+status, deployAgain)
	case s.pastDeadline(now):
		s.enter(finding, now)
	case s.Settings.SnapshotDatabase != "":
		s.Snapshot = s.Settings.snapshotName(s.Event.Token())
		s.enter(snapshotting, now)
	default:
		s.enter(starting, now)
	}
}

// operation is what the stack is doing, as far as it matters to a request.
type operation int

const (
	unknownOperation operation = iota // CloudFormation did not answer
	deploying                         // a release is being deployed
	rollingBack                       // the stack returns to a state that was complete before
	notWaiting                        // nobody waits for this request any more
)

// operationOf reads a stack status. Only UPDATE_ROLLBACK_IN_PROGRESS sends Updates that lead back: a creation that
// is rolled back sends Deletes, and a stack at rest has received its answer or has given up waiting for it.
func operationOf(status string) operation {
	switch {
	case status == "":
		return unknownOperation
	case status == "UPDATE_ROLLBACK_IN_PROGRESS":
		return rollingBack
	case status == "DELETE_IN_PROGRESS", status == "ROLLBACK_IN_PROGRESS",
		strings.HasSuffix(status, "_COMPLETE"), strings.HasSuffix(status, "_FAILED"),
		strings.HasSuffix(status, "_CLEANUP_IN_PROGRESS"):
		return notWaiting
	}
	return deploying
}

// revisionChange compares the old task definition of an Update with the new one.
type revisionChange int

const (
	sameRevision    revisionChange = iota // or another family, or a revision that cannot be read
	laterRevision                         // a later revision of the same family
	earlierRevision                       // an earlier revision of the same family
)

// revisionChange compares the revisions. Every release registers a new revision, also the release of an old image, and
// ECS never uses a number twice; so only a rollback leads to an earlier one.
func (e Event) revisionChange() revisionChange {
	oldFamily, oldRevision := revisionIn(e.OldResourceProperties)
	newFamily, newRevision := revisionIn(e.ResourceProperties)
	switch {
	case oldFamily == "" || oldFamily != newFamily || oldRevision == newRevision:
		return sameRevision
	case newRevision > oldRevision:
		return laterRevision
	}
	return earlierRevision
}

func revisionIn(properties map[string]any) (family string, revision int) {
	arn, _ := properties[PropertyTaskDefinition].(string)
	match := taskDefinitionARN.FindStringSubmatch(arn)
	if match == nil {
		return "", 0
	}
	revision, err := strconv.Atoi(match[2])
	if err != nil {
		return "", 0
	}
	return match[1], revision
}
