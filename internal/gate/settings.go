package gate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of DeadlineSeconds. CloudFormation waits an hour at most for a custom resource, and Margin of it belongs
// to the gate: to stop the task, to read its log, and to be delivered again if a handler dies.
const (
	MinDeadline = time.Minute
	MaxDeadline = maxServiceTimeout - Margin
	Margin      = 5 * time.Minute

	maxServiceTimeout = time.Hour
)

// Settings are the properties of the custom resource. CloudFormation sends strings and lists of strings only.
type Settings struct {
	Cluster          string        // ARN
	TaskDefinition   string        // ARN of one revision
	Container        string        // name of the essential container that migrates
	Subnets          []string      // 1 to 16
	SecurityGroups   []string      // 1 to 5
	AssignPublicIP   string        // "ENABLED" or "DISABLED"
	LogGroup         string        // name
	LogStreamPrefix  string        // awslogs prefix: the stream is prefix/container/task
	Deadline         time.Duration // MinDeadline to MaxDeadline, counted from CloudFormation's request
	Release          string        // the image's tag, for messages
	SnapshotDatabase string        // instance or cluster identifier; empty: no snapshot
	SnapshotKind     string        // "instance" or "cluster"; empty if there is no snapshot
}

// ServiceTimeout is what CloudFormation's ServiceTimeout must be at least for a deadline.
func ServiceTimeout(deadline time.Duration) time.Duration { return deadline + Margin }

var (
	clusterARN        = regexp.MustCompile(`^arn:[^:]+:ecs:[^:]+:\d{12}:cluster/[\w-]{1,255}$`)
	taskDefinitionARN = regexp.MustCompile(`^(arn:[^:]+:ecs:[^:]+:\d{12}:task-definition/[\w-]{1,255}):(\d+)$`)
	containerName     = regexp.MustCompile(`^[\w-]{1,255}$`)
	subnetID          = regexp.MustCompile(`^subnet-\w+$`)
	securityGroupID   = regexp.MustCompile(`^sg-\w+$`)
	logGroupName      = regexp.MustCompile(`^[\w./#-]{1,512}$`)
	logStreamPrefix   = regexp.MustCompile(`^[^:*]{1,255}$`)
	releaseName       = regexp.MustCompile(`^[\w.:@/+-]{1,256}$`)
	databaseID        = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{0,62}$`)
	publicIPWords     = regexp.MustCompile(`^(ENABLED|DISABLED)$`)
	snapshotKinds     = regexp.MustCompile(`^(instance|cluster)$`)
)

// ParseSettings reads the properties and reports every missing or malformed one, joined.
func ParseSettings(properties map[string]any) (Settings, error) {
	p := propertyReader{properties: properties}
	s := Settings{
		Cluster:         p.text(PropertyCluster, clusterARN, "the ARN of an ECS cluster"),
		TaskDefinition:  p.text(PropertyTaskDefinition, taskDefinitionARN, "the ARN of one revision of a task definition"),
		Container:       p.text(PropertyContainer, containerName, "the name of a container in the task definition"),
		Subnets:         p.list(PropertySubnets, 16, subnetID, "subnet ids"),
		SecurityGroups:  p.list(PropertySecurityGroups, 5, securityGroupID, "security group ids"),
		AssignPublicIP:  p.text(PropertyAssignPublicIP, publicIPWords, "ENABLED or DISABLED"),
		LogGroup:        p.text(PropertyLogGroup, logGroupName, "the name of a log group"),
		LogStreamPrefix: p.text(PropertyLogStreamPrefix, logStreamPrefix, "the awslogs stream prefix of the container"),
		Deadline:        p.deadline(PropertyDeadlineSeconds),
		Release:         p.text(PropertyRelease, releaseName, "the tag of the image"),
	}
	if _, wanted := properties[PropertySnapshotDatabase]; wanted {
		s.SnapshotDatabase = p.text(PropertySnapshotDatabase, databaseID, "a database instance or cluster identifier")
		s.SnapshotKind = p.text(PropertySnapshotKind, snapshotKinds, "instance or cluster")
	}
	return s, errors.Join(p.problems...)
}

// propertyReader collects every problem, so that one deployment shows them all.
type propertyReader struct {
	properties map[string]any
	problems   []error
}

func (p *propertyReader) report(name, want string) {
	value, present := p.properties[name]
	if !present {
		p.problems = append(p.problems, fmt.Errorf("property %s is missing: give %s", name, want))
		return
	}
	p.problems = append(p.problems, fmt.Errorf("property %s is %q: give %s", name, fmt.Sprint(value), want))
}

func (p *propertyReader) text(name string, form *regexp.Regexp, want string) string {
	value, isText := p.properties[name].(string)
	if !isText || !form.MatchString(value) {
		p.report(name, want)
		return ""
	}
	return value
}

func (p *propertyReader) list(name string, most int, form *regexp.Regexp, want string) []string {
	items, isList := p.properties[name].([]any)
	var values []string
	for _, item := range items {
		if value, isText := item.(string); isText && form.MatchString(value) {
			values = append(values, value)
		}
	}
	if !isList || len(values) != len(items) || len(values) < 1 || len(values) > most {
		p.report(name, fmt.Sprintf("1 to %d %s", most, want))
		return nil
	}
	return values
}

func (p *propertyReader) deadline(name string) time.Duration {
	text, _ := p.properties[name].(string)
	seconds, err := strconv.Atoi(text)
	if deadline := time.Duration(seconds) * time.Second; err == nil && deadline >= MinDeadline && deadline <= MaxDeadline {
		return deadline
	}
	p.report(name, fmt.Sprintf("a whole number of seconds from %.0f to %.0f", MinDeadline.Seconds(), MaxDeadline.Seconds()))
	return 0
}

// taskID is the last part of a task's ARN.
func taskID(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// LogStream is where the awslogs driver writes what the container of a task prints.
func (s Settings) LogStream(taskARN string) string {
	return s.LogStreamPrefix + "/" + s.Container + "/" + taskID(taskARN)
}
