package test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// unencrypted is all that a synthesis without a domain says.
const unencrypted = "WARNING Without a domain, passwords and cookies cross the internet unencrypted: dev, staging, prod. " +
	"Set Domain, or DOZEN_DOMAIN and the hosted zone, for HTTPS.\n"

// runApp runs scripts/app as the command line does, into the checkout's cdk.out, without AWS's validator.
func runApp(t *testing.T, directory string, variables ...string) (output string, code int) {
	t.Helper()
	cloud := []string{"CDK_VALIDATION=false", "CDK_OUTDIR=" + filepath.Join(directory, "cdk.out"), "CDK_CONTEXT_JSON=" + plain(cdkContext())}
	command := exec.Command("scripts/app")
	command.Dir = directory
	return runQuietly(t, command, slices.Concat(cloud, variables))
}

// runQuietly runs a command without the machine's credentials, and fails unless it leaves nothing in the temporary directory
// and in .build.
func runQuietly(t *testing.T, command *exec.Cmd, variables []string) (output string, code int) {
	t.Helper()
	temporary := t.TempDir()
	ctx, done := context.WithTimeout(t.Context(), 5*time.Minute)
	defer done()
	given := command
	command = exec.CommandContext(ctx, given.Path)
	command.Args, command.Dir, command.Stdin, command.Err = given.Args, given.Dir, given.Stdin, given.Err
	command.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "CDK_") || strings.HasPrefix(entry, "MAKE") || strings.HasPrefix(entry, "MFLAGS")
	})
	command.Env = append(command.Env, "AWS_EC2_METADATA_DISABLED=true", "TMPDIR="+temporary)
	command.Env = append(command.Env, variables...)
	combined, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(temporary, "*"))
	must(err)
	more, err := filepath.Glob(filepath.Join(command.Dir, ".build", "tmp.*"))
	must(err)
	if len(left)+len(more) > 0 {
		t.Errorf("%v leaves %v", command.Args, append(left, more...))
	}
	return string(combined), command.ProcessState.ExitCode()
}

// damage changes a part of a file's text.
func damage(t *testing.T, path, old, changed string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(err)
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q to damage", path, old)
	}
	must(os.WriteFile(path, []byte(strings.Replace(string(text), old, changed, 1)), 0o644))
}

// Prevents: thirty lines of goroutines for one wrong property; a compiled app that is older than its sources; and an assembly
// that a failed synthesis leaves behind and a deployment then uses.
func TestAppReportsWhatTheLibraryThrows(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the app four times")
	}
	directory := checkout(t)
	if output, code := runApp(t, directory, "CDK_OUTDIR="); code != 1 || !strings.Contains(output, "make synth") {
		t.Errorf("run by itself, the app ends with exit code %d: %s", code, output)
	}
	if output, code := runApp(t, directory, "JSII_NODE=/bin/false"); code != 1 || !strings.Contains(output, "it needs Node 20") {
		t.Errorf("without Node, the app ends with exit code %d: %s", code, output)
	}
	for range 3 {
		if output, code := runApp(t, directory); code != 0 || output != unencrypted {
			t.Errorf("exit code %d: %s", code, output)
		}
	}
	assembly := filepath.Join(directory, "cdk.out", "manifest.json")
	if _, err := os.Stat(assembly); err != nil {
		t.Fatal(err)
	}
	storage, stage := filepath.Join(directory, "stacks/data/storage.go"), filepath.Join(directory, "stacks/stage.go")
	const owner, both = "ObjectOwnership: ", "AccessControl: awss3.BucketAccessControl_LOG_DELIVERY_WRITE, ObjectOwnership: "
	damage(t, storage, owner, both)
	output, code := runApp(t, directory)
	if code != 1 || !strings.HasPrefix(output, unencrypted+`environment "dev": stacks/data/storage.go:`) || strings.Count(output, "\n") != 2 {
		t.Errorf("what a construct throws ends with exit code %d:\n%s", code, output)
	}
	if _, err := os.Stat(assembly); err == nil {
		t.Error("cdk.out is still an assembly")
	}
	damage(t, storage, both, owner)
	damage(t, stage, `description)`, `description + "${Token[NO.1]}")`)
	output, code = runApp(t, directory)
	_, thrown, _ := strings.Cut(output, unencrypted)
	clean := strings.HasPrefix(thrown, `environment "dev": `) && strings.Contains(thrown, "NO.1") && strings.Count(thrown, "\n") == 1
	if code != 1 || !clean {
		t.Errorf("what the synthesis throws ends with exit code %d:\n%s", code, output)
	}
}

// Prevents: "go: command not found" from the depth of a script, for somebody who has just cloned the repository.
func TestMissingToolsAreNamed(t *testing.T) {
	const noGo, noNode, old = "Dozen needs Go 1.26 or newer", "Dozen needs Node 20 or newer, with npm", "Node v18.1.0 is too old"
	for _, row := range []struct {
		programs map[string]string // beyond the usual ones, with their scripts
		says     []string
	}{
		{nil, []string{noGo, noNode}},
		{map[string]string{"go": "exit 9"}, []string{noNode}},
		{map[string]string{"node": "exit 0", "npm": "exit 9"}, []string{noGo}},
		{map[string]string{"go": "exit 9", "npm": "exit 9", "node": `[ "$1" != --version ] || echo v18.1.0; exit 1`}, []string{old}},
	} {
		bin := t.TempDir()
		for _, name := range []string{"bash", "sh", "make", "env", "ls", "tail", "rm", "touch", "dirname", "mkdir", "grep"} {
			path, err := exec.LookPath(name)
			must(err)
			must(os.Symlink(path, filepath.Join(bin, name)))
		}
		for name, script := range row.programs {
			must(os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
		}
		directory := checkout(t)
		for _, arguments := range [][]string{{"make", "synth"}, {"make", "up"}, {"scripts/tools"}} {
			command := exec.Command(filepath.Join(bin, arguments[0]), arguments[1:]...)
			if arguments[0] != "make" {
				command = exec.Command(filepath.Join(directory, arguments[0]))
			}
			command.Dir = directory
			output, code := runQuietly(t, command, []string{"PATH=" + bin})
			said := 0
			for _, message := range []string{noGo, noNode, old} {
				if strings.Contains(output, message) {
					said++
				}
			}
			for _, message := range row.says {
				if !strings.Contains(output, message) || said != len(row.says) || code == 0 {
					t.Errorf("%v with %v: exit code %d, %s", arguments, row.programs, code, output)
				}
			}
		}
	}
}

// Prevents: a newcomer who presses Ctrl-C in the minutes in which the library is compiled; and a line about it whenever it is not.
func TestTheLongCompilationIsAnnounced(t *testing.T) {
	directory, bin := checkout(t), t.TempDir()
	for _, stale := range []bool{true, false} {
		script := fmt.Sprintf("#!/bin/sh\ncase $1 in list) echo %v ;; build) exit 7 ;; esac\n", stale)
		must(os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755))
		output, code := runApp(t, directory, "PATH="+bin+":"+os.Getenv("PATH"))
		if said := strings.Contains(output, "two to five minutes"); said != stale || code != 7 {
			t.Errorf("with the library stale %v, exit code %d: %s", stale, code, output)
		}
	}
}

// Prevents: "No stacks match the name(s) dve/*", after a synthesis, to somebody who does not know the names.
func TestMakeNamesTheEnvironments(t *testing.T) {
	directory := checkout(t)
	for _, target := range []string{"diff", "deploy", "destroy"} {
		output, code := runMake(t, directory, []string{target, "ENV=dve"})
		if code == 0 || !strings.Contains(output, `no environment "dve"; there are: dev, staging, prod`) || strings.Contains(output, "Synth") {
			t.Errorf("make %s ENV=dve: exit code %d, %s", target, code, output)
		}
	}
}

// A check that cannot fail guards nothing: what is left is noticed, and a failure of the command stays its own.
func TestTidyNoticesWhatIsLeft(t *testing.T) {
	for script, want := range map[string]int{"true": 0, `: >"$TMPDIR/x"`: 1, "exit 3": 3, `: >"$TMPDIR/x"; exit 3`: 3} {
		command := exec.Command(filepath.Join(root, "scripts", "tidy"), "sh", "-c", script)
		if output, code := runQuietly(t, command, nil); code != want {
			t.Errorf("%s: exit code %d: %s", script, code, output)
		}
	}
}

// Prevents: a deployment of the day before, because the sources look as if they had not changed.
func TestAppIsCompiledFromItsSources(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the app twice")
	}
	directory := checkout(t)
	build := func(environment string) os.FileInfo {
		if output, code := runApp(t, directory, "DOZEN_ENVIRONMENTS="+environment+":dev"); code != 0 {
			t.Fatalf("exit code %d: %s", code, output)
		}
		programs, err := filepath.Glob(filepath.Join(directory, ".build", "app.*", "dozen"))
		must(err)
		if len(programs) != 1 {
			t.Fatalf("programs: %v", programs)
		}
		info, err := os.Stat(programs[0])
		must(err)
		return info
	}
	first := build("one")
	if second := build("two"); !os.SameFile(first, second) {
		t.Error("compiled again without a change")
	}
	path := filepath.Join(directory, "config", "environments.go")
	before, err := os.Stat(path)
	must(err)
	damage(t, path, `Application: "dozen"`, `Application: "nezod"`)
	must(os.Chtimes(path, before.ModTime(), before.ModTime())) // as an archive or a copy may leave it
	build("two")
	manifest, err := os.ReadFile(filepath.Join(directory, "cdk.out", "assembly-two", "manifest.json"))
	must(err)
	if !strings.Contains(string(manifest), "nezod-two-Data") {
		t.Error("the assembly is of the sources before the change")
	}
}
