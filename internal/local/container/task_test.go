package container

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dozen/internal/assembly"
	"dozen/internal/local/localtest"
)

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// exited waits for the end of a task, and returns its exit code.
func exited(t *testing.T, task *Task) (code int, reason string) {
	t.Helper()
	localtest.Receive(t, "the task ends", task.Done())
	return task.Exit()
}

// app returns the source of an app that is a shell script.
func app(t *testing.T, script string) Source {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "app"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return Source{Image: assembly.Image{Hash: strconv.FormatInt(time.Now().UnixNano(), 36)}, Path: directory, Commands: []string{"app"}}
}

// run starts a script as a task of the runtime without an engine.
func run(t *testing.T, script string, change func(*Spec)) (*Task, *localtest.Transcript, *Processes) {
	t.Helper()
	p := NewProcesses(t.TempDir())
	program, err := p.Build(t.Context(), app(t, script), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Name: "web-1", Container: assembly.Container{Command: []string{"app"}, StopTimeout: 30 * time.Second}}
	if change != nil {
		change(&spec)
	}
	out := &localtest.Transcript{}
	started, err := p.Start(program, spec, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { started.Kill(); exited(t, started) })
	return started, out, p
}

// Prevents: a task that works here because it sees the developer's own variables, and fails on Fargate.
func TestATaskSeesItsOwnVariablesOnly(t *testing.T) {
	t.Setenv("OF_THE_DEVELOPER", "x")
	started, out, _ := run(t, "env; exit 3\n", func(s *Spec) { s.Variables = map[string]string{"OF_THE_TASK": "a b=c"} })
	if code, reason := exited(t, started); code != 3 || reason != "" {
		t.Errorf("exit %d, %q", code, reason)
	}
	if text := out.String(); !strings.Contains(text, "OF_THE_TASK=a b=c\n") || strings.Contains(text, "OF_THE_DEVELOPER") {
		t.Errorf("the variables are\n%s", text)
	}
}

// Prevents: a release that counts a task as stopped while it is still working, or kills a task that is about to finish.
func TestStopGivesTimeAndThenKills(t *testing.T) {
	polite, out, _ := run(t, "trap 'echo finishing; exit 0' TERM; echo ready; while :; do sleep 0.05; done\n", nil)
	eventually(t, "ready", func() bool { return strings.Contains(out.String(), "ready") })
	polite.Stop()
	polite.Stop() // twice is once
	if code, _ := exited(t, polite); code != 0 || !strings.Contains(out.String(), "finishing") {
		t.Errorf("exit %d after %q", code, out)
	}
	deaf, out, _ := run(t, "trap '' TERM; echo ready; while :; do sleep 0.05; done\n", func(s *Spec) { s.Container.StopTimeout = 100 * time.Millisecond })
	eventually(t, "ready", func() bool { return strings.Contains(out.String(), "ready") })
	deaf.Stop()
	if code, reason := exited(t, deaf); code != 137 || reason != "killed" {
		t.Errorf("exit %d, %s, want 137 as ECS has it", code, reason)
	}
}

// Prevents: ports and database connections that the children of a killed task hold on to.
func TestKillEndsChildrenToo(t *testing.T) {
	started, out, _ := run(t, "sleep 1000 & echo child $!; wait\n", nil)
	eventually(t, "the child", func() bool { return strings.HasSuffix(out.String(), "\n") })
	child, err := strconv.Atoi(strings.Fields(out.String())[1])
	if err != nil {
		t.Fatal(err)
	}
	started.Kill()
	exited(t, started)
	eventually(t, "the child's end", func() bool { return gone(child) })
}

// Prevents: a shell ends with SIGTERM, and the program that it has started goes on, with its port and its connections.
func TestTheEndOfATaskEndsItsChildren(t *testing.T) {
	started, out, _ := run(t, "sleep 1000 & echo child $!; exec 2>&-; exit 3\n", nil)
	if code, _ := exited(t, started); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	child, err := strconv.Atoi(strings.Fields(out.String())[1])
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child's end", func() bool { return gone(child) })
}

// gone reports whether a process has ended. A zombie, whose exit code nobody has read yet, counts as ended.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		_, after, _ := strings.Cut(string(stat), ") ")
		return strings.HasPrefix(after, "Z")
	}
	return syscall.Kill(pid, 0) != nil
}

// Prevents: a crash leaves a scheduler behind that runs alongside the next one; or Clean kills an unrelated process.
func TestCleanKillsWhatWasLeftBehindAndNothingElse(t *testing.T) {
	directory := t.TempDir()
	left, stranger := exec.Command("sleep", "1000"), exec.Command("sleep", "1000")
	for _, cmd := range []*exec.Cmd{left, stranger} {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { _ = cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
	}
	before := NewProcesses(directory)
	before.ledger.add(left.Process.Pid)
	if err := os.WriteFile(before.ledger.entry(stranger.Process.Pid), []byte("Thu Jan  1 00:00:00 1970"), 0o600); err != nil {
		t.Fatal(err) // another process had this id before
	}
	if err := NewProcesses(directory).Clean(context.Background()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of what was left", func() bool { return gone(left.Process.Pid) })
	if gone(stranger.Process.Pid) {
		t.Error("an unrelated process with the same id was killed")
	}
	if entries, _ := os.ReadDir(before.ledger.directory); len(entries) > 0 {
		t.Errorf("entries are left in the ledger: %v", entries)
	}
}

// Prevents: a failed or interrupted build is taken for a finished one the next time.
func TestBuildCompilesGoOnce(t *testing.T) {
	source := Source{Image: assembly.Image{Hash: "abc"}, Path: t.TempDir(), Commands: []string{"my-app"}}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(source.Path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/app\n\ngo 1.26\n")
	write("main.go", "package main\n\nfunc main() { println(1 }\n")
	p, out := NewProcesses(t.TempDir()), &localtest.Transcript{}
	if _, err := p.Build(t.Context(), source, out); err == nil || !strings.Contains(out.String(), "main.go:3") {
		t.Fatalf("the build of a broken program: %v\n%s", err, out)
	}
	write("main.go", "package main\n\nfunc main() { println(\"it runs\") }\n")
	if _, err := p.Build(t.Context(), source, out); err != nil {
		t.Fatal(err, out)
	}
	write("main.go", "broken again, but the hash says that nothing has changed")
	program, err := p.Build(t.Context(), source, out)
	if err != nil {
		t.Fatal("the second build:", err)
	}
	printed := &localtest.Transcript{}
	started, err := p.Start(program, Spec{Name: "web-1", Container: assembly.Container{Command: []string{"my-app"}}}, printed)
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := exited(t, started); code != 0 || printed.String() != "it runs\n" {
		t.Errorf("exit %d, printed %q", code, printed)
	}
}

// Prevents: a stack trace, or no message at all, for an app whose interpreter is not installed.
func TestAMissingProgramSaysWhatToDo(t *testing.T) {
	p := NewProcesses(t.TempDir())
	program, err := p.Build(t.Context(), app(t, ""), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Start(program, Spec{Name: "web-1", Container: assembly.Container{Command: []string{"no-such-interpreter", "x"}}}, &localtest.Transcript{})
	if err == nil || !strings.Contains(err.Error(), "no-such-interpreter") || !strings.Contains(err.Error(), "docker or podman") {
		t.Errorf("the error is %v", err)
	}
	if _, err := p.Start(program, Spec{Name: "web-1"}, &localtest.Transcript{}); err == nil || !strings.Contains(err.Error(), "no command") {
		t.Errorf("without a command: %v", err)
	}
}

// Prevents: MODULE_NOT_FOUND in every app for Node, because node_modules is not part of the image's files, also when it is
// installed only after the first try.
func TestAProgramHasTheInstalledModules(t *testing.T) {
	p, source := NewProcesses(t.TempDir()), app(t, "cat node_modules/shout/index.js\n")
	source.Modules = filepath.Join(t.TempDir(), "node_modules")
	program, err := p.Build(t.Context(), source, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(program.Directory, "node_modules")); err == nil {
		t.Error("there is a node_modules although nothing is installed")
	}
	if err := os.MkdirAll(filepath.Join(source.Modules, "shout"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source.Modules, "shout", "index.js"), []byte("installed"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is there already
		if program, err = p.Build(t.Context(), source, os.Stderr); err != nil {
			t.Fatal(err)
		}
	}
	out, err := p.Command(program, Spec{Container: assembly.Container{Command: []string{"app"}}}, false).CombinedOutput()
	if err != nil || string(out) != "installed" {
		t.Errorf("the app sees %q, %v", out, err)
	}
}
