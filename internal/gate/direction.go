package gate

import (
	"strconv"
	"strings"
)

// standing is what the stack's status means for a request.
type standing int

const (
	unknown     standing = iota // CloudFormation could not be asked
	forward                     // a release is under way
	rollingBack                 // the stack returns to a state that was complete before
	superseded                  // nobody waits for this request any more
)

// standingOf reads a stack status. Only UPDATE_ROLLBACK_IN_PROGRESS sends Updates that lead back; a creation that
// is rolled back sends Deletes, and a stack at rest has had its answer, or has given up waiting for it.
func standingOf(status string) standing {
	switch {
	case status == "":
		return unknown
	case status == "UPDATE_ROLLBACK_IN_PROGRESS":
		return rollingBack
	case status == "DELETE_IN_PROGRESS", status == "ROLLBACK_IN_PROGRESS",
		strings.HasSuffix(status, "_COMPLETE"), strings.HasSuffix(status, "_FAILED"),
		strings.HasSuffix(status, "_CLEANUP_IN_PROGRESS"):
		return superseded
	}
	return forward
}

// course is where an Update leads from the old task definition to the new.
type course int

const (
	sideways  course = iota // the same revision, another family, or not to be told
	newer                   // to a later revision of the same family
	backwards               // to an earlier revision of the same family
)

// courseOf compares the revisions. Every release registers a new revision, also the release of an old image, and
// ECS never uses a number twice; so only a rollback leads to an earlier one.
func (e Event) courseOf() course {
	from, fromRevision := revision(e.OldResourceProperties)
	to, toRevision := revision(e.ResourceProperties)
	switch {
	case from == "" || from != to || fromRevision == toRevision:
		return sideways
	case toRevision > fromRevision:
		return newer
	}
	return backwards
}

func revision(properties map[string]any) (family string, number int) {
	arn, _ := properties[PropertyTaskDefinition].(string)
	match := taskDefinitionARN.FindStringSubmatch(arn)
	if match == nil {
		return "", 0
	}
	number, err := strconv.Atoi(match[2])
	if err != nil {
		return "", 0
	}
	return match[1], number
}
