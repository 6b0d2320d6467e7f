package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dozen/internal/local/localtest"
)

// Prevents: Dozen works only with an app in its own app/. Here it is infra/ in a repository that existed before, whose Procfile is
// as Heroku takes it: it is synthesized, run, released and stopped.
func TestDozenInsideAnotherApp(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	p := build(t)
	shop := filepath.Join(p.cache, "shop")
	p.checkout = filepath.Join(shop, "infra")
	copyDozen(t, p.checkout)
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(shop, name)
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if err == nil {
			err = os.WriteFile(file, []byte(text), 0o644) // readable: a container runs as another user
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("Procfile", "web: GREETING=hello node server.js --port $PORT\nclock: while :; do node clock.js; sleep 60; done\n")
	write("Dockerfile", "FROM node:24-slim\nCOPY . /srv\nWORKDIR /srv\nRUN npm ci\nVOLUME /tmp\n")
	write("server.js", server)
	write("clock.js", `console.log("tick for " + process.env.ENVIRONMENT)`+"\n")
	write("node_modules/shout/index.js", "module.exports = text => text.toUpperCase()\n") // installed, and not in the image
	write(".env.dev", "UNUSED=1\n")
	replace(t, filepath.Join(p.checkout, "config", "environments.go"), `Directory: "app"`, `Directory: ".."`)
	compiled := exec.CommandContext(localtest.Bounded(t), "go", "build", "-o", p.path, "./cmd/dozen") // with these settings
	compiled.Dir = p.checkout
	if out, err := compiled.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	synthesize := func() string {
		t.Helper()
		directory, err := os.MkdirTemp(p.checkout, "cdk.out-")
		if err == nil {
			err = localtest.Synthesize(directory, p.checkout, p.checkout)
		}
		if err != nil {
			t.Fatal(err)
		}
		return directory
	}
	first := synthesize()
	requireFiles(t, first, "Dockerfile", "Procfile", "clock.js", "server.js")
	cmd, out := p.up("dev", "--assembly", first)
	url := strings.Fields(p.must("ps"))[0]
	requireAnswer(t, url+"/", "HELLO")
	within(t, "the clock ticks", func() bool { return strings.Contains(p.must("logs", "dev", "clock"), "tick for dev") }, out)
	if said := p.must("run", "--", node, "-e", "console.log(process.env.DATABASE_URL)"); !strings.HasPrefix(said, "postgres://") {
		t.Errorf("a one-off command has %q", said)
	}
	write("server.js", strings.Replace(server, `+ ""`, `+ " again"`, 1))
	p.must("release", "dev", "--assembly", synthesize())
	requireAnswer(t, url+"/", "HELLO AGAIN")
	p.must("down", "dev")
	if err := wait(t, cmd); err != nil {
		t.Errorf("it ends with %v\n%s", err, out)
	}
	if logs := p.must("logs", "dev", "web"); strings.Count(logs, "closing") != 2 {
		t.Errorf("SIGTERM did not reach both web tasks:\n%s", logs)
	}
}

const server = `const port = Number(process.argv[3]), shout = require("shout")
const http = require("http").createServer((request, response) => {
  response.end(request.url === "/livez" ? "ok" : shout(process.env.GREETING + ""))
}).listen(port, process.env.BIND)
process.on("SIGTERM", () => { console.log("closing"); setTimeout(() => process.exit(0), 5000).unref(); http.close() })
`

// copyDozen copies what belongs to Dozen alone: a checkout without its own app.
func copyDozen(t *testing.T, to string) {
	t.Helper()
	const root = "../.."
	omitted := []string{".git", ".build", "cdk.out", "node_modules", "app", "docs", "test"}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(omitted, name) || strings.HasPrefix(name, "cdk.out")):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, info.Mode().Perm())
	})
	modules, absent := filepath.Abs(filepath.Join(root, "node_modules"))
	if err == nil && absent == nil {
		err = os.Symlink(modules, filepath.Join(to, "node_modules")) // for PostgreSQL
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "go.work"), []byte("go 1.26.0\n\nuse .\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// replace edits a file, which must have the text.
func replace(t *testing.T, file, before, after string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil && !strings.Contains(string(text), before) {
		err = fmt.Errorf("%s does not have %s", file, before)
	}
	if err == nil {
		err = os.WriteFile(file, []byte(strings.ReplaceAll(string(text), before, after)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// requireFiles requires that the image's build gets these files and no others.
func requireFiles(t *testing.T, assembly string, want ...string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(assembly, "asset.*", "Procfile"))
	if err != nil || len(found) != 1 {
		t.Fatalf("images with a Procfile: %v, %v", found, err)
	}
	var files []string
	err = filepath.WalkDir(filepath.Dir(found[0]), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(filepath.Dir(found[0]), path)
			files = append(files, name)
		}
		return err
	})
	if err != nil || !slices.Equal(files, want) {
		t.Errorf("the image is built from %v, %v, want %v", files, err, want)
	}
}

func requireAnswer(t *testing.T, url, want string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != want {
		t.Errorf("%s answers %d %q, %v, want %q", url, response.StatusCode, body, err, want)
	}
}
