package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judge decides about a stopped task. Exit code 0 of the migration's container is necessary but not sufficient: a
// program that was told to stop may also exit with 0, with its work half done.
func judge(task Task, container string) Verdict {
	i := slices.IndexFunc(task.Containers, func(c Container) bool { return c.Name == container })
	if i < 0 {
		return Verdict{
			Problem: fmt.Sprintf("the task has no container %q; its containers are: %s",
				container, names(task.Containers)),
			Remedy: "correct the gate's property " + PropertyContainer + ".",
		}
	}
	migration := task.Containers[i]
	if migration.ExitCode == nil {
		cause := join(task.StopCode, task.StoppedReason, migration.Reason)
		return Verdict{
			Problem: "container " + container + " has no exit code" + because(cause),
			Remedy:  remedyFor(cause, noExitCodeRemedy),
		}
	}
	if code := *migration.ExitCode; code != 0 {
		cause := join(migration.Reason, task.StopCode, task.StoppedReason)
		return Verdict{
			Problem: fmt.Sprintf("container %s exited with code %d%s", container, code, because(cause)),
			Remedy:  exitRemedy(code, cause),
		}
	}
	if stoppedByOthers(task.StopCode) {
		return Verdict{
			Problem: "container " + container + " exited with code 0 because the task was stopped" +
				because(join(task.StopCode, task.StoppedReason)),
			Remedy: "deploy again, and let the task run to its own end.",
		}
	}
	if sidecar := failedSidecar(task.Containers, container); sidecar != "" {
		return Verdict{
			Problem: "container " + container + " exited with code 0, but " + sidecar +
				", and this may have ended the migration early",
			Remedy: "fix that container, then " + deployAgain,
		}
	}
	return Verdict{Success: true, Problem: "container " + container + " exited with code 0"}
}

// stoppedByOthers reports whether the task did not end by itself.
func stoppedByOthers(stopCode string) bool {
	switch stopCode {
	case "UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice", "TaskFailedToStart":
		return true
	}
	return false
}

// failedSidecar describes a container next to the migration's that failed by itself, and so may have ended the
// migration too. ECS ends the others with SIGTERM (143) and SIGKILL (137) when the migration is complete: these are not
// failures.
func failedSidecar(containers []Container, migration string) string {
	for _, c := range containers {
		if c.Name == migration || c.ExitCode == nil {
			continue
		}
		code := *c.ExitCode
		endedByECS := (code == 137 || code == 143) && !strings.Contains(c.Reason, "OutOfMemory")
		if code != 0 && !endedByECS {
			return fmt.Sprintf("container %s exited with code %d%s", c.Name, code, because(c.Reason))
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

// join leaves out empty parts and repetitions.
func join(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" && !slices.Contains(kept, part) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ": ")
}

func deadlineProblem(deadline time.Duration) string {
	return fmt.Sprintf("the migration did not finish by its deadline of %.0f s", deadline.Seconds())
}
