package gate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of DeadlineSeconds. CloudFormation waits at most an hour for a custom resource. Margin of it belongs to the
// gate: to stop the task, to read its log, and for a new delivery if a handler dies.
const (
	MinDeadline = time.Minute
	MaxDeadline = maxServiceTimeout - Margin
	Margin      = 5 * time.Minute

	maxServiceTimeout = time.Hour
)

// Settings are the properties of the custom resource. CloudFormation sends only strings and lists of strings.
type Settings struct {
	Cluster          string        // ARN
	TaskDefinition   string        // ARN of one revision
	Container        string        // name of the migration's container
	Subnets          []string      // 1 to 16
	SecurityGroups   []string      // 1 to 5
	AssignPublicIP   string        // "ENABLED" or "DISABLED"
	LogGroup         string        // name
	LogStreamPrefix  string        // of awslogs: the stream is prefix/container/task
	Deadline         time.Duration // MinDeadline to MaxDeadline, counted from CloudFormation's request
	Release          string        // the image's tag, for messages
	SnapshotDatabase string        // identifier of an instance or a cluster; empty for no snapshot
	SnapshotKind     string        // "instance" or "cluster"; empty for no snapshot
	SnapshotPrefix   string        // of the names of this environment's snapshots, such as before-dozen-prod
	KeepSnapshots    int           // how many of them a release leaves, the newest; 1 to 20
	RestoredFrom     string        // name or ARN of the snapshot that the database was restored from; empty for none
}

// ServiceTimeout returns the least value of CloudFormation's ServiceTimeout for a deadline.
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
	snapshotPrefix    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+){1,20}$`)
	snapshotCount     = regexp.MustCompile(`^([1-9]|1[0-9]|20)$`)
)

// ParseSettings reads the properties. Its error joins the problems of all that are missing or malformed.
func ParseSettings(properties map[string]any) (Settings, error) {
	p := propertyReader{properties: properties}
	s := Settings{
		Cluster:         p.string(PropertyCluster, clusterARN, "the ARN of an ECS cluster"),
		TaskDefinition:  p.string(PropertyTaskDefinition, taskDefinitionARN, "the ARN of one revision of a task definition"),
		Container:       p.string(PropertyContainer, containerName, "the name of a container in the task definition"),
		Subnets:         p.list(PropertySubnets, 16, subnetID, "subnet ids"),
		SecurityGroups:  p.list(PropertySecurityGroups, 5, securityGroupID, "security group ids"),
		AssignPublicIP:  p.string(PropertyAssignPublicIP, publicIPWords, "ENABLED or DISABLED"),
		LogGroup:        p.string(PropertyLogGroup, logGroupName, "the name of a log group"),
		LogStreamPrefix: p.string(PropertyLogStreamPrefix, logStreamPrefix, "the awslogs stream prefix of the container"),
		Deadline:        p.deadline(PropertyDeadlineSeconds),
		Release:         p.string(PropertyRelease, releaseName, "the tag of the image"),
	}
	if _, withSnapshot := properties[PropertySnapshotDatabase]; withSnapshot {
		s.SnapshotDatabase = p.string(PropertySnapshotDatabase, databaseID, "the identifier of a database instance or cluster")
		s.SnapshotKind = p.string(PropertySnapshotKind, snapshotKinds, "instance or cluster")
		s.SnapshotPrefix = p.string(PropertySnapshotPrefix, snapshotPrefix, "lower-case words with single hyphens")
		s.KeepSnapshots, _ = strconv.Atoi(p.string(PropertyKeepSnapshots, snapshotCount, "a whole number, 1 to 20"))
		s.RestoredFrom, _ = properties[PropertyRestoredFrom].(string)
	}
	return s, errors.Join(p.problems...)
}

// propertyReader collects all problems, so that one deployment shows every one.
type propertyReader struct {
	properties map[string]any
	problems   []error
}

// require records a problem with a property unless ok.
func (p *propertyReader) require(ok bool, name, want string) {
	if ok {
		return
	}
	value, present := p.properties[name]
	if !present {
		p.problems = append(p.problems, fmt.Errorf("property %s is missing: set it to %s", name, want))
		return
	}
	p.problems = append(p.problems, fmt.Errorf("property %s is %q: set it to %s", name, fmt.Sprint(value), want))
}

func (p *propertyReader) string(name string, form *regexp.Regexp, want string) string {
	value, _ := p.properties[name].(string)
	ok := form.MatchString(value) // no form matches the empty string
	p.require(ok, name, want)
	if !ok {
		return ""
	}
	return value
}

func (p *propertyReader) list(name string, most int, form *regexp.Regexp, want string) []string {
	items, _ := p.properties[name].([]any)
	var values []string
	for _, item := range items {
		if value, isString := item.(string); isString && form.MatchString(value) {
			values = append(values, value)
		}
	}
	ok := len(values) == len(items) && len(values) >= 1 && len(values) <= most
	p.require(ok, name, fmt.Sprintf("1 to %d %s", most, want))
	if !ok {
		return nil
	}
	return values
}

func (p *propertyReader) deadline(name string) time.Duration {
	value, _ := p.properties[name].(string)
	seconds, err := strconv.Atoi(value)
	deadline := time.Duration(seconds) * time.Second
	ok := err == nil && deadline >= MinDeadline && deadline <= MaxDeadline
	p.require(ok, name, fmt.Sprintf("a whole number of seconds, %.0f to %.0f", MinDeadline.Seconds(), MaxDeadline.Seconds()))
	if !ok {
		return 0
	}
	return deadline
}

// taskID is the last part of a task's ARN.
func taskID(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// LogStream returns the stream to which the awslogs driver writes what the task's container prints.
func (s Settings) LogStream(taskARN string) string {
	return s.LogStreamPrefix + "/" + s.Container + "/" + taskID(taskARN)
}
