package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judge decides about a stopped task. Exit code 0 of the container that migrates is necessary and not sufficient:
// a program that was told to stop may end with 0 as well, with its work half done.
func judge(task Task, container string) Verdict {
	i := slices.IndexFunc(task.Containers, func(c Container) bool { return c.Name == container })
	if i < 0 {
		return Verdict{
			Problem: fmt.Sprintf("the task has no container %q, only %s", container, names(task.Containers)),
			Remedy:  "correct the gate's property Container.",
		}
	}
	migrator := task.Containers[i]
	if migrator.ExitCode == nil {
		cause := join(task.StopCode, task.StoppedReason, migrator.Reason)
		return Verdict{Problem: "container " + container + " has no exit code" + because(cause), Remedy: remedyFor(cause, noExitCodeRemedy)}
	}
	if code := *migrator.ExitCode; code != 0 {
		cause := join(migrator.Reason, task.StopCode, task.StoppedReason)
		return Verdict{Problem: fmt.Sprintf("container %s exited with code %d%s", container, code, because(cause)), Remedy: exitRemedy(code, cause)}
	}
	if stoppedByOthers(task.StopCode) {
		return Verdict{
			Problem: "container " + container + " exited with code 0 because the task was stopped" + because(join(task.StopCode, task.StoppedReason)),
			Remedy:  "let it run to its own end: " + deployAgain,
		}
	}
	if other := brokenOther(task.Containers, container); other != "" {
		return Verdict{
			Problem: "container " + container + " exited with code 0, but " + other + "; which came first cannot be told",
			Remedy:  "mend that container, then " + deployAgain,
		}
	}
	return Verdict{Success: true, Problem: "container " + container + " exited with code 0"}
}

// stoppedByOthers says that the task did not end by itself.
func stoppedByOthers(stopCode string) bool {
	return slices.Contains([]string{"UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice", "TaskFailedToStart"}, stopCode)
}

// brokenOther names a container beside the migrator that failed by itself, and so may have taken the migrator down
// with it. ECS ends the others with SIGTERM (143) and SIGKILL (137) once the migrator is through: these are no failures.
func brokenOther(containers []Container, migrator string) string {
	for _, c := range containers {
		if c.Name == migrator || c.ExitCode == nil {
			continue
		}
		endedByECS := *c.ExitCode == 0 || (*c.ExitCode == 137 || *c.ExitCode == 143) && !strings.Contains(c.Reason, "OutOfMemory")
		if !endedByECS {
			return fmt.Sprintf("container %s exited with code %d%s", c.Name, *c.ExitCode, because(c.Reason))
		}
	}
	return ""
}

func names(containers []Container) string {
	var all []string
	for _, c := range containers {
		all = append(all, c.Name)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// join leaves out what is empty or said twice.
func join(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" && !slices.Contains(said, part) {
			said = append(said, part)
		}
	}
	return strings.Join(said, ": ")
}

func fmtDeadline(deadline time.Duration) string {
	return fmt.Sprintf("the migration was not through by its deadline of %.0f s", deadline.Seconds())
}
