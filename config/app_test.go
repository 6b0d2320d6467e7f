package config

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func load(build Build, files fstest.MapFS) (App, error) {
	_, app, err := Load(files, build, "/home/me/shop/infra", "compiled", nil)
	return app, err
}

func usual(names ...string) fstest.MapFS {
	files := fstest.MapFS{"Procfile": {Data: []byte("web: app\nworker: app\n")}}
	for _, name := range names {
		files[name] = &fstest.MapFile{Data: []byte("ARG V\nFROM python:$V AS web\nVOLUME /tmp\nFROM web AS test\nENTRYPOINT [\"x\"]\n")}
	}
	return files
}

// Prevents: Dozen in a directory of an app makes every change of Dozen another image of the app, with its cdk.out in it.
func TestDozenIsNotInTheImage(t *testing.T) {
	for directory, want := range map[string]string{
		"..": "infra", "../..": "shop/infra", "../": "infra", "app": "", "../other": "", "../infra/app": "", "../../shop": "infra",
	} {
		app, err := load(Build{Directory: directory, Target: "web"}, usual("Dockerfile"))
		if err != nil {
			t.Fatal(err)
		}
		added := strings.Join(app.Exclude[len(NotInImage):], " ")
		if added != want || !slices.Equal(app.Exclude[:len(NotInImage)], NotInImage) {
			t.Errorf("%s: leaves out %q, want %q", directory, added, want)
		}
	}
}

// Every problem with the app's settings names the field, its value and what to write.
func TestProblemsOfTheBuild(t *testing.T) {
	for want, build := range map[string]Build{
		`Build.Directory is "": not a path relative`:                                           {},
		`Build.Directory is "/srv/app": not a path relative`:                                   {Directory: "/srv/app"},
		`Build.Directory is ".": it is Dozen's own directory`:                                  {Directory: "."},
		`Build.Directory is "app/..": it is Dozen's own directory`:                             {Directory: "app/.."},
		`Build.Dockerfile is "../Dockerfile": not a path within`:                               {Directory: "app", Dockerfile: "../Dockerfile"},
		`Build.Dockerfile is "/Dockerfile": not a path within`:                                 {Directory: "app", Dockerfile: "/Dockerfile"},
		`Build.Args["A-B"] is "A-B": not a variable's name`:                                    {Directory: "app", Args: map[string]string{"A-B": "1"}},
		`Build.Args["NPM_TOKEN"] is "...": it looks like a secret`:                             {Directory: "app", Args: map[string]string{"NPM_TOKEN": "hunter2"}},
		`Build.Args["npm_token"] is "...": it looks like a secret`:                             {Directory: "app", Args: map[string]string{"npm_token": "hunter2"}},
		`Build.Args["INDEX"] is "...": it looks like a secret`:                                 {Directory: "app", Args: map[string]string{"INDEX": "https://me:hunter2@pypi.example"}},
		`Build.Args["V"] is "${Token[T.1]}": it contains what the CDK takes`:                   {Directory: "app", Args: map[string]string{"V": "${Token[T.1]}"}},
		`app/docker/Dockerfile: file does not exist; it builds the app's image`:                {Directory: "app", Dockerfile: "docker/Dockerfile"},
		`Build.Target is "prod": ../Dockerfile has no such stage, its stages are web, test; c`: {Directory: "..", Target: "prod"},
		`app/Dockerfile:5: ENTRYPOINT ["x"]: it gets the words`:                                {Directory: "app"},
	} {
		_, err := load(build, usual("Dockerfile"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q, have: %v", want, err)
		}
	}
}

// Prevents: a worker with Celery's scheduler in it, with which each job runs as many times as there are tasks.
func TestCelerysSchedulerInAWorkerIsWarnedOf(t *testing.T) {
	for line, warned := range map[string]bool{
		"worker: celery -A shop worker -B":                true,
		"worker: celery -A shop worker --beat -c $PORT":   true,
		"worker: celery -A shop worker -l info":           false,
		"beat: celery -A shop beat -s /tmp/schedule":      false,
		"clock: celery -A shop worker -B --concurrency=1": false, // exactly one task
		"worker: build worker -B":                         false,
	} {
		files := usual("Dockerfile")
		files["Procfile"] = &fstest.MapFile{Data: []byte("web: app\n" + line + "\n")}
		app, err := load(Build{Directory: "app", Target: "web"}, files)
		if environmentsAreFine := err == nil || strings.Contains(err.Error(), `"worker"`); !environmentsAreFine {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(app.Warnings, "\n"), "Celery's scheduler"); got != warned {
			t.Errorf("%s: warned %v, want %v", line, got, warned)
		}
	}
}
