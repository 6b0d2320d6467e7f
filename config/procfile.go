package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Role is what the infrastructure makes of a line of the Procfile.
type Role int

// The roles. Any name other than web, release, scheduler and scheduler's other names (clock, beat, cron) is a worker.
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
	Shell   string   // what in its line needs a shell, such as $PORT; "" if the command is the line's own words
}

var processName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,29}$`)

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
		if err == nil {
			err = onlyScheduler(process, processes)
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

// onlyScheduler returns an error for a second scheduler: two of them would run every job twice.
func onlyScheduler(process Process, before []Process) error {
	i := slices.IndexFunc(before, func(p Process) bool { return p.Role == RoleScheduler })
	if process.Role != RoleScheduler || i < 0 {
		return nil
	}
	return fmt.Errorf("%q is a scheduler, and so is %q: an app has one, with exactly one task; remove one, or give it another name, "+
		"which makes it a worker", process.Name, before[i].Name)
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
	command = strings.TrimSpace(command)
	if limit := unfit(command); limit != "" {
		return Process{}, fmt.Errorf("command of %q has %.200q: %s; move it into the app", process.Name, command, limit)
	}
	read, err := readCommandLine(command)
	if err != nil {
		return Process{}, fmt.Errorf("command of %q: %w", process.Name, err)
	}
	if len(read.words) == 0 {
		return Process{}, fmt.Errorf("%q has no command; write `%s: COMMAND`", process.Name, process.Name)
	}
	for _, word := range read.words {
		if limit := unfit(word); limit != "" {
			return Process{}, fmt.Errorf("command of %q has %.200q: %s; move it into the app", process.Name, word, limit)
		}
	}
	process.Command, process.Shell = read.words, read.shell
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
	case "scheduler", "clock", "beat", "cron": // the names that Heroku's, Celery's and other guides use
		return RoleScheduler
	case "release":
		return RoleMigration
	}
	return RoleWorker
}
