package test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// checkout copies the files that git tracks, as a clone would have them, with the fixture as its app, and links the installed npm
// packages.
func checkout(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	files, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(files), "\x00"), "\x00") {
		if strings.HasPrefix(name, "app/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		must(err)
		info, err := os.Stat(filepath.Join(root, name))
		must(err)
		must(os.MkdirAll(filepath.Dir(filepath.Join(directory, name)), 0o755))
		must(os.WriteFile(filepath.Join(directory, name), data, info.Mode()))
	}
	must(os.CopyFS(filepath.Join(directory, "app"), os.DirFS(fixture().Directory)))
	modules, err := filepath.Abs(filepath.Join(root, "node_modules"))
	must(err)
	must(os.Symlink(modules, filepath.Join(directory, "node_modules")))
	old := time.Unix(0, 0) // before the packages, so that make does not run npm ci
	must(os.Chtimes(filepath.Join(directory, "package-lock.json"), old, old))
	return directory
}

// makeSynth runs the command of the README, as on a machine without AWS credentials.
func makeSynth(t *testing.T, directory string, variables ...string) (output string, code int) {
	t.Helper()
	return runMake(t, directory, []string{"synth"}, variables...)
}

func runMake(t *testing.T, directory string, arguments []string, variables ...string) (output string, code int) {
	t.Helper()
	command := exec.Command("make", arguments...)
	command.Dir = directory
	return runQuietly(t, command, variables)
}

// The same sources give the same bytes in another directory, time zone and locale: otherwise every deployment is a change.
func TestMakeSynthIsDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two syntheses with all validators")
	}
	one, two := checkout(t), checkout(t)
	output, code := makeSynth(t, one, "TZ=UTC", "LC_ALL=C", "npm_config_loglevel=error")
	if code != 0 {
		t.Fatalf("make synth exits with %d:\n%s", code, output)
	}
	want(t, "all that it says", output, unencrypted+"Successfully synthesized to "+filepath.Join(one, "cdk.out")+"\n")
	other := []string{
		"TZ=Pacific/Kiritimati", "LC_ALL=C.UTF-8",
		"HOME=" + t.TempDir(), "GOPATH=" + goEnv(t, "GOPATH"), "GOCACHE=" + goEnv(t, "GOCACHE"),
	}
	if output, code := makeSynth(t, two, other...); code != 0 {
		t.Fatalf("make synth exits with %d:\n%s", code, output)
	}
	for _, name := range []string{"assembly-dev", "assembly-staging", "assembly-prod"} {
		if _, err := os.Stat(filepath.Join(one, "cdk.out", name)); err != nil {
			t.Error(err)
		}
	}
	first, second := digest(t, filepath.Join(one, "cdk.out")), digest(t, filepath.Join(two, "cdk.out"))
	if len(first) < 20 {
		t.Errorf("compared only %d files", len(first))
	}
	for name, sum := range first {
		if second[name] != sum {
			t.Errorf("%s differs", name)
		}
	}
	for name := range second {
		if first[name] == "" {
			t.Errorf("%s exists only in the second directory", name)
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

func digest(t *testing.T, directory string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := fs.WalkDir(os.DirFS(directory), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == "performance-counters.json" { // the times of a synthesis that was slow
			return err
		}
		data, err := os.ReadFile(filepath.Join(directory, path))
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// Bad input: all problems at once, an exit code other than 0, no stack trace, and nothing in cdk.out that could be deployed.
func TestProblemsEndTheCommand(t *testing.T) {
	directory := checkout(t)
	output, code := makeSynth(t, directory, "DOZEN_REGION=Frankfurt", "DOZEN_ACCOUNT=1", "DOZEN_ALARM_EMAIL=nobody")
	if code == 0 {
		t.Error("the command succeeds")
	}
	for _, part := range []string{
		`environments "dev", "staging", "prod": Region is "Frankfurt"`, `"prod": Account is "1"`, `Alarms.Email is "nobody"`,
	} {
		if !strings.Contains(output, part) {
			t.Errorf("%q is missing in:\n%s", part, output)
		}
	}
	if strings.Contains(output, "goroutine") || strings.Contains(output, "panic") {
		t.Errorf("a stack trace:\n%s", output)
	}
	if left, _ := filepath.Glob(filepath.Join(directory, "cdk.out", "*")); len(left) > 0 {
		t.Errorf("cdk.out contains %v", left)
	}
}

// The real command runs AWS's validator, cdk-nag and our own checks, and fails on what any of them finds. This test fails when
// a key of cdk.json or a call in main.go is missing.
func TestFindingsEndTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and synthesizes with all validators")
	}
	directory := checkout(t)
	for _, d := range []struct{ file, old, new string }{
		{"stacks/data/nat_instance.go", `String("gp3")`, `String("gp9")`},                         // AWS's validator: only a warning
		{"stacks/services/load_balancer.go", "nag.OpenToUsers", "nag.CachePort"},                  // cdk-nag
		{"stacks/services/service.go", "Rollback: jsii.Bool(true)", "Rollback: jsii.Bool(false)"}, // ours
	} {
		damage(t, filepath.Join(directory, d.file), d.old, d.new)
	}
	output, code := makeSynth(t, directory)
	if code == 0 {
		t.Error("the command succeeds")
	}
	for _, part := range []string{"gp9", "AwsSolutions-EC23", "DeploymentCircuitBreaker: is not enabled with rollback"} {
		if !strings.Contains(output, part) {
			t.Errorf("%q is missing in:\n%s", part, output)
		}
	}
	// What helps depends on who has found it.
	for who, refusal := range map[string]*regexp.Regexp{
		"AWS's validator": regexp.MustCompile(`(?m)^\S.*gp9.*awscdk\.Validations_Of`),
		"cdk-nag":         regexp.MustCompile(`(?m)^\S.*AwsSolutions-EC23.*stacks/nag/acknowledgements\.go`),
	} {
		if !refusal.MatchString(output) {
			t.Errorf("no remedy that helps with a finding of %s in:\n%s", who, output)
		}
	}
}

// Prevents: a mode that the checks accept and the real command does not: cdk-nag and AWS's validator are only complete there. An
// account with its region, interface endpoints without NAT, and a restored Aurora cluster once failed here and nowhere else.
func TestModesSynthesizeByTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and synthesizes with all validators")
	}
	directory := checkout(t)
	path := filepath.Join(directory, "config", "environments.go")
	source, err := os.ReadFile(path)
	must(err)
	changed := string(source) + `
func restored(e Environment) Environment {
	e.Database.Aurora, e.Database.Snapshot, e.Database.RotationDays = true, "before-the-accident", 30
	e.Network.NAT, e.Network.Endpoints = NATNone, []string{"secretsmanager", "ecr.dkr", "ecr.api", "logs"}
	return e
}
`
	for _, tier := range []string{`cheap("dev")`, `durable("prod")`} {
		if !strings.Contains(changed, tier) {
			t.Fatalf("config/environments.go has no %q to change", tier)
		}
		changed = strings.Replace(changed, tier, "restored("+tier+")", 1)
	}
	must(os.WriteFile(path, []byte(changed), 0o644))
	output, code := makeSynth(t, directory, "DOZEN_ACCOUNT=123456789012", "DOZEN_REGION=eu-central-1", "DOZEN_DOMAIN=example.com",
		"DOZEN_HOSTED_ZONE_ID=Z0123456789", "DOZEN_HOSTED_ZONE_NAME=example.com")
	if code != 0 {
		t.Errorf("exit code %d:\n%s", code, output)
	}
	if _, err := os.Stat(filepath.Join(directory, "cdk.context.json")); err == nil {
		t.Error("the synthesis has left a lookup in cdk.context.json")
	}
}

// Prevents: a clean-up job that is green although its environment stays, because its name is misspelt; and a deployment that
// changes the data stack before it finds out that it cannot build the image.
func TestMakeChecksBeforeItActs(t *testing.T) {
	directory := checkout(t)
	deploy := []string{"deploy", "ENV=dev", "ARGS=--require-approval never"}
	if output, code := runMake(t, directory, deploy, "CDK_DOCKER=false"); code == 0 || !strings.Contains(output, "CDK_DOCKER") {
		t.Errorf("without an engine, make deploy ends with exit code %d:\n%s", code, output)
	}
	if testing.Short() {
		return // the rest compiles and synthesizes
	}
	if output, code := runMake(t, directory, []string{"destroy", "ENV=dve"}); code == 0 || !strings.Contains(output, `no environment "dve"`) {
		t.Errorf("make destroy of an unknown environment ends with exit code %d:\n%s", code, output)
	}
}
