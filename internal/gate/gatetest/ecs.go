package gatetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Launch is what RunTask was asked for.
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

// Fate is what a task will do. The zero value exits with code 0 at once.
type Fate struct {
	Refused         string        // RunTask gives this failure, and there is no task
	Runs            time.Duration // until its end by itself
	Hangs           bool          // it has no end by itself
	Exit            int
	NoExitCode      bool
	StopCode        string // EssentialContainerExited if empty
	StoppedReason   string
	ContainerReason string
	TermExit        int      // exit code after StopTask, at once
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

// Tasks decides what each task will do. The container is called release; its stream is app/release/ID.
func (a *AWS) Tasks(fate func(Launch) Fate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fate = fate
}

// Launches are the tasks that were really started, in their order.
func (a *AWS) Launches() []Launch {
	a.mu.Lock()
	defer a.mu.Unlock()
	var launches []Launch
	for _, task := range a.tasks {
		launches = append(launches, task.Launch)
	}
	return launches
}

// StopReasons are those given to StopTask.
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

// runTask starts one task for a token, as ECS does, and refuses the token for anything else.
func (a *AWS) runTask(body []byte) reply {
	var launch Launch
	if err := json.Unmarshal(body, &launch); err != nil {
		return malformed(err)
	}
	for _, task := range a.tasks {
		if launch.ClientToken == "" || task.Launch.ClientToken != launch.ClientToken || task.Launch.Cluster != launch.Cluster {
			continue
		}
		if fmt.Sprint(task.Launch) != fmt.Sprint(launch) {
			return reply{fault: &Fault{Code: "ConflictException", Message: "the token is in use with a different request"}}
		}
		return reply{value: map[string]any{"tasks": []any{task.describe()}}}
	}
	fate := a.fate(launch)
	if fate.Refused != "" {
		return reply{value: map[string]any{"failures": []any{map[string]string{"reason": fate.Refused}}}}
	}
	id := fmt.Sprintf("%032x", len(a.tasks)+1)
	task := &Task{ARN: "arn:aws:ecs:eu-west-1:111122223333:task/dev/" + id, Launch: launch, fate: fate, started: time.Now()}
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
	told := map[string]any{"taskArn": t.ARN, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "containers": []any{container}}
	if !t.ended() {
		return told
	}
	told["lastStatus"], told["desiredStatus"], container["lastStatus"] = "STOPPED", "STOPPED", "STOPPED"
	if !t.stopped.IsZero() {
		told["stopCode"], told["stoppedReason"], container["exitCode"] = "UserInitiated", t.reason, t.fate.TermExit
		return told
	}
	told["stopCode"], told["stoppedReason"] = "EssentialContainerExited", "Essential container in task exited"
	if t.fate.StopCode != "" {
		told["stopCode"], told["stoppedReason"] = t.fate.StopCode, t.fate.StoppedReason
	}
	if !t.fate.NoExitCode {
		container["exitCode"] = t.fate.Exit
	}
	if t.fate.ContainerReason != "" {
		container["reason"] = t.fate.ContainerReason
	}
	return told
}

func malformed(err error) reply {
	return reply{fault: &Fault{Code: "SerializationException", Message: err.Error()}}
}
