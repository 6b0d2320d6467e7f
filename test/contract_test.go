package test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/local/localtest"
)

// contractTable returns the names of the variables that every process receives with a way to connect, sorted.
func contractTable(t *testing.T, connect config.Connect) []string {
	t.Helper()
	text := readFile(t, "docs/variables.md")
	_, table, ok := strings.Cut(text, "## Environment variables that every process receives")
	if !ok {
		t.Fatal("docs/variables.md has no table of variables")
	}
	table, ways, _ := strings.Cut(table, "\n## Database and cache")
	ways, _, _ = strings.Cut(ways, "\n## ")
	proxy, secret, _ := strings.Cut(ways, "With `secret`")
	var names []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		names = append(names, match[1])
	}
	way := map[config.Connect]string{config.ConnectProxy: proxy, config.ConnectSecret: secret}[connect]
	for _, row := range regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(way, -1) { // a row may name several
		for _, match := range regexp.MustCompile("`([A-Z_]+)`").FindAllStringSubmatch(row, -1) {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return names
}

// exampleVariables returns the names in app/.env.example.
func exampleVariables(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]*)=`).FindAllStringSubmatch(readFile(t, "app/.env.example"), -1) {
		names = append(names, match[1])
	}
	return names
}

// readFile returns a file of the repository.
func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Prevents: an author who searches for an hour why a file is not in the image.
func TestThePageSaysWhatIsNotInTheImage(t *testing.T) {
	page := readFile(t, "docs/bring-your-own-app.md")
	for _, pattern := range config.NotInImage {
		if name := "`" + strings.TrimPrefix(pattern, "**/") + "`"; !strings.Contains(page, name) {
			t.Errorf("docs/bring-your-own-app.md does not say that %s is not in the image", name)
		}
	}
}

// Developers must use what runs on AWS: compose.yaml has the same versions of PostgreSQL and Valkey as the templates.
func TestComposeRunsTheSameEngines(t *testing.T) {
	localtest.NeedsBundled(t, root)
	compose := readFile(t, "app/compose.yaml")
	for image, pinned := range map[string]string{"postgres": config.PostgresVersion, "valkey/valkey": config.ValkeyVersion} {
		match := regexp.MustCompile(`(?m)^\s+image: ` + image + `:([0-9.]+)\S*$`).FindStringSubmatch(compose)
		if match == nil {
			t.Errorf("app/compose.yaml does not run %s with a version", image)
			continue
		}
		if pinned != match[1] && !strings.HasPrefix(pinned, match[1]+".") {
			t.Errorf("app/compose.yaml runs %s %s, the infrastructure %s", image, match[1], pinned)
		}
	}
}

// Prevents: a contract that nobody reads to its end, or that promises a variable which no process receives.
func TestTheContractFitsAScreen(t *testing.T) {
	page := readFile(t, "docs/contract.md")
	if lines := strings.Count(page, "\n"); lines > 50 {
		t.Errorf("docs/contract.md has %d lines; what only some apps need belongs into docs/variables.md", lines)
	}
	receives := append(contractTable(t, config.ConnectProxy), "BIND", "NAME") // under `dozen up`; in NAME=value
	named := regexp.MustCompile(`\b[A-Z]+(_[A-Z]+)*\b`)
	promised := 0
	for _, code := range regexp.MustCompile("`[^`\n]+`").FindAllString(page, -1) {
		for _, name := range named.FindAllString(code, -1) {
			if promised++; !slices.Contains(receives, name) && !slices.Contains([]string{"ENTRYPOINT", "VOLUME", "GET", "RESET"}, name) {
				t.Errorf("docs/contract.md names %s, which no process receives", name)
			}
		}
	}
	if promised < 8 {
		t.Errorf("only %d variables", promised)
	}
}

// Prevents: an app that copies the line from the page and never scales.
func TestThePagesBacklogLineIsRead(t *testing.T) {
	_, text, _ := strings.Cut(readFile(t, "docs/variables.md"), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
		Process string
	}
	var values map[string]any
	must(json.Unmarshal([]byte(text), &line))
	must(json.Unmarshal([]byte(text), &values))
	metric := line.AWS.CloudWatchMetrics[0]
	want(t, "dimensions", metric.Dimensions, [][]string{{"Process"}})
	variables := dev().services.one(t, "AWS::ECS::TaskDefinition", "/Worker/Process/Task/").variables()
	want(t, "namespace", metric.Namespace, strings.Trim(variables["METRICS_NAMESPACE"], `"`))
	for _, m := range metric.Metrics {
		if _, ok := values[m.Name].(float64); !ok {
			t.Errorf("the line has no number %s", m.Name)
		}
	}
	policies := ""
	for _, policy := range dev().services.all(t, "AWS::ApplicationAutoScaling::ScalingPolicy") {
		policies += plain(policy.Properties)
	}
	for _, needed := range []string{`"MetricName":"Backlog"`, `"Namespace":"` + metric.Namespace + `"`, `"Value":"` + line.Process + `"`} {
		if !strings.Contains(policies, needed) {
			t.Errorf("no scaling policy reads %s", needed)
		}
	}
}

// The page names exactly the variables that options add.
func TestOptionVariablesAreInTheContract(t *testing.T) {
	plainEnvironment := prod().services.one(t, "AWS::ECS::TaskDefinition", "/Web/").variables()
	var added []string
	for name := range full().services.one(t, "AWS::ECS::TaskDefinition", "/Web/").variables() {
		if _, ok := plainEnvironment[name]; !ok {
			added = append(added, name)
		}
	}
	slices.Sort(added)
	_, table, ok := strings.Cut(readFile(t, "docs/variables.md"), "\n## Options")
	if !ok {
		t.Fatal("docs/variables.md has no table of options")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	var written []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		written = append(written, match[1])
	}
	slices.Sort(written)
	want(t, "variables of options", added, written)
	used := slices.Collect(maps.Keys(full().services.one(t, "AWS::ECS::TaskDefinition", "/Web/").variables()))
	used = append(used, contractTable(t, config.ConnectProxy)...)
	used = append(used, contractTable(t, config.ConnectSecret)...)
	slices.Sort(used)
	want(t, "reserved variables", slices.Sorted(slices.Values(config.ReservedVariables())), slices.Compact(used))
	for _, name := range added {
		e := config.Development()
		e.Settings = map[string]string{name: "x"}
		if err := e.Validate(fixture().Processes); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a setting may take the name %s: %v", name, err)
		}
	}
}
