package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Build says where the app is and how its image is built. There is one for all environments, because they run the same image.
type Build struct {
	// Directory of the app, relative to Dozen's own: app, or .. for a Dozen that lies in a directory of the app, such as infra/. It is
	// the context of the image's build, and has the Procfile.
	Directory string
	// Dockerfile is a path within Directory; empty: Dockerfile.
	Dockerfile string
	// Target is the stage of the Dockerfile to build; empty: the last one.
	Target string
	// Args are values for the Dockerfile's ARG instructions. Everybody who has the image can read them, so they may not be secrets.
	Args map[string]string
}

// App is the application to deploy: its sources, and what is compiled to run with it.
type App struct {
	Build
	Exclude   []string  // what never enters the image, as in a .dockerignore: NotInImage, and Dozen itself
	Processes []Process // from its Procfile
	Gate      string    // directory with the gate's bootstrap binary
	Proxy     string    // directory with the proxy's binary and Dockerfile
	Warnings  []string  // about its files: what may fail on AWS
}

// Workers are the processes that work on jobs.
func (a App) Workers() (workers []Process) {
	for _, process := range a.Processes {
		if process.Role == RoleWorker {
			workers = append(workers, process)
		}
	}
	return workers
}

// NotInImage are the files of an app that never enter its image or its hash, whatever the app's .dockerignore says: what may hold
// secrets, and what a machine has installed or written. They are patterns as in a .dockerignore. A file *.pem may enter, because
// most of them are public certificates; so may what a Dockerfile may want to copy, such as target/, build/ and dist/.
var NotInImage = []string{
	// secrets
	"**/.env", "**/.env.*", "**/.envrc", "**/*.key", "**/*.p12", "**/*.pfx", "**/id_rsa", "**/id_ecdsa", "**/id_ed25519",
	"**/.aws", "**/.ssh", "**/.gnupg", "**/.kube", "**/.docker/config.json", "**/.netrc",
	"**/.pgpass", "**/.git-credentials", "**/.pypirc", "**/.bundle",
	"**/*.tfstate", "**/*.tfstate.*", "**/.terraform",
	// repositories, and what a machine has installed or written
	"**/.git", "**/.hg", "**/.svn", "**/.dev", "**/.DS_Store", "**/.idea", "**/cdk.out",
	"**/.venv", "venv", "**/__pycache__", "**/.tox", "**/.nox", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache",
	"**/node_modules", "**/.next/cache", "**/.turbo", "**/.parcel-cache", "**/.nyc_output", "**/.npm", "**/.pnpm-store",
	"**/vendor/bundle", "tmp/cache", "log/*.log", "**/.gradle", "**/.m2", "**/_build", "**/.elixir_ls",
}

// ReadApp reads the Procfile and the Dockerfile of an app that is built in the usual way.
func ReadApp(files fs.FS, directory, compiled string) (App, error) {
	return App{Build: Build{Directory: directory}, Exclude: NotInImage}.read(files, compiled)
}

// read reads the app's files, which are those of its directory. What is compiled lies in gate and proxy below compiled.
func (a App) read(files fs.FS, compiled string) (App, error) {
	a.Gate, a.Proxy = filepath.Join(compiled, "gate"), filepath.Join(compiled, "proxy")
	procfile, err := fs.ReadFile(files, "Procfile")
	if err != nil {
		return a, fmt.Errorf("%s: %w; it names the app's processes, see docs/contract.md", a.at("Procfile"), withoutPath(err))
	}
	dockerfile, err := fs.ReadFile(files, a.dockerfile())
	if err != nil {
		return a, fmt.Errorf("%s: %w; it builds the app's image, see docs/contract.md", a.at(a.dockerfile()), withoutPath(err))
	}
	processes, err := ParseProcfile(string(procfile))
	a.Processes = processes
	a.Warnings = embeddedBeats(processes)
	warnings, wrong := a.checkDockerfile(string(dockerfile), files)
	a.Warnings = append(a.Warnings, warnings...)
	return a, errors.Join(err, wrong)
}

// dockerfile is the path of the Dockerfile within the app's directory.
func (b Build) dockerfile() string {
	if b.Dockerfile == "" {
		return "Dockerfile"
	}
	return b.Dockerfile
}

// at names a file of the app in a message.
func (b Build) at(file string) string { return path.Join(filepath.ToSlash(b.Directory), file) }

// except returns the app without Dozen's own directory, if that lies within the app's. Both paths are absolute.
func (a App) except(dozen string) App {
	inside, err := filepath.Rel(filepath.Join(dozen, a.Directory), dozen)
	if err == nil && inside != "." && filepath.IsLocal(inside) {
		a.Exclude = append(slices.Clone(a.Exclude), filepath.ToSlash(inside))
	}
	return a
}

var argumentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// problems returns everything that is wrong with the settings themselves.
func (b Build) problems() error {
	var p problems
	b.validate(&p)
	var all []error
	for _, found := range p.found {
		all = append(all, fmt.Errorf("%s (AppBuild in config/environments.go)", found.text))
	}
	return errors.Join(all...)
}

func (b Build) validate(p *problems) {
	p.require(b.Directory != "" && !filepath.IsAbs(b.Directory) && unfit(b.Directory) == "",
		"Build.Directory", b.Directory, "not a path relative to Dozen's directory, which is the same on every machine",
		`write one such as "app" or ".."`)
	p.require(b.Directory == "" || path.Clean(filepath.ToSlash(b.Directory)) != ".",
		"Build.Directory", b.Directory, "it is Dozen's own directory, which never enters the image",
		`move the app into app/, or Dozen into a directory of the app and write ".."`)
	p.require(fs.ValidPath(b.dockerfile()) && unfit(b.dockerfile()) == "",
		"Build.Dockerfile", b.Dockerfile, "not a path within Build.Directory", `write one such as "docker/Dockerfile"`)
	for _, name := range slices.Sorted(maps.Keys(b.Args)) {
		field := fmt.Sprintf("Build.Args[%q]", name)
		p.require(argumentName.MatchString(name), field, name, "not a variable's name", "use letters, digits and _")
		if looksSecret(strings.ToUpper(name), b.Args[name]) {
			p.require(false, field, "...", "it looks like a secret, and everybody who has the image can read the arguments of its build",
				"let the app read it when it starts (Secrets)")
			continue
		}
		p.requireLiteral(field, b.Args[name])
	}
	p.requireLiteral("Build.Target", b.Target)
}

// embeddedBeats warns of a Celery worker that is its own scheduler: each of its tasks would start every scheduled job.
func embeddedBeats(processes []Process) (warnings []string) {
	for _, p := range processes {
		words := strings.Fields(strings.Join(p.Command, " "))
		has := func(names ...string) bool {
			return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(names, word) })
		}
		if p.Role == RoleWorker && has("celery") && has("worker") && has("-B", "--beat") {
			warnings = append(warnings, fmt.Sprintf("Procfile: each task of %s runs Celery's scheduler, and would start every scheduled "+
				"job. Remove %s, and add a line such as `beat: celery -A NAME beat -s /tmp/schedule`.", p.Name, "-B or --beat"))
		}
	}
	return warnings
}

// withoutPath drops the operation and path that fs errors repeat.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
