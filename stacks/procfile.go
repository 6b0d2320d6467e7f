package stacks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/shlex"
)

// Role is what the infrastructure makes of a line of the Procfile.
type Role int

// The roles. Any name that is not web, scheduler or release is a worker.
const (
	RoleWeb Role = iota
	RoleWorker
	RoleScheduler
	RoleRelease
)

// Process is one line of the Procfile.
type Process struct {
	Name    string   // as before the colon
	Role    Role     // follows from the name
	Command []string // the words of the command, as the container gets them
}

var (
	processName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,29}$`)
	// parts are the constructs beside the processes in ServicesStack; two of one name would end in a stack trace.
	parts        = []string{"LoadBalancer", "Cluster", "Image", "AlarmTopic", "Alarms", "Queries", "Dashboard", "ScheduledTasks", "Redeploy"}
	reservedName = map[string]string{"admin": "Dozen makes the task definition for one-off commands under this name", "gate": "Dozen's migration gate has this name"}
)

// ParseProcfile reads the process types of an app. It returns all mistakes at once, each with its line. Only the web line is
// required; an app without a release line deploys without a migration gate.
func ParseProcfile(text string) ([]Process, error) {
	var processes []Process
	var problems []error
	seen := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		process, err := parseLine(line)
		if first, twice := seen[process.Name]; err == nil && twice {
			err = fmt.Errorf("%q stands on line %d already; remove one", process.Name, first)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("line %d of the Procfile: %w", i+1, err))
			continue
		}
		seen[process.Name] = i + 1
		processes = append(processes, process)
	}
	if _, ok := seen["web"]; !ok && len(problems) == 0 {
		problems = append(problems, errors.New("no \"web\" line in the Procfile; add `web: COMMAND`, the process behind the load balancer"))
	}
	return processes, errors.Join(problems...)
}

func parseLine(line string) (Process, error) {
	name, command, ok := strings.Cut(line, ":")
	name = strings.TrimSpace(name)
	if !ok {
		return Process{}, fmt.Errorf("%q has no colon; write `name: command`", line)
	}
	if !processName.MatchString(name) {
		return Process{}, fmt.Errorf("name %q; use 1 to 30 of a-z, 0-9 and -, beginning with a letter", name)
	}
	if slices.Contains(parts, title(name)) {
		return Process{}, fmt.Errorf("name %q is taken: Dozen has a part of this name beside the processes; choose another", name)
	}
	if why, ok := reservedName[name]; ok {
		return Process{}, fmt.Errorf("name %q is taken: %s; choose another", name, why)
	}
	words, err := shlex.Split(command)
	if err != nil {
		return Process{}, fmt.Errorf("command of %q: %w; close the quote", name, err)
	}
	if len(words) == 0 {
		return Process{}, fmt.Errorf("%q has no command; write `%s: COMMAND`", name, name)
	}
	if bad := shellOnly(command, words); bad != "" {
		return Process{}, fmt.Errorf("command of %q has %q, which only a shell understands, and none runs it; write `sh -c '...'` if the image has a shell, or move it into the app", name, bad)
	}
	return Process{Name: name, Role: role(name), Command: words}, nil
}

func role(name string) Role {
	switch name {
	case "web":
		return RoleWeb
	case "scheduler":
		return RoleScheduler
	case "release":
		return RoleRelease
	}
	return RoleWorker
}

// shellOnly finds what would reach the program as a literal word although the author meant a shell to act on it.
func shellOnly(command string, words []string) string {
	if len(words) >= 3 && strings.HasSuffix(words[0], "sh") && words[1] == "-c" {
		return ""
	}
	for _, sign := range []string{"|", "&&", ";", ">", "<", "$", "`"} {
		if strings.Contains(command, sign) {
			return sign
		}
	}
	return ""
}
