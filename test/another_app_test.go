package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/assembly"
	"dozen/internal/gate"
	"dozen/internal/templatecheck"
)

// Build once: production runs the image that staging has tried.
func TestStagingAndProductionRunTheSameImage(t *testing.T) {
	image := func(e environment) string {
		return plain(e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").container("Image"))
	}
	want(t, "image", image(staging()), image(prod()))
	if !regexp.MustCompile(`:[0-9a-f]{64}"`).MatchString(image(prod())) {
		t.Errorf("the image %s is not named by its contents", image(prod()))
	}
}

// Another app, in another language, with other processes: nothing outside app/ may know the bundled app.
func TestAnotherAppServesAsWell(t *testing.T) {
	directory := filepath.Join(scratch(), "another")
	must(os.MkdirAll(directory, 0o755))
	for name, text := range map[string]string{
		"Procfile": "web: gunicorn shop.wsgi --bind 0.0.0.0:8080\nmail: celery -A shop worker -Q mail\n" +
			"reports: celery -A shop worker -Q reports\nrelease: python manage.py migrate\n",
		"Dockerfile": "FROM python:3.14-slim\nCOPY . /srv\nUSER 65532\nVOLUME /tmp\n",
	} {
		must(os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
	}
	app, err := config.ReadApp(os.DirFS(directory), directory, filepath.Dir(fixture().Gate))
	if err != nil {
		t.Fatal(err)
	}
	settings := config.Production()
	settings.Workers = map[string]config.Worker{
		"worker":  small(settings.Workers["worker"], 2),
		"reports": small(settings.Workers["worker"], 1),
	}
	e := synthesizeFor(t, settings, app)
	want(t, "maximum of reports", e.services.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "/Reports/").get("MaxCapacity"), 1)
	want(t, "maximum of mail", e.services.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "/Mail/").get("MaxCapacity"), 2)
	var services []string
	for _, service := range e.services.all(t, "AWS::ECS::Service") {
		services = append(services, strings.Split(service.path(), "/")[2])
	}
	want(t, "services", services, []string{"Mail", "Reports", "Web"})
	want(t, "command", e.services.one(t, "AWS::ECS::TaskDefinition", "/Reports/").container("Command"),
		[]string{"celery", "-A", "shop", "worker", "-Q", "reports"})
	want(t, "alarm", len(e.services.all(t, "AWS::CloudWatch::Alarm")), len(prod().services.all(t, "AWS::CloudWatch::Alarm"))-1+2)
	for _, tpl := range e.templates() {
		if strings.Contains(tpl.text, "dozen-app") {
			t.Error("the templates know the bundled app")
		}
		for _, problem := range templatecheck.Stack(tpl.Stack) {
			t.Error(problem)
		}
	}
}

func small(w config.Worker, maximum int) config.Worker {
	w.Max = maximum
	return w
}

// An app without a migration has no gate, and nothing waits for one.
func TestAppWithoutMigration(t *testing.T) {
	app := fixture()
	app.Processes = slices.DeleteFunc(slices.Clone(app.Processes), func(p config.Process) bool { return p.Role == config.RoleMigration })
	e := synthesizeFor(t, config.Development(), app)
	want(t, "gates", len(e.services.ofType(gate.ResourceType)), 0)
	want(t, "services", len(e.services.all(t, "AWS::ECS::Service")), 3)
}

// The image's hash must not depend on the place of the repository, or on files next to the app.
func TestImageDependsOnTheAppAlone(t *testing.T) {
	copyDirectory := filepath.Join(scratch(), "elsewhere", "app")
	must(os.CopyFS(copyDirectory, os.DirFS(fixture().Directory)))
	must(os.WriteFile(filepath.Join(scratch(), "elsewhere", "neighbour.txt"), []byte("not part of the app"), 0o644))
	must(os.WriteFile(filepath.Join(copyDirectory, "NOTES.md"), []byte("documentation"), 0o644))
	app := fixture()
	app.Directory = copyDirectory
	version := func(e environment) any {
		return e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").variables()["VERSION"]
	}
	want(t, "version elsewhere", version(synthesizeFor(t, config.Development(), app)), version(dev()))
	must(os.WriteFile(filepath.Join(copyDirectory, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644))
	if version(synthesizeFor(t, config.Development(), app)) == version(dev()) {
		t.Error("another main.go makes the same image")
	}
}

// Prevents: the local secrets in app/.env.dev, or a private key, travel to the registry with `COPY . .`, the line that everybody
// writes; and an image that is another one on each machine.
func TestSecretsOnThisMachineAreNotInTheImage(t *testing.T) {
	directory := filepath.Join(scratch(), "careless")
	write := func(name, text string) {
		file := filepath.Join(directory, filepath.FromSlash(name))
		must(os.MkdirAll(filepath.Dir(file), 0o755))
		must(os.WriteFile(file, []byte(text), 0o644))
	}
	write("Procfile", "web: python main.py\n")
	write("Dockerfile", "FROM python:3.13-slim\nCOPY . .\n")
	kept := []string{"main.py", "roots.pem", "shop/venv/models.py", "README.md"} // a package of Python may need its README
	for _, name := range kept {
		write(name, "part of the app")
	}
	secret := []string{
		".env", ".env.dev", ".env.production", "config/.env.local", ".envrc", "config/master.key", "certs/server.key", "id_rsa",
		"deploy/id_ecdsa", "deploy/id_ed25519", ".aws/credentials", ".ssh/config", ".netrc", ".git-credentials", ".pypirc",
		".git/config", ".dev/postgres/PG_VERSION", ".venv/pyvenv.cfg", "venv/pyvenv.cfg", "node_modules/x/index.js",
		"client/node_modules/x/index.js", "__pycache__/main.pyc", "shop/__pycache__/a.pyc", ".DS_Store",
	}
	app, err := config.ReadApp(os.DirFS(directory), directory, filepath.Dir(fixture().Gate))
	must(err)
	settings := config.Development()
	for name, ignore := range map[string]string{"nothing is ignored": "", "the app wants its secrets": "!**/.env.dev\n!.aws\n!**/*.key\n"} {
		_ = os.Remove(filepath.Join(directory, ".dockerignore"))
		if ignore != "" {
			write(".dockerignore", ignore)
		}
		var hashes []string
		for _, text := range []string{"a-planted-secret", "another-planted-secret"} {
			for _, file := range secret {
				write(file, text)
			}
			e := synthesizeFor(t, settings, app)
			hashes = append(hashes, strings.Trim(e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").variables()["VERSION"], `"`))
			found := 0
			must(filepath.WalkDir(e.directory, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				text, err := os.ReadFile(path)
				if strings.Contains(string(text), "planted-secret") {
					t.Errorf("%s: %s is in the assembly", name, path)
				}
				if string(text) == "part of the app" {
					found++
				}
				return err
			}))
			want(t, name+": files of the app in the assembly", found, len(kept))
		}
		want(t, name+": the image after a change of the secrets", hashes[1], hashes[0])
	}
}

// The image is built for the architecture that the tasks ask for.
func TestImageIsBuiltForARM(t *testing.T) {
	want(t, "images", len(dev().Images), 2) // the app's and the proxy's
	for _, image := range dev().Images {
		want(t, "platform", image.Platform, "linux/arm64")
	}
}

// The settings of the build reach the image that is deployed, and each change of them is another image.
func TestSettingsOfTheBuildReachTheImage(t *testing.T) {
	directory := filepath.Join(scratch(), "monorepo")
	for name, text := range map[string]string{
		"Procfile":            "web: node server.js --port $PORT\nclock: NODE_ENV=production node clock.js\n",
		"docker/web.Docker":   "ARG NODE=22\nFROM node:$NODE AS base\nVOLUME /tmp\nFROM base AS web\nCOPY . .\nFROM web AS test\nENTRYPOINT [\"npm\"]\n",
		"server.js":           "serve()",
		".dockerignore":       "docker\n",
		"dozen/cdk.out/asset": "of a synthesis before", "dozen/.build/tool": "compiled", "dozen/main.go": "package main",
	} {
		file := filepath.Join(directory, filepath.FromSlash(name))
		must(os.MkdirAll(filepath.Dir(file), 0o755))
		must(os.WriteFile(file, []byte(text), 0o644))
	}
	here, err := filepath.Abs(filepath.Join(directory, "dozen"))
	must(err)
	load := func(change func(*config.Build)) environment {
		build := config.Build{Directory: "..", Dockerfile: "docker/web.Docker", Target: "web", Args: map[string]string{"NODE": "24"}}
		change(&build)
		_, app, err := config.Load(os.DirFS(directory), build, here, filepath.Dir(fixture().Gate), nil)
		must(err)
		want(t, "warnings", len(app.Warnings), 0)
		app.Directory = directory // the tests run elsewhere
		return synthesizeFor(t, config.Development(), app)
	}
	e := load(func(*config.Build) {})
	web := e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/")
	want(t, "command", web.container("Command"), []string{"sh", "-c", "exec node server.js --port $PORT"})
	want(t, "command of clock", e.services.one(t, "AWS::ECS::TaskDefinition", "/Clock/").container("Command"),
		[]string{"sh", "-c", "NODE_ENV=production exec node clock.js"})
	want(t, "the admin's command", e.services.one(t, "AWS::ECS::TaskDefinition", "/Admin/").container("Command"), []string{"true"})
	image := imageOf(t, e, web)
	want(t, "Dockerfile", image.Dockerfile, "docker/web.Docker")
	want(t, "target", image.Target, "web")
	want(t, "arguments", image.BuildArgs["NODE"], "24")
	var files []string
	context := filepath.Join(e.directory, filepath.FromSlash(image.Directory))
	must(filepath.WalkDir(context, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(context, path)
			files = append(files, filepath.ToSlash(name))
		}
		return err
	}))
	want(t, "files", files, []string{".dockerignore", "Procfile", "docker/web.Docker", "server.js"})
	for name, change := range map[string]func(*config.Build){
		"target": func(b *config.Build) { b.Target = "base" }, "argument": func(b *config.Build) { b.Args["NODE"] = "22" },
	} {
		other := load(change)
		if hash := imageOf(t, other, other.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/")).Hash; hash == image.Hash {
			t.Errorf("another %s is the same image", name)
		}
	}
	must(os.WriteFile(filepath.Join(here, "main.go"), []byte("package main // changed"), 0o644))
	again := load(func(*config.Build) {})
	want(t, "image after a change of Dozen",
		imageOf(t, again, again.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/")).Hash, image.Hash)
}

// imageOf returns the image of a task definition's app.
func imageOf(t *testing.T, e environment, definition resource) assembly.Image {
	t.Helper()
	name := plain(definition.container("Image"))
	for _, image := range e.Images {
		if strings.Contains(name, image.Hash) {
			return image
		}
	}
	t.Fatalf("no image of %s", name)
	return assembly.Image{}
}
