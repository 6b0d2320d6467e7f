package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// filesOfThePage returns the code blocks of a page by the file that was named last before each.
func filesOfThePage(t *testing.T, page string) map[string]string {
	files, name := map[string]string{}, ""
	for i, part := range strings.Split(readFile(t, "docs/"+page+".md"), "\n```") {
		if i%2 == 0 {
			if all := regexp.MustCompile("`([\\w/.]+\\.\\w+|Procfile|Dockerfile)`").FindAllStringSubmatch(part, -1); all != nil {
				name = all[len(all)-1][1]
			}
			continue
		}
		_, text, _ := strings.Cut(part, "\n")
		files[name] = text + "\n"
	}
	return files
}

// Prevents: a page for Django that leaves out what keeps a project from running: a project as Django makes it, with the files of the
// page, keeps the contract.
func TestDjangoProjectOfThePageKeepsTheContract(t *testing.T) {
	files := filesOfThePage(t, "django")
	settings := files["config/environments.go"]
	for _, name := range []string{"Procfile", "Dockerfile", "requirements.txt", "shop/settings.py", "shop/livez.py", "shop/celery.py", "release.py"} {
		if files[name] == "" || settings == "" {
			t.Fatalf("the page has no %s", name)
		}
	}
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("installs packages from PyPI, and takes minutes")
	}
	delete(files, "config/environments.go")
	files["gunicorn.conf.py"] = exampleOfThePage(t)["gunicorn.conf.py"]
	last := files["shop/settings.py"]
	delete(files, "shop/settings.py")
	directory := cloneWith(t, files)
	damage(t, filepath.Join(directory, "config", "environments.go"), `{ return cheap("dev") }`, "{\ne := cheap(\"dev\")\n"+settings+"return e\n}")
	must(os.WriteFile(filepath.Join(directory, "app", "more.py"), []byte(last), 0o600))
	command := exec.Command("bash", "-euc", `python3 -m venv .venv
		. .venv/bin/activate
		pip install -q -r app/requirements.txt
		mkdir made
		django-admin startproject shop made
		cp made/manage.py app
		cp made/shop/*.py app/shop
		rm -r made
		cat app/more.py >>app/shop/settings.py
		echo 'from .celery import app as celery_app' >>app/shop/__init__.py
		(cd app && SECRET_KEY=build python manage.py collectstatic --noinput)
		make check ARGS=--quick`)
	command.Dir = directory
	if output, code := runQuietly(t, command, nil); code != 0 || !strings.Contains(output, " 0 failed") {
		t.Errorf("exit code %d: %s", code, output)
	}
}

// Prevents: the same for Express.
func TestExpressAppOfThePageKeepsTheContract(t *testing.T) {
	files := filesOfThePage(t, "express")
	settings := files["config/environments.go"]
	for _, name := range []string{"Procfile", "Dockerfile", "package.json", "server.js", "worker.js", "migrate.js"} {
		if files[name] == "" || settings == "" {
			t.Fatalf("the page has no %s", name)
		}
	}
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("installs packages from npm, and takes minutes")
	}
	delete(files, "config/environments.go")
	directory := cloneWith(t, files)
	damage(t, filepath.Join(directory, "config", "environments.go"), `{ return cheap("dev") }`, "{\ne := cheap(\"dev\")\n"+settings+"return e\n}")
	command := exec.Command("bash", "-euc", "(cd app; npm install --no-audit --no-fund --loglevel=error)\nmake check ARGS=--quick")
	command.Dir = directory
	if output, code := runQuietly(t, command, nil); code != 0 || !strings.Contains(output, " 0 failed") {
		t.Errorf("exit code %d: %s", code, output)
	}
}
