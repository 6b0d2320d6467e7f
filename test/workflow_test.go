package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// workflowStep returns the script of a step of a workflow.
func workflowStep(t *testing.T, file, name string) string {
	t.Helper()
	_, step, found := strings.Cut(readFile(t, ".github/workflows/"+file), "- name: "+name+"\n")
	if !found {
		t.Fatalf("%s has no step %q", file, name)
	}
	step, _, _ = strings.Cut(step, "\n      - ")
	_, script, found := strings.Cut(step, "run: |\n")
	if !found {
		t.Fatalf("the step %q of %s has no script", name, file)
	}
	indent := regexp.MustCompile(`^ +`).FindString(script)
	var lines []string
	for _, line := range strings.Split(script, "\n") {
		if line != "" && !strings.HasPrefix(line, indent) {
			break // the next job
		}
		lines = append(lines, strings.TrimPrefix(line, indent))
	}
	return strings.Join(lines, "\n")
}

// documentedRoles runs the commands of docs/oidc-role.md, and returns the documents that they give to AWS: "NAME trust" and
// "NAME policy".
func documentedRoles(t *testing.T) map[string]string {
	t.Helper()
	directory := t.TempDir()
	const record = `#!/bin/sh
case "$1 $2" in
"sts get-caller-identity") echo 111122223333; exit ;;
"iam create-role") kind=trust ;;
"iam put-role-policy") kind=policy ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
while [ $# -gt 0 ]; do
  case "$1" in
  --role-name) name=$2 ;;
  --policy-document | --assume-role-policy-document) document=$2 ;;
  esac
  shift
done
printf '%s' "$document" >"$OUT/$name $kind"
`
	must(os.WriteFile(filepath.Join(directory, "aws"), []byte(record), 0o755))
	_, text, _ := strings.Cut(readFile(t, "docs/oidc-role.md"), "## 3. The roles")
	_, text, _ = strings.Cut(text, "```sh\n")
	commands, _, _ := strings.Cut(text, "```\n")
	commands = strings.Replace(commands, "AWS_REGION=REGION", "AWS_REGION=eu-west-1", 1)
	out := t.TempDir()
	command := exec.Command("bash", "-euo", "pipefail", "-c", commands)
	output, code := runQuietly(t, command, []string{
		"PATH=" + directory + ":" + os.Getenv("PATH"), "OUT=" + out, "SUBJECT=repo:org/repo",
	})
	if code != 0 {
		t.Fatal(output)
	}
	documents := map[string]string{}
	files, err := os.ReadDir(out)
	must(err)
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(out, file.Name()))
		must(err)
		documents[file.Name()] = string(content)
	}
	return documents
}
