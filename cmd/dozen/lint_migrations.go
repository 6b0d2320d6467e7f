package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"dozen/internal/migrationlint"
)

type lintMigrations struct {
	Directories    []string `arg:"" optional:"" name:"dir" help:"Directories with *.sql files, also in subdirectories; - reads SQL from the standard input. By default, the migrations of the app."`
	LockTimeoutSet bool     `help:"The connection sets lock_timeout for every migration, by its options or in the settings of its role."`
}

// Run prints each problem: where and why, the statement, and the safe form. A directory without migrations is an error: its name
// is probably misspelt, and a check that checks nothing must not pass. The app may have none.
func (c *lintMigrations) Run(s *session) error {
	settings := migrationlint.Settings{LockTimeoutIsSet: c.LockTimeoutSet}
	if len(c.Directories) == 0 {
		return c.app(s, settings)
	}
	var found []migrationlint.Problem
	total := 0
	for _, dir := range c.Directories {
		dir = strings.TrimSuffix(dir, "/...") // Go's notation for all subdirectories, which are checked anyway
		problems, files, err := lint(s, settings, dir)
		if err != nil {
			return err
		}
		if files == 0 {
			return fmt.Errorf("no migrations (*.sql) in %s or below; name the directory that has them", dir)
		}
		found, total = append(found, problems...), total+files
	}
	return report(s, found, total)
}

// lint lints a directory, or the standard input.
func lint(s *session, settings migrationlint.Settings, dir string) (problems []migrationlint.Problem, files int, err error) {
	if dir != "-" {
		return settings.Directory(dir)
	}
	text, err := io.ReadAll(s.in)
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = fmt.Errorf("the standard input is empty: the command before the pipe has printed no SQL")
	}
	return settings.Text("standard input", string(text)), 1, err
}

// app lints the migrations of the app.
func (c *lintMigrations) app(s *session, settings migrationlint.Settings) error {
	problems, files, err := settings.App(filepath.Join(s.directory, "app"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if files > 0 {
		return report(s, problems, files)
	}
	printf(s.out, "no migrations in SQL in app/: nothing was linted\n")
	for _, tool := range tools {
		if matches, _ := filepath.Glob(filepath.Join(s.directory, "app", tool.file)); len(matches) > 0 {
			printf(s.out, "%s: %s\n", tool.name, tool.remedy)
		}
	}
	return nil
}

// tools write migrations in a language that this linter does not read.
var tools = []struct{ name, file, remedy string }{
	{"Django", "manage.py", "in app/, python manage.py sqlmigrate APP MIGRATION | dozen lint-migrations -"},
	{"Alembic", "alembic.ini", "in app/, alembic upgrade FROM:TO --sql | dozen lint-migrations -"},
	{"Rails", "db/migrate/*.rb", "it prints no SQL before it runs; the gem strong_migrations checks its migrations"},
	{"Knex", "knexfile.*", "it prints no SQL before it runs, so that nothing checks its migrations; a reviewer has to"},
}

// report prints the problems.
func report(s *session, problems []migrationlint.Problem, files int) error {
	for _, problem := range problems {
		printf(s.out, "%s\n", problem)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems in %d migrations. "+
			"Write the safe form, or put an override with its reason above the statement, one for each problem:\n"+
			"-- dozen:allow RULE: why this does not break the running release", len(problems), files)
	}
	printf(s.out, "%d migrations, all safe for the release that is still running\n", files)
	return nil
}
