package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// commandLine is the command of a Procfile's line, as a POSIX shell reads it.
type commandLine struct {
	words []string // as the container gets them
	shell string   // what only a shell understands in it, such as $PORT; "" if no shell is needed
}

// shellOnly are the commands that act on the shell itself: no program of that name does the same. A shell is needed for them, and
// exec cannot replace it. What else shells have built in is a program as well; see brief.
var shellOnly = []string{
	".", ":", "alias", "bg", "break", "cd", "command", "continue", "eval", "exec", "exit", "export", "fg", "getopts", "hash",
	"jobs", "local", "read", "readonly", "return", "set", "shift", "source", "time", "times", "trap", "type", "ulimit", "umask",
	"unalias", "unset", "wait",
}

// brief are programs that end at once: at the end of a list, they are not what lasts.
var brief = []string{"[", "echo", "false", "kill", "printf", "pwd", "test", "true"}

// readCommandLine reads a command as `sh -c` would. If a shell would only split it into words, the container gets the words, and
// the image needs no shell. Otherwise it gets a shell with the line, changed so that SIGTERM reaches the program and not only the
// shell:
//
//	app --port $PORT     sh -c 'exec app --port $PORT'
//	A=1 app >log         sh -c 'A=1 exec app >log'
//	cd web && npm start  sh -c 'cd web && exec npm start'
//	app | tee log        sh -c '...', which passes SIGTERM on, see passingOn
//
// In a list such as cd web && npm start, SIGTERM reaches the last command only. During an earlier one it ends the shell, and with it
// the task. A line with a trap of its own is left as it is.
func readCommandLine(line string) (commandLine, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(line), "")
	if err != nil {
		return commandLine{}, shellProblem(err)
	}
	if len(file.Stmts) == 0 {
		return commandLine{}, nil
	}
	words, needs := plainWords(file)
	if needs == "" {
		return commandLine{words: words}, nil
	}
	var names []string
	splits := false // into processes that run at the same time, or into functions
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Stmt:
			splits = splits || node.Background || node.Coprocess
		case *syntax.FuncDecl:
			splits = true
		case *syntax.CallExpr:
			names = append(names, programOf(node))
		}
		return true
	})
	last := lastCommand(file.Stmts)
	switch {
	case slices.Contains(names, "trap"):
	case splits || last == nil:
		line = passingOn(line, file)
	case programOf(last) == "":
		return commandLine{}, errors.New("an empty word is not a program; remove the empty quotes")
	case programOf(last) != "exec":
		at := last.Args[0].Pos().Offset()
		line = line[:at] + "exec " + line[at:]
	}
	return commandLine{[]string{"sh", "-c", line}, needs}, nil
}

// passingOn returns a script for a line in which no program can replace the shell, such as a pipe. The shell passes SIGTERM on to
// all of the line's processes, as Heroku sends it to all processes of a dyno, and waits for them; the exit code is the line's. The
// processes are the shell's process group: the init process of a container starts the shell in a group of its own. In a pipe, only
// the first command gets SIGTERM. The others would break the pipe into which it writes its last lines, and end when it has ended.
func passingOn(line string, file *syntax.File) string {
	inserts := map[uint]string{}
	syntax.Walk(file, func(node syntax.Node) bool {
		if pipe, is := node.(*syntax.BinaryCmd); is && (pipe.Op == syntax.Pipe || pipe.Op == syntax.PipeAll) {
			inserts[pipe.Y.Pos().Offset()] += "{ trap '' TERM; "
			inserts[pipe.Y.End().Offset()] += "\n}"
		}
		return true
	})
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(inserts))) {
		line = line[:at] + inserts[at] + line[at:]
	}
	return "trap 'set 1; trap : TERM; kill 0' TERM; { trap 'wait; exit' TERM; " + line +
		"\n} & wait $!; set -- $? $1; [ -z \"$2\" ] || { wait $!; set -- $?; }; exit $1"
}

// lastCommand returns the simple command with which a list ends, if exec can replace the shell by it; otherwise nil. Then the list
// has the exit code of that command, or of an earlier one that failed. Behind || there is nothing that lasts: what lasts is before it.
func lastCommand(statements []*syntax.Stmt) *syntax.CallExpr {
	last := statements[len(statements)-1]
	if last.Negated {
		return nil
	}
	switch command := last.Cmd.(type) {
	case *syntax.CallExpr:
		name := programOf(command)
		if len(command.Args) == 0 || name != "exec" && slices.Contains(shellOnly, name) || slices.Contains(brief, name) {
			return nil
		}
		return command
	case *syntax.BinaryCmd:
		if command.Op == syntax.AndStmt {
			return lastCommand([]*syntax.Stmt{command.Y})
		}
	}
	return nil
}

// plainWords returns the words of a line that a shell only splits into words; otherwise it returns what needs the shell.
func plainWords(file *syntax.File) (words []string, needs string) {
	first := file.Stmts[0]
	command, simple := first.Cmd.(*syntax.CallExpr)
	switch {
	case len(file.Stmts) > 1 && !first.Background:
		return nil, ";"
	case first.Background, first.Coprocess:
		return nil, "&"
	case first.Negated:
		return nil, "!"
	case len(first.Redirs) > 0:
		return nil, first.Redirs[0].Op.String()
	case !simple:
		if binary, is := first.Cmd.(*syntax.BinaryCmd); is {
			return nil, binary.Op.String()
		}
		return nil, "a compound command"
	case len(command.Assigns) > 0:
		return nil, command.Assigns[0].Name.Value + "="
	}
	for _, word := range command.Args {
		text, special := literal(word)
		if special == "" && text == "" {
			special = "an empty word" // which a task definition does not accept
		}
		if special != "" {
			return nil, special
		}
		words = append(words, text)
	}
	if slices.Contains(shellOnly, words[0]) {
		return nil, words[0]
	}
	return words, ""
}

// shellProblem says where a line cannot be read, in characters from its beginning.
func shellProblem(err error) error {
	var at syntax.Pos
	text := err.Error()
	var broken syntax.ParseError
	var foreign syntax.LangError
	switch {
	case errors.As(err, &broken):
		at, text = broken.Pos, broken.Text
	case errors.As(err, &foreign):
		return fmt.Errorf("at character %d: %s is a feature of other shells, and the line runs by `sh`; write `bash -c '...'` if the "+
			"image has it, or move it into the app", foreign.Pos.Col(), foreign.Feature)
	}
	return fmt.Errorf("at character %d: %s; correct it, or put quotes around what is meant literally", at.Col(), text)
}
