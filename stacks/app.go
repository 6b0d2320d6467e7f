package stacks

import (
	"errors"
	"fmt"
	"io/fs"
)

// ReadApp reads the Procfile of an app's directory and makes sure that there is a Dockerfile.
func ReadApp(files fs.FS, directory, gate string) (App, error) {
	text, err := fs.ReadFile(files, "Procfile")
	if err != nil {
		return App{}, fmt.Errorf("%s/Procfile: %w; it names the app's processes, see docs/contract.md", directory, unwrapped(err))
	}
	if _, err := fs.Stat(files, "Dockerfile"); err != nil {
		return App{}, fmt.Errorf("%s/Dockerfile: %w; it builds the app's image, see docs/contract.md", directory, unwrapped(err))
	}
	processes, err := ParseProcfile(string(text))
	return App{Directory: directory, Processes: processes, Gate: gate}, err
}

// unwrapped drops the operation and path that fs errors repeat.
func unwrapped(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Validate checks every environment against the app, and all of them against each other.
func Validate(environments []Environment, app App) error {
	var problems []error
	seen := map[string]bool{}
	for _, e := range environments {
		problems = append(problems, e.Validate(app.Processes))
		if seen[e.Name] {
			problems = append(problems, fmt.Errorf("environment %q exists twice; rename one", e.Name))
		}
		seen[e.Name] = true
	}
	return errors.Join(problems...)
}
