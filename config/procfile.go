package config

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

// The roles. Any name other than web, scheduler and release is a worker.
const (
	RoleWeb Role = iota
	RoleWorker
	RoleScheduler
	RoleMigration
)

// Process is one line of the Procfile.
type Process struct {
	Name    string   // the word before the colon
	Role    Role     // follows from the name
	Command []string // the words of the command, as the container gets them
}

var (
	processName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,29}$`)
	assignment  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

// reservedConstructIDs are everything else in the services' stack. A process of the same construct id would end in a stack
// trace. A test compares them with a stack that has every option on.
var reservedConstructIDs = []string{
	"LoadBalancer", "Cluster", "Image", "ProxyImage", "AlarmTopic", "Alarms", "Queries", "Dashboard", "ScheduledTasks", "Redeploy",
	"Admin", "Gate", "Url", "RunCommand", "MigrateCommand", "ShellCommand", // outputs
	"BootstrapVersion", "CheckBootstrapVersion", "Default", "Resource", // the construct library's own
}

// ConstructID returns the id of the process's construct: worker-mail becomes WorkerMail. Different names can have the same id;
// ParseProcfile refuses such pairs.
func (p Process) ConstructID() string {
	var id strings.Builder
	for _, word := range strings.Split(p.Name, "-") {
		if word != "" {
			id.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return id.String()
}

// ParseProcfile reads the processes of an app. It reports all problems at once, each with its line. Only the web line is
// required; an app without a release line deploys without a migration gate.
func ParseProcfile(procfile string) ([]Process, error) {
	var processes []Process
	var problems []error
	first := map[string]int{} // line by construct id
	for i, line := range strings.Split(procfile, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		process, err := parseLine(line)
		if other := first[process.ConstructID()]; err == nil && other > 0 {
			err = fmt.Errorf("name %q gets the same id in the templates as the name on line %d, %s; choose another",
				process.Name, other, process.ConstructID())
			if slices.ContainsFunc(processes, func(p Process) bool { return p.Name == process.Name }) {
				err = fmt.Errorf("%q is already on line %d; remove one", process.Name, other)
			}
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("line %d of the Procfile: %w", i+1, err))
			continue
		}
		first[process.ConstructID()] = i + 1
		processes = append(processes, process)
	}
	if !slices.ContainsFunc(processes, func(p Process) bool { return p.Role == RoleWeb }) && len(problems) == 0 {
		problems = append(problems,
			errors.New("the Procfile has no \"web\" line; add `web: COMMAND`, the process behind the load balancer"))
	}
	return processes, errors.Join(problems...)
}

func parseLine(line string) (Process, error) {
	name, command, ok := strings.Cut(line, ":")
	process := Process{Name: strings.TrimSpace(name)}
	process.Role = role(process.Name)
	if !ok {
		return Process{}, fmt.Errorf("%q has no colon; write `name: command`", line)
	}
	if err := checkName(process); err != nil {
		return Process{}, err
	}
	words, err := shlex.Split(command)
	if err != nil {
		return Process{}, fmt.Errorf("command of %q: %w; close the quote", process.Name, err)
	}
	if len(words) == 0 {
		return Process{}, fmt.Errorf("%q has no command; write `%s: COMMAND`", process.Name, process.Name)
	}
	if slices.Contains(words, "") {
		return Process{}, fmt.Errorf("command of %q has an empty word; remove the empty quotes", process.Name)
	}
	if assignment.MatchString(words[0]) {
		return Process{}, fmt.Errorf("command of %q begins with %q, a shell's assignment; "+
			"put the variable into Settings of config/environments.go", process.Name, words[0])
	}
	if found := shellSyntax(command, words); found != "" {
		return Process{}, fmt.Errorf("command of %q contains %q, which only a shell understands, and the command runs without one; "+
			"write `sh -c 'exec ...'` if the image has a shell (exec, so that SIGTERM reaches the program), or move it into the app",
			process.Name, found)
	}
	for _, word := range append([]string{command}, words...) {
		if limit := unfit(word); limit != "" {
			return Process{}, fmt.Errorf("command of %q has %.200q: %s; move it into the app", process.Name, word, limit)
		}
	}
	process.Command = words
	return process, nil
}

func checkName(process Process) error {
	if !processName.MatchString(process.Name) {
		return fmt.Errorf("name %q is not allowed; use 1 to 30 of a-z, 0-9 and -, starting with a letter", process.Name)
	}
	if slices.Contains(reservedConstructIDs, process.ConstructID()) {
		return fmt.Errorf("name %q is taken: Dozen has a part of this name; choose another", process.Name)
	}
	return nil
}

func role(name string) Role {
	switch name {
	case "web":
		return RoleWeb
	case "scheduler":
		return RoleScheduler
	case "release":
		return RoleMigration
	}
	return RoleWorker
}

// shellSyntax returns the first sign in a command that would reach the program as a literal word although the author meant a
// shell to act on it, or "".
func shellSyntax(command string, words []string) string {
	if len(words) >= 3 && strings.HasSuffix(words[0], "sh") && words[1] == "-c" {
		return ""
	}
	var quote byte
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case c == '\\' && quote != '\'':
			i++ // the next character is literal
		case c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case strings.IndexByte("$`", c) >= 0 && quote != '\'', // a shell acts on these within double quotes, too
			strings.IndexByte("|;><", c) >= 0 && quote == 0:
			return string(c)
		case quote == 0 && strings.HasPrefix(command[i:], "&&"):
			return "&&"
		}
	}
	return ""
}
