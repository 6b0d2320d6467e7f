package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// image is what an app's Dockerfile says about the image that is built from it.
type image struct {
	file  string // as messages name it, such as app/Dockerfile
	files fs.FS  // the build's context
	Build
	dockerfile
	chain []stage // of the target
}

// checkDockerfile compares a Dockerfile with docs/contract.md. What would fail on AWS is an error, what may fail is a warning.
func (a App) checkDockerfile(text string, files fs.FS) (warnings []string, err error) {
	i := image{a.at(a.dockerfile()), files, a.Build, readDockerfile(text), nil}
	if len(i.stages) == 0 {
		return nil, fmt.Errorf("%s has no FROM, so it builds no image; see docs/bring-your-own-app.md", i.file)
	}
	if i.chain = i.dockerfile.chain(a.Target); i.chain == nil {
		return nil, fmt.Errorf("Build.Target is %q: %s has no such stage, %s; correct it, or leave it empty for the last stage",
			a.Target, i.file, i.names())
	}
	var problems []error
	note := func(warning string, err error) {
		if warning != "" {
			warnings = append(warnings, warning)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	note(i.checkPlatform())
	note(i.checkEntryPoint())
	note(i.checkShell(a.Processes))
	note(i.checkTemporary(), nil)
	note(i.checkArguments(), nil)
	return warnings, errors.Join(problems...)
}

// last returns the last of these instructions in the image.
func (i image) last(name string) (found instruction, ok bool) {
	for _, s := range i.chain {
		for _, step := range s.steps {
			if step.name == name {
				found, ok = step, true
			}
		}
	}
	return found, ok
}

// at says where an instruction is.
func (i image) at(step instruction) string {
	return fmt.Sprintf("%s:%d: %.200s", i.file, step.line, step)
}

// checkPlatform refuses an image for another processor than that of the tasks: they would end with "exec format error".
func (i image) checkPlatform() (warning string, err error) {
	for _, s := range i.chain {
		platform := i.expand(s.platform, i.Args)
		switch {
		case platform == "" || platform == "linux/arm64" || strings.HasPrefix(platform, "linux/arm64/"):
		case strings.Contains(platform, "$"):
			warning = fmt.Sprintf("%s: the image is built for the machine that builds it, and tasks run on linux/arm64. Remove --platform.",
				i.at(s.instruction))
		default:
			err = fmt.Errorf("%s: the image is for %s, and tasks run on linux/arm64, where it cannot start; remove --platform",
				i.at(s.instruction), platform)
		}
	}
	return warning, err
}

// inits run their arguments, and pass signals on.
var inits = []string{"tini", "dumb-init", "catatonit", "docker-init", "env"}

var passesArguments = regexp.MustCompile(`"?\$(@|\{@\}|\*)"?`)

// checkEntryPoint refuses an ENTRYPOINT that does not run the command of a process: the task definition's command is not run
// then, but given to it as arguments.
func (i image) checkEntryPoint() (warning string, err error) {
	entry, ok := i.last("ENTRYPOINT")
	words, isJSON := entry.words()
	if !ok || isJSON && len(words) == 0 {
		return "", nil
	}
	program := path.Base(append(words, "")[0])
	remedy := "remove the line, or let it be a script that ends with exec \"$@\""
	switch script, found := i.script(append(words, "")[0]); {
	case !isJSON:
		return "", fmt.Errorf("%s: without brackets, every process runs this and not its line of the Procfile; %s", i.at(entry), remedy)
	case slices.Contains(inits, program), found && passesArguments.MatchString(script):
		return "", nil
	case !found && (strings.Contains(program, "entrypoint") || strings.HasSuffix(program, ".sh")):
		return fmt.Sprintf("%s: this script must end with exec \"$@\", or no process runs its line of the Procfile.", i.at(entry)), nil
	}
	return "", fmt.Errorf("%s: it gets the words of the Procfile's lines as arguments, instead of their being run; %s",
		i.at(entry), remedy)
}

// script returns the text of a program in the image, if it is a file of the app, which lies there under a longer or another path.
func (i image) script(program string) (text string, found bool) {
	for name := strings.TrimPrefix(path.Clean("/"+program), "/"); name != ""; {
		if data, err := fs.ReadFile(i.files, name); err == nil {
			return string(data), true
		}
		_, name, _ = strings.Cut(name, "/")
	}
	return "", false
}

// checkShell refuses a process that needs a shell where the image cannot have one.
func (i image) checkShell(processes []Process) (warning string, err error) {
	base := i.expand(i.chain[0].base, i.Args)
	if base != "scratch" && (!strings.Contains(base, "distroless") || strings.Contains(base, "debug")) {
		return "", nil
	}
	var lines []string
	for _, p := range processes {
		if p.Shell != "" {
			lines = append(lines, fmt.Sprintf("%s has %s", p.Name, p.Shell))
		}
	}
	if len(lines) == 0 {
		return "", nil
	}
	needs := fmt.Sprintf("%s has no shell of its own, and lines of the Procfile need one: %s", i.at(i.chain[0].instruction), listed(lines))
	const remedy = "write the lines without it, in single quotes if it is meant literally, or take a base image with /bin/sh"
	if i.mayCopyShell() {
		return needs + ". If no COPY brings /bin/sh, " + remedy + ".", nil
	}
	return "", fmt.Errorf("%s; %s", needs, remedy)
}

var shells = []string{"sh", "bash", "dash", "ash", "busybox"}

// mayCopyShell reports whether one of the image's files may be a shell.
func (i image) mayCopyShell() bool {
	for _, s := range i.chain {
		for _, step := range s.steps {
			words, _ := step.words()
			if step.name != "ADD" && step.name != "COPY" || len(words) < 2 {
				continue
			}
			to := path.Clean(words[len(words)-1])
			if slices.Contains([]string{"/", "/bin", "/usr", "/usr/bin", "."}, to) || slices.ContainsFunc(words, func(word string) bool {
				return slices.Contains(shells, path.Base(word))
			}) {
				return true
			}
		}
	}
	return false
}

// checkTemporary warns where processes cannot write to /tmp: Fargate's volumes belong to root, unless the image declares the
// volume, whose owner and mode they then take. A base image may declare it. Source: "Use bind mounts with Amazon ECS" in the ECS
// guide.
func (i image) checkTemporary() (warning string) {
	for _, s := range i.chain {
		for _, step := range s.steps {
			if words, _ := step.words(); step.name == "VOLUME" && slices.Contains(words, "/tmp") {
				return ""
			}
		}
	}
	return fmt.Sprintf("%s: the image declares no VOLUME /tmp. Its root file system is read-only, and without the line /tmp belongs "+
		"to root on Fargate: a process that writes a temporary file fails. Write `VOLUME /tmp` at the end.",
		i.at(i.chain[len(i.chain)-1].instruction))
}

// checkArguments warns of an argument that the Dockerfile does not know: a misspelt one has no effect.
func (i image) checkArguments() (warning string) {
	known := map[string]bool{}
	for name := range i.arguments {
		known[name] = true
	}
	for _, s := range i.stages {
		for _, step := range s.steps {
			if words, _ := step.words(); step.name == "ARG" {
				for _, word := range words {
					name, _, _ := strings.Cut(word, "=")
					known[name] = true
				}
			}
		}
	}
	var unknown []string
	for name := range i.Args {
		if !known[name] && !slices.Contains(predefined, strings.ToUpper(name)) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return ""
	}
	slices.Sort(unknown)
	return fmt.Sprintf("Build.Args has %s, for which %s has no ARG: it has no effect.", listed(unknown), i.file)
}

// predefined arguments need no ARG. Source: "Predefined ARGs" in Dockerfile reference.
var predefined = []string{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"}
