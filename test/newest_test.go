package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An approval of an older run, after a newer one was deployed, must not bring back the older release. Three runs of main exist, of
// which 12 is the one that is about to deploy.
func TestNewestRefusesAnOlderRelease(t *testing.T) {
	const runs = `{"workflow_runs": [{"id": 913, "run_number": 13, "head_sha": "ccc"}, {"id": 912, "run_number": 12, "head_sha": "bbb"},
		{"id": 911, "run_number": 11, "head_sha": "aaa"}]}`
	const deployed = `{"jobs": [{"name": "staging", "conclusion": "success"}, {"name": "prod", "conclusion": "success"}]}`
	for _, c := range []struct {
		what, runs, newer, older string
		code                     int
		says                     string
	}{
		{"a newer run is deployed", runs, deployed, deployed, 1, "prod already has the newer commit ccc, of run 13"},
		{"a newer run was deployed at its second attempt", runs,
			`{"jobs": [{"name": "prod", "conclusion": "failure"}, {"name": "prod", "conclusion": "success"}]}`, deployed, 1, "ccc"},
		{"a newer run waits for its approval", runs,
			`{"jobs": [{"name": "staging", "conclusion": "success"}, {"name": "prod", "conclusion": null}]}`, deployed, 0, ""},
		{"a newer run was rolled back", runs, `{"jobs": [{"name": "prod", "conclusion": "failure"}]}`, deployed, 0, ""},
		{"it is the newest", `{"workflow_runs": [{"id": 912, "run_number": 12}, {"id": 911, "run_number": 11}]}`, "", deployed, 0, ""},
		{"a hundred newer ones", `{"workflow_runs": [{"id": 913, "run_number": 13}]}`, "", "", 1, "Nothing is deployed"},
		{"no permission", "", "", "", 1, ""},
		{"no permission for jobs", runs, "", "", 1, "cannot be read. Nothing is deployed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			directory := t.TempDir()
			const gh = `#!/bin/sh
case "$2" in
repos/org/repo/actions/workflows/deploy.yml/runs?branch=main\&*) answer=$RUNS ;;
repos/org/repo/actions/runs/913/jobs?filter=all*) answer=$NEWER ;;
repos/org/repo/actions/runs/911/jobs?filter=all*) answer=$OLDER ;;
esac
[ -n "$answer" ] || { echo "gh: Resource not accessible by integration (HTTP 403)" >&2; exit 1; }
echo "$answer"
`
			must(os.WriteFile(filepath.Join(directory, "gh"), []byte(gh), 0o755))
			command := exec.Command("scripts/newest", "prod")
			command.Dir = root
			output, code := runQuietly(t, command, []string{
				"PATH=" + directory + ":" + os.Getenv("PATH"), "RUNS=" + c.runs, "NEWER=" + c.newer, "OLDER=" + c.older,
				"GITHUB_REPOSITORY=org/repo", "GITHUB_REF_NAME=main", "GITHUB_RUN_NUMBER=12",
				"GITHUB_WORKFLOW_REF=org/repo/.github/workflows/deploy.yml@refs/heads/main",
			})
			if code != c.code || !strings.Contains(output, c.says) {
				t.Errorf("exit code %d, want %d: %s", code, c.code, output)
			}
		})
	}
	for _, job := range []string{"staging", "prod"} { // the script's name for a job is the workflow's
		workflow := readFile(t, ".github/workflows/deploy.yml")
		check, deploy := strings.Index(workflow, "scripts/newest "+job+"\n"), strings.Index(workflow, "--app cdk.out '"+job+"/*'")
		if !strings.Contains(workflow, "\n  "+job+":\n") || check < 0 || check > deploy {
			t.Errorf("deploy.yml does not check %s before it deploys", job)
		}
	}
}
