package config

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestMain makes the test binary a program of command lines, under the name probe.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "probe" {
		os.Exit(probe(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// probe prints its arguments and variables. With "fail" it fails; with "serve" it waits for SIGTERM, and needs a moment to end.
func probe(words []string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	var environ []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"_", "SHLVL", "PWD", "OLDPWD"}, name) { // which shells set, or not
			environ = append(environ, variable)
		}
	}
	slices.Sort(environ)
	text, _ := json.Marshal([]any{words, environ})
	_, _ = fmt.Fprintf(os.Stdout, "%s\n", text)
	if slices.Contains(words, "fail") {
		return 3
	}
	if slices.Contains(words, "serve") {
		select {
		case <-stop:
			time.Sleep(200 * time.Millisecond) // as a server that lets requests finish
			fmt.Fprintln(os.Stderr, "finished")
		case <-time.After(time.Minute):
		}
	}
	return 0
}

// program returns a directory with probe, and some files for patterns.
func program(t *testing.T) string {
	directory := t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(directory, "probe"))
	}
	for _, name := range []string{"one.txt", "two.txt"} {
		if err == nil {
			err = os.WriteFile(filepath.Join(directory, name), nil, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// shellsHere are the shells of this machine that may be an image's sh.
func shellsHere(t *testing.T) []string {
	var found []string
	for _, name := range []string{"dash", "bash", "busybox"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		t.Skip("neither dash nor bash is installed")
	}
	return found
}

// run prepares a command as a container runs it, with one of the shells as its sh.
func run(ctx context.Context, directory, shell string, words []string) *exec.Cmd {
	path := filepath.Join(directory, words[0])
	if words[0] == "sh" {
		path = shell
	}
	cmd := exec.CommandContext(ctx, path, words[1:]...)
	cmd.Args[0] = words[0]
	cmd.Dir = directory
	cmd.Env = []string{"PATH=" + directory + ":/usr/bin:/bin", "PORT=8080", "HOME=/home/app", "EMPTY=", "TWO=a b", "OPTIONS=-x 'y z'"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	return cmd
}

// complaint is what a shell says of a missing program. Each words it in another way, and again if exec looks for it.
var complaint = regexp.MustCompile(`(?m)^sh: (?:line )?(?:\d+: )?(?:exec: )?(.*?): (?:command )?not found$`)

// Prevents: a line of Heroku's that does something else here than there.
func TestCommandLinesMeanWhatTheyMeanToAShell(t *testing.T) {
	directory, shells := program(t), shellsHere(t)
	plain, shelled := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		line := lines().Filter(func(line string) bool { return !strings.Contains(line, "$$") }).Draw(r, "line") // a shell's own number
		read, err := readCommandLine(line)
		if err != nil {
			r.Fatalf("%s: %v", line, err)
		}
		if read.shell == "" {
			plain++
		} else {
			shelled++
		}
		shell := rapid.SampledFrom(shells).Draw(r, "shell")
		result := func(words []string) string {
			cmd := run(t.Context(), directory, shell, words)
			out, _ := cmd.Output()
			printed := strings.Split(complaint.ReplaceAllString(string(out), "sh: $1: not found"), "\n")
			slices.Sort(printed) // those of a pipe run at the same time
			return fmt.Sprintf("%s\nexit code %d", strings.Join(printed, "\n"), cmd.ProcessState.ExitCode())
		}
		if got, want := result(read.words), result([]string{"sh", "-c", line}); got != want {
			r.Fatalf("%s\nruns as %q, which gives\n%s\nwant\n%s", line, read.words, got, want)
		}
	})
	if plain < 10 || shelled < 10 {
		t.Errorf("%d lines were words, %d needed a shell", plain, shelled)
	}
}

// lines generates command lines of a Procfile.
func lines() *rapid.Generator[string] {
	plain := rapid.SampledFrom([]string{"web", "--port", "8080", "a=b", "'two words'", `"two words"`, `a\ b`, `'$PORT'`, `"\$PORT"`, `\*`, "a#b"})
	piece := rapid.SampledFrom([]string{
		"web", "--port", "=", "a#b", "%", "ü", "fail", "x=y", "@", "a,b", ":", "]", "}", "^",
		"'two words'", "'$PORT'", "''", `"two words"`, `"a\b"`, `"\$PORT"`, `"\""`, `""`, `\$`, `a\ b`, `\\`, "\\'", `\*`,
		"$PORT", `"$PORT"`, "${PORT:-5}", "$EMPTY", `"$EMPTY"`, "$TWO", `"$TWO"`, "$OPTIONS", "$", "$UNKNOWN", "$(probe inner)", "$((1 + 2))",
		"*.txt", "'*.txt'", "?ne.txt", "[ot]*", "*.none", "~", "~/x", "a~", "{a,b}", "{1..2}", "!",
	})
	joined := func(pieces []string) string { return strings.Join(pieces, "") }
	word := rapid.OneOf(plain, rapid.Map(rapid.SliceOfN(piece, 1, 3), joined))
	simple := rapid.Custom(func(t *rapid.T) string {
		words := []string{"probe"}
		if rapid.IntRange(0, 3).Draw(t, "assigns") == 0 {
			words = append([]string{"A=" + word.Draw(t, "value"), "B=$A"}, words...)
		}
		words = append(words, rapid.SliceOfN(word, 0, 4).Draw(t, "words")...)
		return strings.Join(append(words, rapid.SampledFrom([]string{"", "", "", "2>&1", "2>/dev/null", "# end"}).Draw(t, "redirection")), " ")
	})
	return rapid.Custom(func(t *rapid.T) string {
		form := rapid.SampledFrom([]string{
			"%s", "%s", "%s", "%s", "%s", "%s", "%s", "%s", "%s", "%s", "exec %s", "! %s", "(%s\n)", "{ %s\n}", "cd / && %s", "export A=9; %s", "PORT=1; %s", "set -e; %s",
			"%[1]s\n%[2]s", "%s | cat", ">/dev/null %s", "A=1 B=2 %s", "true && %s", "false && %s", "true || %s", "false || %s",
			"if true; then %s\nfi", "%s\n[ $? = 0 ] && %s", "eval '%s'", "f() { %s\n}; f", "trap 'probe ended' EXIT; %s",
			"{ %s\n} & wait", "command %s", "%s\ntrue", "unset PORT; %s", "$EMPTY %s", "for i in 1 2; do %s\ndone",
		}).Draw(t, "form")
		if strings.Contains(form, "'%s'") {
			return fmt.Sprintf(form, "probe a $PORT")
		}
		if n := strings.Count(form, "%"); n == 2 {
			return fmt.Sprintf(form, simple.Draw(t, "first"), simple.Draw(t, "second"))
		}
		return fmt.Sprintf(form, simple.Draw(t, "command"))
	})
}

// Prevents: SIGTERM ends a shell, and the app behind it is killed in the middle of its requests.
func TestSIGTERMReachesTheProgram(t *testing.T) {
	directory, shells := program(t), shellsHere(t)
	for line, exits := range map[string]int{
		"probe serve":                         0,
		"probe serve --port $PORT":            0,
		"A=1 probe serve":                     0,
		"probe serve >&2":                     0,
		"exec probe serve $PORT":              0,
		"cd / && probe serve":                 0,
		"export A=1; probe serve":             0,
		"probe && A=1 probe serve":            0,
		"probe serve | cat":                   0,
		"probe serve 2>&1 | cat >&2":          0,
		"probe serve 2>&1 | cat | cat":        0,
		"probe serve; true":                   -2,
		"(probe serve)":                       0,
		"probe serve & wait":                  -2,
		"probe serve & probe serve & wait":    -2,
		"probe serve & probe serve":           0,
		"while :; do probe serve; done":       -2,
		"if true; then probe serve $PORT; fi": 0,
		"probe serve || exit 1":               0,
		"f() { probe serve; }; f":             0,
		"command probe serve":                 0,
		"! probe serve":                       -2,
		"sh -c 'exec probe serve'":            0,
		"trap 'kill $p; wait $p; exit 0' TERM; probe serve & p=$!; wait $p": 0,
	} {
		for _, shell := range shells {
			t.Run(filepath.Base(shell)+" "+line, func(t *testing.T) {
				t.Parallel()
				stops(t, directory, shell, line, exits)
			})
		}
	}
}

// stops starts a line, sends SIGTERM to its first process only, and requires that every probe finishes.
func stops(t *testing.T, directory, shell, line string, exits int) {
	read, err := readCommandLine(line)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := run(ctx, directory, shell, read.words)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // as a container, which ends with its first process
		ended <- err
	}()
	serving, finished := 0, 0
	for scanner := bufio.NewScanner(reader); scanner.Scan(); {
		switch {
		case strings.HasPrefix(scanner.Text(), `[["serve"`):
			if serving++; serving == strings.Count(line, "serve") {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
		case scanner.Text() == "finished":
			finished++
		}
	}
	<-ended
	if finished != strings.Count(line, "serve") || ctx.Err() != nil {
		t.Errorf("%q: %d of %d probes finished, %v", read.words, finished, serving, ctx.Err())
	}
	if code := cmd.ProcessState.ExitCode(); exits >= 0 && code != exits {
		t.Errorf("%q: exit code %d, want %d", read.words, code, exits)
	}
}
