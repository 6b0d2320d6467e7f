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

// teams are apps that replace the bundled one, by the paths of their files below app/.
var teams = map[string]func(*testing.T) map[string]string{
	"the page's example": exampleOfThePage,
	"a Node app": func(*testing.T) map[string]string {
		return map[string]string{
			"Procfile": "web: node server.js\nworker: node worker.js\n", "Dockerfile": "FROM node:22\nENTRYPOINT []\nCOPY . .\nUSER node\n",
			"package.json": `{"name": "shop", "dependencies": {"express": "*"}}`, "server.js": "process.exit()\n",
			"migrations/1_init.up.sql": "CREATE TABLE a (id int);\n", "node_modules/x/%bad%.go": "not Go\n", "docker-compose.yml": "x:\n    image: redis\n",
		}
	},
	"a web line": func(*testing.T) map[string]string {
		return map[string]string{"Procfile": "web: ./serve\n", "Dockerfile": "FROM debian\n"}
	},
}

// exampleOfThePage returns the files of docs/bring-your-own-app.md: each block belongs to the file that was named last before it.
func exampleOfThePage(t *testing.T) map[string]string {
	files, name := map[string]string{}, ""
	named := regexp.MustCompile("`app/([\\w.]+)`")
	for i, part := range strings.Split(readFile(t, "docs/bring-your-own-app.md"), "\n```") {
		if i%2 == 0 {
			if all := named.FindAllStringSubmatch(part, -1); all != nil {
				name = all[len(all)-1][1]
			}
			continue
		}
		if language, text, _ := strings.Cut(part, "\n"); !slices.Contains([]string{"sh", "go"}, language) && files[name] == "" {
			files[name] = text + "\n"
		}
	}
	for _, name := range []string{"Procfile", "Dockerfile", "main.py"} {
		if files[name] == "" {
			t.Fatalf("the page has no %s", name)
		}
	}
	return files
}

// cloneWith is a clone whose app/ a team has replaced.
func cloneWith(t *testing.T, app map[string]string) string {
	directory := checkout(t)
	must(os.RemoveAll(filepath.Join(directory, "app")))
	for name, text := range app {
		file := filepath.Join(directory, "app", name)
		must(os.MkdirAll(filepath.Dir(file), 0o755))
		must(os.WriteFile(file, []byte(text), 0o644))
	}
	return directory
}

// Prevents: a red `make lint test` on a team's first pull request, about an app that it has just replaced. This test runs itself
// in the clones, with the tests that look at app/ or walk the repository; the long form runs all of them.
func TestAnyAppLeavesTheCloneGreen(t *testing.T) {
	self, err := os.Executable()
	must(err)
	for name, app := range teams {
		t.Run(name, func(t *testing.T) {
			directory := cloneWith(t, app(t))
			tests := exec.Command(self, "-test.v", "-test.run", "^Test(Walls|EveryWallIsNoticed|RobotKnowsEveryManifest|ImagesAndActionsArePinned|"+
				"TemplatesMatchSnapshots|ComposeRunsTheSameEngines|VariablesMatch.*|TheAppAcceptsWhateverMayBeSet)$")
			tests.Dir = filepath.Join(directory, "test")
			output, code := runQuietly(t, tests, nil)
			if passed := strings.Count(output, "\n--- PASS"); code != 0 || passed < 6 {
				t.Errorf("exit code %d, %d tests passed:\n%s", code, passed, output)
			}
			for _, target := range []string{"test", "lint", "scan"} {
				if output, code := runMake(t, directory, []string{"--dry-run", target}); code != 0 || regexp.MustCompile(`-z 'app`).MatchString(output) {
					t.Errorf("make %s works in app/, which is no Go module: %s", target, output)
				}
			}
			list := exec.Command("go", "list", "./...")
			list.Dir = directory
			if output, code := runQuietly(t, list, nil); code != 0 || strings.Contains(output, "dozen/app") {
				t.Errorf("go list: %s", output)
			}
			if os.Getenv("DOZEN_LONG") != "" {
				lintAndTest(t, directory)
			}
		})
	}
}

// lintAndTest runs the README's commands in a clone.
func lintAndTest(t *testing.T, directory string) {
	tools, err := filepath.Abs(filepath.Join(root, ".build", "bin"))
	must(err)
	must(os.MkdirAll(filepath.Join(directory, ".build"), 0o755))
	must(os.Symlink(tools, filepath.Join(directory, ".build", "bin")))
	for _, arguments := range [][]string{{"init", "--quiet"}, {"add", "--all"}} { // the tests copy what git tracks
		git := exec.Command("git", arguments...)
		git.Dir = directory
		if output, err := git.CombinedOutput(); err != nil {
			t.Fatal(string(output))
		}
	}
	for _, target := range []string{"lint", "test"} {
		if output, code := runMake(t, directory, []string{target}, "DOZEN_LONG="); code != 0 {
			t.Errorf("make %s: exit code %d\n%s", target, code, output)
		}
	}
}
