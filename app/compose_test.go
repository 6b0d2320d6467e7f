package main

import (
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"dozen/app/internal/config"
)

// composeFile is the part of compose.yaml that the tests check.
type composeFile struct {
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image string
	Build *struct {
		Context string
		Args    map[string]string
	}
	Command     []string
	Environment map[string]string
	ReadOnly    bool          `yaml:"read_only"`
	Grace       time.Duration `yaml:"stop_grace_period"`
	Ports       []string
	Volumes     []string
	Healthcheck *struct{ Test []string }
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
}

func readCompose(t *testing.T) (file composeFile) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// dockerfile returns the arguments of all lines with the instruction.
func dockerfile(t *testing.T, instruction string) (words []string) {
	t.Helper()
	lines := regexp.MustCompile(`(?m)^` + instruction + ` (\S+)$`)
	for _, match := range lines.FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		words = append(words, match[1])
	}
	if len(words) == 0 {
		t.Fatalf("the Dockerfile has no %s", instruction)
	}
	return words
}

// A newcomer's first command must not fail because a name has changed elsewhere: compose.yaml runs the Procfile's
// processes, in the Dockerfile's image, with variables that the app knows.
func TestComposeRunsTheProcfile(t *testing.T) {
	compose := readCompose(t)
	for name, service := range compose.Services {
		for _, port := range service.Ports { // Docker publishes on every address, past the machine's firewall
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("compose.yaml shows %s to the network: %s", name, port)
			}
		}
	}
	processes := 0
	for line := range strings.Lines(read(t, "Procfile")) {
		name, command, _ := strings.Cut(strings.TrimSpace(line), ": ")
		service, found := compose.Services[name]
		if !found || !slices.Equal(service.Command, strings.Fields(command)) {
			t.Errorf("compose.yaml runs %s as %q, the Procfile as %q", name, service.Command, command)
			continue
		}
		processes++
		t.Run(name, func(t *testing.T) { checkProcess(t, compose, name, service) })
	}
	if processes < 4 {
		t.Errorf("only %d processes were checked", processes)
	}
	postgres := compose.Services["postgres"].Environment["POSTGRES_PASSWORD"]
	if cfg, err := config.Load(variables{}.get); err != nil || cfg.Database.Password.Reveal() != postgres {
		t.Errorf("the database's password is %q, but that is not the app's default, %v", postgres, err)
	}
}

func checkProcess(t *testing.T, compose composeFile, name string, service composeService) {
	unset := regexp.MustCompile(`\$\{\w+:-(.*)\}`)
	values := variables{}
	example := "\n" + read(t, ".env.example") // which lists every variable that the app reads
	for variable, value := range service.Environment {
		if values[variable] = unset.ReplaceAllString(value, "$1"); !strings.Contains(example, "\n"+variable+"=") {
			t.Errorf("the app does not read %s", variable)
		}
	}
	cfg, err := config.Load(values.get)
	if err != nil {
		t.Fatal(err)
	}
	database, _ := url.Parse(cfg.Database.URL)
	cache, _ := url.Parse(cfg.Cache.URL.Reveal())
	for _, host := range []string{database.Hostname(), cache.Hostname()} {
		if compose.Services[host].Image == "" {
			t.Errorf("there is no service %q", host)
		}
	}
	for _, mount := range service.Volumes {
		volume, target, _ := strings.Cut(mount, ":")
		_, declared := compose.Volumes[volume]
		if !declared || !slices.Contains(dockerfile(t, "VOLUME"), target) || path.Dir(cfg.Storage.Path) != target {
			t.Errorf("%s: want the declared volume %q, and %q writable in the image and the parent of %s",
				mount, volume, target, cfg.Storage)
		}
	}
	if !service.ReadOnly || len(service.Volumes) != 1 || service.Grace < cfg.Drain {
		t.Errorf("read_only %t, volumes %v, grace period %s, drain %s", service.ReadOnly, service.Volumes, service.Grace, cfg.Drain)
	}
	// Only web may have a port: two tasks cannot have the same one, so the other processes could not be scaled.
	var ports []string
	if port := dockerfile(t, "EXPOSE")[0]; name == "web" {
		ports = []string{"127.0.0.1:" + port + ":" + port} // not for the network
	}
	if !slices.Equal(service.Ports, ports) {
		t.Errorf("ports %v, want %v", service.Ports, ports)
	}
	arguments := strings.Join(dockerfile(t, "ARG"), " ")
	if service.Build == nil || service.Build.Context != "." {
		t.Fatalf("builds %+v, want this directory", service.Build)
	}
	for argument := range service.Build.Args {
		if !strings.Contains(arguments, argument+"=") {
			t.Errorf("the Dockerfile has no argument %s", argument)
		}
	}
	for other, on := range service.DependsOn {
		needed, found := compose.Services[other]
		if !found || on.Condition == "service_healthy" && needed.Healthcheck == nil {
			t.Errorf("waits for %s to be %s, which never happens", other, on.Condition)
		}
	}
	if name != "release" && service.DependsOn["release"].Condition != "service_completed_successfully" {
		t.Error("does not wait for the migration")
	}
}
