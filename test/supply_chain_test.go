package test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/internal/local/localtest"
)

// repositoryFiles returns the paths of all files that belong to the repository, from its root. What a team has in app/ is its own.
func repositoryFiles(t *testing.T) (files []string) {
	t.Helper()
	foreign := []string{".git", ".build", "cdk.out", "node_modules"}
	must(fs.WalkDir(os.DirFS(root), ".", func(file string, entry fs.DirEntry, err error) error {
		theirs := file == "app" && !localtest.Bundled(root)
		if entry != nil && entry.IsDir() && (theirs || slices.Contains(foreign, entry.Name())) {
			return fs.SkipDir
		}
		if err == nil && !entry.IsDir() {
			files = append(files, file)
		}
		return err
	}))
	return files
}

// anyApp is the pattern by which the robot finds the app's directory.
const anyApp = "/app*"

// manifests are the files in which versions are written down, and the update robot's name for them.
var manifests = []struct{ robot, files string }{
	{"gomod", `(^|/)go\.mod$`},
	{"npm", `(^|/)package\.json$`},
	{"pip", `(^|/)requirements\.txt$`},
	{"docker", `(^|/)Dockerfile[^/]*$`},
	{"docker-compose", `(^|/)(docker-)?compose[^/]*\.ya?ml$`},
	{"github-actions", `^\.github/(workflows/[^/]+|actions/.+/action)\.ya?ml$`},
}

// A manifest that the robot does not know keeps its vulnerabilities. Workflows belong to the root. The robot looks below app/ by a
// pattern, because it fails for a directory without a manifest unless a pattern has named it: the app may be in any language.
func TestRobotKnowsEveryManifest(t *testing.T) {
	entries := regexp.MustCompile(`(?m)^  - package-ecosystem: (\S+)\n    directories: \[(.*)\]\n    schedule: \{interval: weekly\}$`).
		FindAllStringSubmatch(readFile(t, ".github/dependabot.yml"), -1)
	known := map[string][]string{}
	for _, entry := range entries {
		for _, directory := range strings.Split(entry[2], ",") {
			known[entry[1]] = append(known[entry[1]], strings.Trim(directory, ` "`))
		}
		want(t, entry[1]+" looks below app/", slices.Contains(known[entry[1]], anyApp), entry[1] != "github-actions")
	}
	files := repositoryFiles(t)
	found := map[string][]string{}
	for _, kind := range manifests {
		form := regexp.MustCompile(kind.files)
		for _, file := range files {
			if !form.MatchString(file) {
				continue
			}
			directory := path.Join("/", path.Dir(file))
			if directory == "/.github/workflows" {
				directory = "/"
			}
			if !slices.Contains(found[kind.robot], directory) {
				found[kind.robot] = append(found[kind.robot], directory)
			}
		}
		if slices.Contains(found[kind.robot], "/app") {
			known[kind.robot] = append(known[kind.robot], "/app")
		}
		known[kind.robot] = slices.DeleteFunc(known[kind.robot], func(directory string) bool { return directory == anyApp })
		slices.Sort(found[kind.robot])
		slices.Sort(known[kind.robot])
		want(t, kind.robot, append([]string{}, known[kind.robot]...), append([]string{}, found[kind.robot]...))
	}
	want(t, "kinds", len(known), len(manifests))
}

// What a tag means changes from one day to the next; a digest and a commit do not. Images that are built here have no version.
func TestImagesAndActionsArePinned(t *testing.T) {
	pinned := map[string]int{}
	for _, kind := range []struct{ what, files, names, form string }{
		{"base image", `(^|/)Dockerfile[^/]*$`, `(?m)^FROM (?:--\S+ )*(\S+)`, `^scratch$|:[\w.-]+@sha256:[0-9a-f]{64}$`},
		{"image", `(^|/)compose[^/]*\.ya?ml$`, `(?m)^\s+image: (\S+)`, `^dozen-app$|:[\w.-]+@sha256:[0-9a-f]{64}$`},
		{"action", `^\.github/.*\.ya?ml$`, `(?m)\buses: (.+)$`, `^\./|@[0-9a-f]{40} # v\d+\.\d+\.\d+$`},
	} {
		for _, file := range repositoryFiles(t) {
			if !regexp.MustCompile(kind.files).MatchString(file) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, file))
			must(err)
			for _, match := range regexp.MustCompile(kind.names).FindAllStringSubmatch(string(text), -1) {
				pinned[kind.what]++
				if !regexp.MustCompile(kind.form).MatchString(match[1]) {
					t.Errorf("%s: the %s %s is not pinned", file, kind.what, match[1])
				}
			}
		}
	}
	if pinned["base image"] < 2 || localtest.Bundled(root) && pinned["image"] < 3 || pinned["action"] < 20 {
		t.Errorf("looked at %v", pinned)
	}
}

// No job has more permissions than these, and none gets them from the workflow. Prevents: a token that may write, in a job that
// runs code of a pull request.
func TestJobsHaveFewPermissions(t *testing.T) {
	allowed := map[string]string{
		"ci.yml diff":         "contents: read, id-token: write, pull-requests: write",
		"deploy.yml skipped":  "{}",
		"deploy.yml staging":  "actions: read, contents: read, id-token: write",
		"deploy.yml prod":     "actions: read, contents: read, id-token: write",
		"preview.yml skipped": "{}",
		"preview.yml deploy":  "contents: read, id-token: write, pull-requests: read",
		"preview.yml destroy": "contents: read, id-token: write",
	}
	jobs := 0
	for _, file := range repositoryFiles(t) {
		name, isWorkflow := strings.CutPrefix(file, ".github/workflows/")
		if !isWorkflow {
			continue
		}
		top, text, _ := strings.Cut(readFile(t, file), "\njobs:\n")
		if !strings.Contains(top, "\npermissions: {}\n") {
			t.Errorf("%s gives permissions to all of its jobs", name)
		}
		for _, job := range regexp.MustCompile(`(?m)^  ([\w-]+):\n((?:    .*\n|\n)+)`).FindAllStringSubmatch(text, -1) {
			jobs++
			got := "none"
			if match := regexp.MustCompile(`(?m)^    permissions:(.*)\n((?:      .*\n)*)`).FindStringSubmatch(job[2]); match != nil {
				got = strings.TrimSpace(match[1]) + strings.Join(strings.Split(strings.TrimSpace(match[2]), "\n      "), ", ")
			}
			limit, ok := allowed[name+" "+job[1]]
			if !ok {
				limit = "contents: read"
			}
			want(t, name+" "+job[1], got, limit)
		}
	}
	if jobs < 15 {
		t.Errorf("looked at %d jobs", jobs)
	}
}
