package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runbooks are the pages of docs/runbooks by their names without .md.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "runbooks", "*.md"))
	must(err)
	pages := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		must(err)
		pages[strings.TrimSuffix(filepath.Base(path), ".md")] = string(text)
	}
	if len(pages) < 10 {
		t.Fatalf("only %d runbooks", len(pages))
	}
	return pages
}

// The incident: at three in the morning a runbook's command finds nothing, because the resource has another name. Each type that
// a runbook names exists, and each resource that a command asks for by the beginning of its logical id is the only one.
func TestRunbooksFindWhatTheyName(t *testing.T) {
	environments := []environment{dev(), full(), modes()["prod+Database.Aurora"].assembly()}
	asked := regexp.MustCompile(`\bid (Data|Services) (AWS::\w+::\w+) ["']?([\w${}]*)["']?\)`)
	pages := runbooks(t)
	for _, guide := range guides {
		pages[guide] = readFile(t, "docs/"+guide+".md")
	}
	for name, page := range pages {
		for _, resourceType := range regexp.MustCompile(`AWS::\w+::\w+`).FindAllString(page, -1) {
			if !slices.ContainsFunc(environments, func(e environment) bool {
				return len(e.data.ofType(resourceType))+len(e.services.ofType(resourceType)) > 0
			}) {
				t.Errorf("%s names %s, which no template contains", name, resourceType)
			}
		}
		process := regexp.MustCompile(`(?m)^NAME=(\w+)`).FindStringSubmatch(page)
		commands := asked.FindAllStringSubmatch(page, -1)
		want(t, name+": commands that are understood", len(commands), strings.Count(page, "$(id "))
		for _, command := range commands {
			begin := command[3]
			if process != nil {
				begin = strings.ReplaceAll(begin, "${NAME}", process[1])
			}
			counts := []int{}
			for _, e := range environments {
				tpl := map[string]template{"Data": e.data, "Services": e.services}[command[1]]
				found := slices.DeleteFunc(tpl.ofType(command[2]), func(r resource) bool { return !strings.HasPrefix(r.ID, begin) })
				counts = append(counts, len(found))
			}
			if most := slices.Max(counts); most == 0 || most > 1 && begin != "" {
				t.Errorf("%s: %s finds %d in dev, in production with everything, and with Aurora", name, command[0], counts)
			}
		}
		for _, output := range regexp.MustCompile(`OutputKey=='(\w+)'`).FindAllStringSubmatch(page, -1) {
			if !slices.ContainsFunc(environments, func(e environment) bool {
				return e.data.output(output[1]) != nil || e.services.output(output[1]) != nil
			}) {
				t.Errorf("%s names the output %s, which no template has", name, output[1])
			}
		}
	}
}

// A quotation mark that is missing costs minutes when there are none.
func TestRunbooksCommandsAreShell(t *testing.T) {
	blocks := 0
	for name, page := range runbooks(t) {
		for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(page, -1) {
			blocks++
			check := exec.Command("bash", "-n")
			check.Stdin = strings.NewReader(block[1])
			if output, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s in\n%s", name, err, output, block[1])
			}
		}
	}
	if blocks < 20 {
		t.Errorf("only %d blocks of commands", blocks)
	}
}

// What a failed first deployment of production leaves, FirstDeploymentFailed takes away: it lifts each protection and names a
// command for each type that is kept. internal/cloudformation plays the page (Account.Clear).
func TestRunbookOfTheFirstDeployment(t *testing.T) {
	page := runbooks(t)["FirstDeploymentFailed"]
	lifts := map[string]string{
		"AWS::RDS::DBInstance":  "modify-db-instance --db-instance-identifier \"$db\" --no-deletion-protection",
		"AWS::RDS::DBCluster":   "modify-db-cluster --db-cluster-identifier \"$db\" --no-deletion-protection",
		"AWS::DynamoDB::Table":  "update-table --table-name \"$table\" --no-deletion-protection-enabled",
		"termination protected": "update-termination-protection --stack-name \"${STACK:?was deployed before}\" --no-enable-",
	}
	kept, lifted := 0, 0
	for _, e := range []environment{full(), modes()["prod+Database.Aurora"].assembly()} {
		for _, r := range e.data.resources() {
			if r.get("DeletionProtection") == true || r.get("DeletionProtectionEnabled") == true {
				lifted++
				if lifts[r.Type] == "" || !strings.Contains(page, lifts[r.Type]) {
					t.Errorf("the page does not lift the protection of %s", r.ID)
				}
			}
			if r.DeletionPolicy == "RetainExceptOnCreate" || r.DeletionPolicy == "Retain" {
				kept++
				service, _, _ := strings.Cut(strings.TrimPrefix(r.Type, "AWS::"), "::")
				if !strings.Contains(page, "| `"+r.Type+"` | `aws ") && !strings.Contains(page, "| `AWS::"+service+"` | its console") {
					t.Errorf("the page does not say how to delete %s (%s)", r.ID, r.Type)
				}
			}
			if r.DeletionPolicy == "Snapshot" && !strings.Contains(page, "describe-"+map[string]string{
				"AWS::RDS::DBInstance": "db-snapshots", "AWS::RDS::DBCluster": "db-cluster-snapshots",
			}[r.Type]) {
				t.Errorf("the page does not list the snapshots of %s", r.ID)
			}
		}
	}
	want(t, "the stack's protection is lifted", strings.Contains(page, lifts["termination protected"]), true)
	if kept < 5 || lifted < 3 {
		t.Errorf("compared %d kept and %d protected resources", kept, lifted)
	}
}

// The incident: a restore on the worst day fails, because RDS restores no snapshot into an older version or a smaller disk, and
// the page's commands know instances only. The first step prints both figures and says what to set; each command has its
// counterpart for Aurora.
func TestRunbookOfTheRestore(t *testing.T) {
	page := runbooks(t)["RestoreDatabase"]
	look, _, _ := strings.Cut(page, "## 2.")
	_, look, found := strings.Cut(look, "## 1. Look")
	for _, needed := range []string{
		"describe-db-snapshots", "describe-db-cluster-snapshots", "EngineVersion,AllocatedStorage]", "Status,EngineVersion]",
		"`PostgresVersion` in `config/versions.go`", "`Database.StorageGiB`",
	} {
		if !found || !strings.Contains(look, needed) {
			t.Errorf("its first step does not name %s", needed)
		}
	}
	instance := regexp.MustCompile(`aws rds (\S*)db-(?:instance|snapshot)(\S*)`)
	for _, command := range instance.FindAllStringSubmatch(page, -1) {
		cluster := regexp.MustCompile(`aws rds ` + command[1] + `db-cluster(-snapshot)?` + command[2])
		if !cluster.MatchString(page) {
			t.Errorf("%s has no counterpart for Aurora", command[0])
		}
	}
}
