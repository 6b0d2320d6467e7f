package test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"dozen/config"
)

// The tables of README.md and docs/settings.md are the code's own words: every field of Environment with its comment and its
// three values, every override, every figure. A setting that nobody can find does not exist.
func TestReadmeTablesMatchTheCode(t *testing.T) {
	if !testing.Short() { // what a change does is played
		compareText(t, "docs/settings.md", []byte(settingsPage+"\n"+settingsTable(t, nil)+buildTable(t)))
	}
	text := readFile(t, "README.md")
	for name, table := range map[string]string{"settings": settingsTable(t, examples), "overrides": overridesTable(), "figures": figuresTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("README.md has no block %s ... %s", strings.TrimSpace(begin), end)
		}
		text = before + begin + "\n" + table + "\n" + end + after
	}
	compareText(t, "README.md", []byte(text))
}

// examples are the settings that README.md shows.
var examples = []string{"Network.NAT", "Database.Class", "Database.MultiAZ", "Web.Min", `Workers["worker"].Max`}

const settingsPage = `# Every setting

The fields of an environment, with the values of the three that Dozen comes with. ` + "`config/environments.go`" + ` is the file to edit.
This page is generated from the code: ` + "`make snapshots`" + ` rewrites it.

The column "a change" says what changing the setting does to a deployed environment. Every change is played by the tests.

| words | mean |
|---|---|
| in place | what runs goes on running; another class, node type or NAT instance interrupts it for minutes |
| new tasks | the migration runs, if the image or the variables change for it; then tasks are replaced one after the other, as in a release |
| another database, another cache | a new one replaces the old one; docs/runbooks/RestoreDatabase.md |
| needs Confirm | the deployment is refused, and prints what the change does and a line; with that line in Confirm it goes ahead |
| refused | a deployed environment cannot be changed so; deploy another one, and move |

A confirmed change has no easy way back. If it fails half-way, remove the cause and deploy again. To go back instead, deploy with
` + "`npx cdk deploy --force`" + `: otherwise the command line skips the services, whose template is the deployed one.
`

// compareText holds a file of the repository against what it should be, or with -update rewrites it.
func compareText(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(root, name)
	if *update && os.Getenv("CI") != "true" {
		must(os.WriteFile(path, content, 0o644))
		return
	}
	if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, content) {
		t.Errorf("%s is not what the code says: run make snapshots (%v)", name, err)
	}
}

// settingsTable is a table of the given fields, or of all if none are given.
func settingsTable(t *testing.T, only []string) string {
	t.Helper()
	comments := fieldComments(t)
	environments := []config.Environment{config.Development(), config.Staging(), config.Production()}
	var lines []string
	var walk func(path string, values []reflect.Value)
	walk = func(path string, values []reflect.Value) {
		kind := values[0].Type()
		for i := range kind.NumField() {
			field := kind.Field(i)
			if !field.IsExported() {
				continue
			}
			inner := make([]reflect.Value, len(values))
			for j, value := range values {
				inner[j] = value.Field(i)
			}
			name := path + field.Name
			switch {
			case field.Anonymous:
				walk(path, inner)
			case field.Type.Kind() == reflect.Struct:
				walk(name+".", inner)
			case field.Type.Kind() == reflect.Map && field.Type.Elem().Kind() == reflect.Struct && inner[0].Len() > 0:
				for j := range inner {
					inner[j] = inner[j].MapIndex(reflect.ValueOf("worker"))
				}
				walk(name+`["worker"].`, inner)
			default:
				comment := comments[kind.Name()+"."+field.Name]
				if comment == "" {
					t.Errorf("%s.%s has no comment", kind.Name(), field.Name)
				}
				if only != nil && !slices.Contains(only, name) {
					continue
				}
				line := fmt.Sprintf("| `%s` | %s | %s | %s | %s |", name, shown(inner[0]), shown(inner[1]), shown(inner[2]), comment)
				if only == nil {
					line += " " + effectsOf(name) + " |"
				}
				lines = append(lines, line)
			}
		}
	}
	var values []reflect.Value
	for _, e := range environments {
		values = append(values, reflect.ValueOf(e))
	}
	walk("", values)
	if only != nil && len(lines) != len(only) {
		t.Errorf("%d of the fields %v exist", len(lines), only)
	}
	head := "| field | dev | staging | prod | meaning |\n|---|---|---|---|---|\n"
	if only == nil {
		head = "| field | dev | staging | prod | meaning | a change |\n|---|---|---|---|---|---|\n"
	}
	return head + strings.Join(lines, "\n") + "\n"
}

// buildTable is the part of docs/settings.md about the app.
func buildTable(t *testing.T) string {
	comments := fieldComments(t)
	text := "\n## The app\n\n`AppBuild` in `config/environments.go` says where the app is and how its image is built, the same for all " +
		"environments. A\nchange is another image. [Examples](bring-your-own-app.md#dozen-inside-your-repository)\n\n" +
		"| field | value | meaning |\n|---|---|---|\n"
	build := reflect.ValueOf(config.AppBuild())
	for i := range build.NumField() {
		name := build.Type().Field(i).Name
		text += fmt.Sprintf("| `Build.%s` | %s | %s |\n", name, shown(build.Field(i)), comments["Build."+name])
	}
	return text
}

// shown writes a value for a table's cell.
func shown(value reflect.Value) string {
	if duration, ok := value.Interface().(time.Duration); ok {
		return strings.Replace(regexp.MustCompile(`m0s$`).ReplaceAllString(duration.String(), "m"), "h0m", "h", 1)
	}
	if value.IsZero() && value.Kind() != reflect.Int && value.Kind() != reflect.Bool && value.Kind() != reflect.Float64 {
		return ""
	}
	return fmt.Sprint(value.Interface())
}

// fieldComments gives the comment of each field of each struct in package config, without the field's name in front.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	comments := map[string]string{}
	files, err := filepath.Glob(filepath.Join(root, "config", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if body, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range body.Fields.List {
					for _, name := range field.Names {
						comments[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
					}
				}
			}
			return true
		})
	}
	return comments
}

func overridesTable() string {
	var lines []string
	for _, o := range config.Overrides {
		lines = append(lines, fmt.Sprintf("| `DOZEN_%s`, `DOZEN_PROD_%s` | %s |", o.Key, o.Key, o.Meaning))
	}
	sort.Strings(lines)
	return "| variable, and for one environment | meaning |\n|---|---|\n" + strings.Join(lines, "\n") +
		"\n| `DOZEN_ENVIRONMENTS` | further environments, each with the one that it inherits from: `pr-123:dev,pr-124:staging` |\n"
}

func figuresTable() string {
	lines := []string{"| | dev | staging | prod |", "|---|---|---|---|"}
	row := func(name string, value func(config.Environment) any) {
		lines = append(lines, fmt.Sprintf("| %s | %v | %v | %v |", name, value(config.Development()), value(config.Staging()), value(config.Production())))
	}
	processes := fixture().Processes
	row("a rolling release of web, as far as settings control it", func(e config.Environment) any { return e.Web.ReleaseTime() })
	row("a release that never turns healthy is rolled back after", func(e config.Environment) any { return e.Web.FailedReleaseTime() })
	row("most database connections, out of the number allowed", func(e config.Environment) any {
		return fmt.Sprintf("%d of %d", e.Connections(processes), e.ConnectionBudget())
	})
	return strings.Join(lines, "\n") + "\n"
}
