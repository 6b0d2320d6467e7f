package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dozen/internal/local/localtest"
)

const checkout = "../.."

// scratch is the directory for everything that these tests write. Its path is short, because it has sockets in it, and
// every user can enter it, because PostgreSQL refuses to run as root.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "dz"); err == nil {
		err = os.Chmod(scratch, 0o755)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// synthesized returns the assembly of this checkout with the fixture as its app.
func synthesized(t *testing.T) string { return assemblyOf(t, fixtureOnce) }

// bundled returns the assembly of this checkout with the bundled app, and skips the test if a team has replaced the app.
func bundled(t *testing.T) string {
	t.Helper()
	localtest.NeedsBundled(t, checkout)
	return assemblyOf(t, bundledOnce)
}

func assemblyOf(t *testing.T, once func() (string, error)) string {
	t.Helper()
	directory, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

var fixtureOnce, bundledOnce = synthesizeOnce("fixture", localtest.Fixture), synthesizeOnce("bundled", "")

func synthesizeOnce(name, app string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		directory := filepath.Join(scratch, name)
		return directory, localtest.Synthesize(directory, checkout, filepath.Join(checkout, app))
	})
}

// changed returns a copy of an assembly with other files in its image. It calls change with the directory of the build
// context.
func changed(t *testing.T, from string, change func(context string)) string {
	t.Helper()
	directory, err := os.MkdirTemp(scratch, "changed-")
	if err == nil {
		err = os.CopyFS(directory, os.DirFS(from))
	}
	if err != nil {
		t.Fatal(err)
	}
	env, err := readEnvironment(directory, "dev")
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := env.TaskDefinitions((&templates{env: env}).answer)
	if err != nil {
		t.Fatal(err)
	}
	app, err := (&templates{env: env}).app(definitions[0])
	if err != nil {
		t.Fatal(err)
	}
	before := env.Built(app).Hash
	change(filepath.Join(directory, "assembly-dev", "..", "asset."+before))
	sum := sha256.Sum256([]byte(directory))
	after := hex.EncodeToString(sum[:])
	if err := os.Rename(filepath.Join(directory, "asset."+before), filepath.Join(directory, "asset."+after)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(directory, "assembly-*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		edit(t, file, before, after)
	}
	return directory
}

// edit replaces a string in a file.
func edit(t *testing.T, file, before, after string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.ReplaceAll(string(data), before, after)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// mustEdit replaces a string that must be in the file.
func mustEdit(t *testing.T, file, before, after string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(data), before) {
		t.Fatalf("%s does not have %q: %v", file, before, err)
	}
	edit(t, file, before, after)
}

// add appends a string to a file.
func add(t *testing.T, file, text string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(data, text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// templated returns a copy of an assembly with strings replaced in dev's templates. They come in pairs, before and after, and are
// compact JSON.
func templated(t *testing.T, from string, pairs ...string) string {
	t.Helper()
	directory, err := os.MkdirTemp(scratch, "templated-")
	if err == nil {
		err = os.CopyFS(directory, os.DirFS(from))
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(directory, "assembly-dev", "*.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	before := ""
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := json.Compact(&text, data); err != nil {
			t.Fatal(err)
		}
		before += text.String()
		if err := os.WriteFile(file, []byte(strings.NewReplacer(pairs...).Replace(text.String())), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(before, pairs[i]) {
			t.Fatalf("dev's templates do not have %s", pairs[i])
		}
	}
	return directory
}
