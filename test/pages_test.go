package test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guides are the pages that a newcomer follows.
var guides = []string{"bring-your-own-app", "django", "express", "from-app-runner", "from-copilot", "from-heroku"}

// blocksOf returns the code blocks of a page in a language, in the part of the page below a heading; "" is all of it.
func blocksOf(t *testing.T, page, heading, language string) (blocks []string) {
	t.Helper()
	text := "\n" + readFile(t, "docs/"+page+".md")
	if heading != "" {
		_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
		if !found {
			t.Fatalf("docs/%s.md has no part %s", page, heading)
		}
		text, _, _ = strings.Cut(rest, "\n## ")
	}
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

// Prevents: a quotation mark that is missing in a command that is run once, on the day of a move.
func TestGuidesCommandsAreShell(t *testing.T) {
	for _, page := range guides {
		for _, block := range blocksOf(t, page, "", "sh") {
			check := exec.Command("bash", "-n")
			check.Stdin = strings.NewReader(block)
			if output, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s in\n%s", page, err, output, block)
			}
		}
	}
}

// Prevents: a field that does not exist, or a value that is refused, in the settings that a page shows. They are compiled into
// package config, set in an environment, and validated.
func TestGuidesSettingsAreValid(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles")
	}
	code, blocks := "", 0
	for _, page := range guides {
		for _, block := range blocksOf(t, page, "", "go") {
			blocks++
			switch {
			case strings.HasPrefix(block, "func "):
				code += fmt.Sprintf("func TestBlock%d(*testing.T) {\n_ = %s}\n", blocks, regexp.MustCompile(`^func \w+`).ReplaceAllString(block, "func"))
				continue
			case strings.HasPrefix(block, "Source:"):
				block = "worker := e.Workers[\"worker\"]\nworker.Source = " + strings.TrimPrefix(strings.TrimSpace(strings.TrimSuffix(
					strings.TrimSpace(block), ",")), "Source:") + "\ne.Workers = map[string]Worker{\"worker\": worker}\n"
			}
			code += fmt.Sprintf(`func TestBlock%d(t *testing.T) {
				e := Development()
				%s
				if err := e.Validate(processes); err != nil { t.Error(%q, err) }
			}
			`, blocks, block, page)
		}
	}
	if blocks < 3 {
		t.Fatalf("only %d blocks", blocks)
	}
	directory := t.TempDir()
	file := filepath.Join(directory, "pages_test.go")
	must(os.WriteFile(file, []byte("package config\nimport (\"testing\"; \"time\")\nvar _ = time.Second\n"+code), 0o600))
	place, err := filepath.Abs(filepath.Join(root, "config", "pages_test.go"))
	must(err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{place: file}})
	must(err)
	must(os.WriteFile(filepath.Join(directory, "overlay.json"), overlay, 0o600))
	run := exec.Command("go", "test", "-count=1", "-vet=off", "-run", "^TestBlock", "-overlay", filepath.Join(directory, "overlay.json"), "./config")
	run.Dir = root
	if output, code := runQuietly(t, run, nil); code != 0 {
		t.Error(output)
	}
}

// Prevents: the first hour of a newcomer ends with an example that does not run. Every command of the page runs in a clone, up to the
// first one that needs AWS.
func TestThePagesExampleRunsHere(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("installs packages from PyPI, and takes minutes")
	}
	const page = "bring-your-own-app"
	directory := cloneWith(t, exampleOfThePage(t))
	settings, metric := filepath.Join(directory, "config", "environments.go"), "Source: Source{Kind: SourceMetric},"
	data, err := os.ReadFile(settings)
	must(err)
	want(t, "tiers", strings.Count(string(data), metric), 2)
	source := strings.TrimSpace(blocksOf(t, page, "2. Say where the jobs are", "go")[0])
	must(os.WriteFile(settings, []byte(strings.ReplaceAll(string(data), metric, source)), 0o600))
	shell := func(script string) (string, int) {
		command := exec.Command("bash", "-euc", script)
		command.Dir = directory
		return runQuietly(t, command, nil)
	}
	if output, code := shell(blocksOf(t, page, "3. Check it", "sh")[0]); code != 0 || !strings.Contains(output, " 0 failed") {
		t.Fatalf("exit code %d: %s", code, output)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	address := strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1)
	must(listener.Close())
	_, port, _ := strings.Cut(address, ":")
	blocks := blocksOf(t, page, "4. Run it", "sh")
	up, _, _ := strings.Cut(blocks[0], "#")
	output, code := shell(". .venv/bin/activate\n" + strings.TrimSpace(up) + " ARGS=--port=" + port + " >up.log 2>&1 &\n" +
		"trap '.build/bin/dozen down; wait' EXIT\n" +
		"for try in $(seq 400); do ! curl -fs " + address + "/livez >/dev/null || break; sleep 0.5; done\n" +
		strings.ReplaceAll(blocks[1], "localhost:8080", address))
	if code != 0 || !strings.Contains(output, `{"notes":["hello"]}`) {
		log, _ := os.ReadFile(filepath.Join(directory, "up.log"))
		t.Errorf("exit code %d: %s\n%s", code, output, log)
	}
}

// Prevents: a link to a page or a part of one that has gone.
func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	must(err)
	links := 0
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		must(err)
		for _, link := range regexp.MustCompile(`\]\(([^():]*?)(#[\w-]+)?\)`).FindAllStringSubmatch(string(text), -1) {
			links++
			target := page
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(page), link[1])
			}
			content, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr != nil || err != nil && !info.IsDir() {
				t.Errorf("%s links to %s, which does not exist", page, link[1])
			}
			if link[2] != "" && !slices.Contains(anchors(string(content)), link[2]) {
				t.Errorf("%s links to %s%s, and there is no such heading", page, link[1], link[2])
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links", links)
	}
}

// anchors are the names by which GitHub links to the headings of a page.
func anchors(page string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, "#"+strings.ReplaceAll(name, " ", "-"))
	}
	return names
}
