package gatetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Launch is RunTask's request.
type Launch struct {
	Cluster              string `json:"cluster"`
	TaskDefinition       string `json:"taskDefinition"`
	ClientToken          string `json:"clientToken"`
	StartedBy            string `json:"startedBy"`
	LaunchType           string `json:"launchType"`
	Count                int    `json:"count"`
	NetworkConfiguration struct {
		AwsvpcConfiguration struct {
			Subnets        []string `json:"subnets"`
			SecurityGroups []string `json:"securityGroups"`
			AssignPublicIp string   `json:"assignPublicIp"`
		} `json:"awsvpcConfiguration"`
	} `json:"networkConfiguration"`
}

// Fate is what becomes of a task. The zero value exits with code 0 at once.
type Fate struct {
	Refused         string        // RunTask reports this failure and starts nothing
	Runs            time.Duration // until it ends by itself
	Hangs           bool          // it does not end by itself
	Exit            int
	NoExitCode      bool
	StopCode        string // EssentialContainerExited if empty
	StoppedReason   string
	ContainerReason string
	TermExit        int      // exit code after StopTask, which ends it at once
	Lines           []string // what it prints
}

// Task is a task that was started.
type Task struct {
	ARN     string
	Launch  Launch
	fate    Fate
	started time.Time
	stopped time.Time
	reason  string
}

// SetFate sets what becomes of each task. Its container is named release, and its stream app/release/ID.
func (a *AWS) SetFate(fate func(Launch) Fate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fate = fate
}

// Launches returns the requests that started a task, in their order.
func (a *AWS) Launches() []Launch {
	a.mu.Lock()
	defer a.mu.Unlock()
	var launches []Launch
	for _, task := range a.tasks {
		launches = append(launches, task.Launch)
	}
	return launches
}

// StopReasons returns the reasons given to StopTask.
func (a *AWS) StopReasons() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var reasons []string
	for _, task := range a.tasks {
		if !task.stopped.IsZero() {
			reasons = append(reasons, task.reason)
		}
	}
	return reasons
}

// runTask does what ECS does: it starts one task for a token, and rejects the token for a different request.
func (a *AWS) runTask(body []byte) reply {
	var launch Launch
	if err := json.Unmarshal(body, &launch); err != nil {
		return malformed(err)
	}
	for _, task := range a.tasks {
		old := task.Launch
		if launch.ClientToken == "" || old.ClientToken != launch.ClientToken || old.Cluster != launch.Cluster {
			continue
		}
		if fmt.Sprint(old) != fmt.Sprint(launch) {
			return reply{fault: &Fault{Code: "ConflictException", Message: "the token is in use with a different request"}}
		}
		return reply{value: map[string]any{"tasks": []any{task.describe()}}}
	}
	fate := a.fate(launch)
	if fate.Refused != "" {
		return reply{value: map[string]any{"failures": []any{map[string]string{"reason": fate.Refused}}}}
	}
	id := fmt.Sprintf("%032x", len(a.tasks)+1)
	task := &Task{
		ARN:     "arn:aws:ecs:eu-west-1:111122223333:task/dev/" + id,
		Launch:  launch,
		fate:    fate,
		started: time.Now(),
	}
	a.tasks = append(a.tasks, task)
	a.streams["app/release/"+id] = fate.Lines
	return reply{value: map[string]any{"tasks": []any{task.describe()}}}
}

func (a *AWS) describeTasks(body []byte) reply {
	var in struct {
		Tasks []string `json:"tasks"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return malformed(err)
	}
	tasks, failures := []any{}, []any{}
	for _, arn := range in.Tasks {
		if task := a.task(arn); task != nil {
			tasks = append(tasks, task.describe())
		} else {
			failures = append(failures, map[string]string{"arn": arn, "reason": "MISSING"})
		}
	}
	return reply{value: map[string]any{"tasks": tasks, "failures": failures}}
}

func (a *AWS) listTasks(body []byte) reply {
	var in struct {
		StartedBy string `json:"startedBy"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return malformed(err)
	}
	arns := []string{}
	for _, task := range a.tasks {
		if task.Launch.StartedBy == in.StartedBy && !task.ended() {
			arns = append(arns, task.ARN)
		}
	}
	return reply{value: map[string]any{"taskArns": arns}}
}

func (a *AWS) stopTask(body []byte) reply {
	var in struct {
		Task   string `json:"task"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return malformed(err)
	}
	task := a.task(in.Task)
	if task == nil {
		return reply{fault: &Fault{Code: "InvalidParameterException", Message: "The referenced task was not found."}}
	}
	if !task.ended() {
		task.stopped, task.reason = time.Now(), in.Reason
	}
	return reply{value: map[string]any{"task": task.describe()}}
}

func (a *AWS) task(arn string) *Task {
	i := slices.IndexFunc(a.tasks, func(task *Task) bool { return task.ARN == arn })
	if i < 0 {
		return nil
	}
	return a.tasks[i]
}

func (t *Task) ended() bool {
	return !t.stopped.IsZero() || !t.fate.Hangs && time.Since(t.started) >= t.fate.Runs
}

func (t *Task) describe() map[string]any {
	container := map[string]any{"name": "release", "lastStatus": "RUNNING"}
	description := map[string]any{
		"taskArn": t.ARN, "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
		"containers": []any{container},
	}
	if !t.ended() {
		return description
	}
	description["lastStatus"], description["desiredStatus"], container["lastStatus"] = "STOPPED", "STOPPED", "STOPPED"
	if !t.stopped.IsZero() {
		description["stopCode"], description["stoppedReason"] = "UserInitiated", t.reason
		container["exitCode"] = t.fate.TermExit
		return description
	}
	description["stopCode"], description["stoppedReason"] = "EssentialContainerExited", "Essential container in task exited"
	if t.fate.StopCode != "" {
		description["stopCode"], description["stoppedReason"] = t.fate.StopCode, t.fate.StoppedReason
	}
	if !t.fate.NoExitCode {
		container["exitCode"] = t.fate.Exit
	}
	if t.fate.ContainerReason != "" {
		container["reason"] = t.fate.ContainerReason
	}
	return description
}

func malformed(err error) reply {
	return reply{fault: &Fault{Code: "SerializationException", Message: err.Error()}}
}
