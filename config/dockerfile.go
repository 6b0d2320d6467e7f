package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dockerfile is a Dockerfile's text, as far as it can be understood without building it: base images may add to it.
type dockerfile struct {
	arguments map[string]string // ARG before the first FROM
	stages    []stage
}

// stage is one FROM and what follows it.
type stage struct {
	instruction        // FROM itself
	base        string // image, or name of an earlier stage
	platform    string // of --platform, "" without it
	name        string // of AS, "" without it
	steps       []instruction
}

// instruction is one instruction with its continuation lines.
type instruction struct {
	line      int // of its beginning, from 1
	name      string
	arguments string
}

func (i instruction) String() string { return strings.TrimSpace(i.name + " " + i.arguments) }

// words returns the arguments: those of the JSON form, or those of the other form, whose flags are left out.
func (i instruction) words() (words []string, isJSON bool) {
	if json.Unmarshal([]byte(i.arguments), &words) == nil && strings.HasPrefix(i.arguments, "[") {
		return words, true
	}
	words = strings.Fields(i.arguments)
	return slices.DeleteFunc(words, func(word string) bool { return strings.HasPrefix(word, "--") }), false
}

var (
	escapeDirective = regexp.MustCompile(`(?i)^#\s*escape\s*=\s*` + "([\\\\`])" + `\s*$`)
	otherDirective  = regexp.MustCompile(`^#\s*[A-Za-z]+\s*=`)
	heredoc         = regexp.MustCompile(`<<(-?)["']?([A-Za-z_][A-Za-z0-9_]*)["']?`)
	flag            = regexp.MustCompile(`^--([a-z]+)=(\S+)$`)
)

// readDockerfile reads the instructions of a Dockerfile. It does not know which ones exist: the build does.
func readDockerfile(text string) dockerfile {
	d := dockerfile{arguments: map[string]string{}}
	for _, i := range instructions(text) {
		words, _ := i.words()
		switch {
		case i.name == "FROM":
			d.stages = append(d.stages, readStage(i, words))
		case len(d.stages) > 0:
			last := &d.stages[len(d.stages)-1]
			last.steps = append(last.steps, i)
		case i.name == "ARG":
			for _, word := range words {
				name, value, _ := strings.Cut(word, "=")
				d.arguments[name] = strings.Trim(value, `"'`)
			}
		}
	}
	return d
}

func readStage(i instruction, words []string) stage {
	s := stage{instruction: i}
	for _, word := range strings.Fields(i.arguments) {
		if found := flag.FindStringSubmatch(word); found != nil && found[1] == "platform" {
			s.platform = found[2]
		}
	}
	if len(words) > 0 {
		s.base = words[0]
	}
	if len(words) == 3 && strings.EqualFold(words[1], "as") {
		s.name = words[2]
	}
	return s
}

// instructions joins continuation lines, and drops comments and the contents of heredocs.
func instructions(text string) []instruction {
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	escape := `\`
	for _, line := range lines {
		if found := escapeDirective.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
			escape = found[1]
		} else if !otherDirective.MatchString(line) {
			break
		}
	}
	var all []instruction
	var words strings.Builder
	begins := 0 // line of the instruction that goes on, 0 if none does
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "#") {
			continue // also between continuation lines
		}
		if begins == 0 {
			begins = i + 1
		}
		part, continues := strings.CutSuffix(line, escape)
		words.WriteString(part + " ")
		if continues && i+1 < len(lines) {
			continue
		}
		name, arguments, _ := strings.Cut(strings.TrimSpace(words.String()), " ")
		read := instruction{begins, strings.ToUpper(name), strings.TrimSpace(arguments)}
		all = append(all, read)
		words.Reset()
		begins = 0
		if slices.Contains([]string{"RUN", "COPY", "ADD"}, read.name) {
			i = afterHeredocs(lines, i, read.arguments)
		}
	}
	return all
}

// afterHeredocs returns the last line of the heredocs that begin in an instruction's arguments, or line if none does.
func afterHeredocs(lines []string, line int, arguments string) int {
	for _, found := range heredoc.FindAllStringSubmatch(arguments, -1) {
		for line++; line < len(lines); line++ {
			text := strings.TrimSuffix(lines[line], "\r")
			if found[1] == "-" {
				text = strings.TrimLeft(text, "\t")
			}
			if text == found[2] {
				break
			}
		}
	}
	return line
}

// chain returns the stages that the image of a target consists of: the target, or the last stage if it is empty, after the
// stages that it is based on. Other stages only build files. It returns nil if there is no such stage.
func (d dockerfile) chain(target string) []stage {
	at := len(d.stages) - 1
	if target != "" {
		at = d.find(target, len(d.stages))
		if number, err := strconv.Atoi(target); err == nil && number >= 0 && number < len(d.stages) {
			at = number
		}
	}
	var chain []stage
	for at >= 0 {
		chain = append([]stage{d.stages[at]}, chain...)
		at = d.find(d.stages[at].base, at)
	}
	return chain
}

// find returns the last stage of a name before a position, -1 if there is none.
func (d dockerfile) find(name string, before int) int {
	for i := before - 1; i >= 0; i-- {
		if strings.EqualFold(d.stages[i].name, name) && name != "" {
			return i
		}
	}
	return -1
}

// names lists the stages that have a name, for messages.
func (d dockerfile) names() string {
	var names []string
	for _, s := range d.stages {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		return "none of its stages has a name"
	}
	return fmt.Sprintf("its stages are %s", listed(names))
}

var argumentForm = regexp.MustCompile(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\})`)

// expand replaces the variables of a FROM line by the build's arguments, the Dockerfile's defaults, and the platform that is built
// for. Variables without a value stay.
func (d dockerfile) expand(text string, given map[string]string) string {
	return argumentForm.ReplaceAllStringFunc(text, func(variable string) string {
		parts := argumentForm.FindStringSubmatch(variable)
		name := parts[1] + parts[2]
		for _, values := range []map[string]string{given, d.arguments, targetPlatform} {
			if values[name] != "" {
				return values[name]
			}
		}
		if parts[3] != "" {
			return parts[3]
		}
		return variable
	})
}

// targetPlatform are the arguments that the build itself sets for the platform of the tasks.
var targetPlatform = map[string]string{"TARGETPLATFORM": "linux/arm64", "TARGETOS": "linux", "TARGETARCH": "arm64"}
