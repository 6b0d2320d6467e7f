package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// deployment is a checkout whose make and npx only record what they are asked to do, and print what the CDK would.
func deployment(t *testing.T) (directory, bin string) {
	t.Helper()
	directory, bin = t.TempDir(), t.TempDir()
	must(os.MkdirAll(filepath.Join(directory, "scripts"), 0o755))
	must(os.MkdirAll(filepath.Join(directory, ".build"), 0o755))
	for _, name := range []string{"deploy", "credentials"} {
		script, err := os.ReadFile(filepath.Join(root, "scripts", name))
		must(err)
		must(os.WriteFile(filepath.Join(directory, "scripts", name), script, 0o755))
	}
	const outputs = `{"dozen-dev-Data":{"Publish":"x"},"dozen-dev-Services":{"RunCommand":"y","Url":"http://dev.example.com"}}`
	for name, body := range map[string]string{
		"make":   `echo "make $*" >>calls`,
		"docker": `exit "${DOCKER_FAILS:-0}"`,
		"aws":    `exit "${AWS_FAILS:-0}"`,
		"npx": `echo "npx $*" >>calls
case "$*" in
*" diff "*"dve/"*) echo "No stacks match the name(s) dve/*" >&2; exit 1 ;;
*" diff "*) echo "[~] AWS::ECS::TaskDefinition" ;;
*" --outputs-file "*) echo '` + outputs + `' >.build/outputs.dev.json ;;
esac`,
	} {
		must(os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	}
	return directory, bin
}

// One question, with the changes in view, before anything changes; and no question where nobody can answer. Prevents: a second
// question a quarter of an hour later, about the second stack, to somebody who has gone to lunch.
func TestMakeDeployAsksOnce(t *testing.T) {
	const synth, diff = "make --no-print-directory synth\n", "npx --no-install cdk diff --app cdk.out dev/* --profile mine\n"
	const deploy = "npx --no-install cdk deploy --app cdk.out dev/* --outputs-file .build/outputs.dev.json"
	for _, c := range []struct {
		what, command, answer, variables string
		code                             int
		calls, says                      string
	}{
		{"yes", "dev --profile mine", "y", "", 0,
			synth + diff + deploy + " --require-approval never --profile mine\n", "dev: http://dev.example.com"},
		{"no", "dev --profile mine", "n", "", 1, synth + diff, "Nothing is deployed"},
		{"only enter", "dev --profile mine", "", "", 1, synth + diff, "Nothing is deployed"},
		{"unknown environment", "dve", "y", "", 1, synth + "npx --no-install cdk diff --app cdk.out dve/*\n", "No stacks match"},
		{"no credentials", "dve", "y", "AWS_FAILS=1", 1, synth + "npx --no-install cdk diff --app cdk.out dve/*\n", "aws sso login"},
		{"no engine", "dev", "y", "DOCKER_FAILS=1", 2, "", "Start Docker"},
		{"approved before", "dev --require-approval never", "no terminal", "", 0,
			synth + deploy + " --require-approval never\n", "dev: http://dev.example.com"},
		{"nobody to ask", "dev", "no terminal", "", 2, "", "ARGS='--require-approval never'"},
		{"outputs of one's own", "dev --require-approval never --outputs-file mine", "no terminal", "", 0,
			synth + "npx --no-install cdk deploy --app cdk.out dev/* --require-approval never --outputs-file mine\n", ""},
		{"no rollback", "dev --require-approval never --no-rollback", "y", "", 2, "", "--no-rollback"},
		{"hotswap", "dev --require-approval never --hotswap-fallback", "y", "", 2, "", "migration gate"},
		{"watch", "dev --watch", "y", "", 2, "", "migration gate"},
		{"express", "dev --express", "y", "", 2, "", "does not wait"},
	} {
		t.Run(c.what, func(t *testing.T) {
			directory, bin := deployment(t)
			command := exec.Command("script", "-qec", "scripts/deploy "+c.command, "/dev/null") // a terminal
			if c.answer == "no terminal" {
				command = exec.Command("sh", "-c", "scripts/deploy "+c.command)
			}
			command.Dir, command.Stdin = directory, strings.NewReader(c.answer+"\n")
			output, code := runQuietly(t, command, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), c.variables})
			calls, err := os.ReadFile(filepath.Join(directory, "calls"))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if code != c.code || string(calls) != c.calls || !strings.Contains(output, c.says) {
				t.Errorf("exit code %d, want %d\nruns %swant %ssays %s", code, c.code, calls, c.calls, output)
			}
		})
	}
}
