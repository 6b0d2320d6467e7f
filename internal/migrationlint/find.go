package migrationlint

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// source is a file with migrations.
type source struct{ path, content string }

// installed are directories with other people's migrations, which their own tools have brought.
var installed = []string{"node_modules", "venv", "site-packages", "vendor", "target"}

// find returns the *.sql files below a directory that are migrations, in the order of their names. The ways down are none: golang-migrate's
// NAME.down.sql, and Flyway's U1__NAME.sql.
func find(dir string, is func(path, content string) bool) (found []source, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		name := filepath.Base(path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != dir && (strings.HasPrefix(name, ".") || slices.Contains(installed, name)):
			return fs.SkipDir
		case entry.IsDir(), filepath.Ext(name) != ".sql", strings.HasSuffix(name, ".down.sql"), isUndo(name):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if relative, _ := filepath.Rel(dir, path); is(relative, string(content)) {
			found = append(found, source{path, string(content)})
		}
		return nil
	})
	return found, err
}

// isUndo reports whether a file is Flyway's way down.
func isUndo(name string) bool {
	version, _, two := strings.Cut(name, "__")
	return two && len(version) > 1 && version[0] == 'U' && strings.Trim(version[1:], "0123456789._") == ""
}

// isMigration reports whether an app's SQL is a migration.
func isMigration(path, content string) bool {
	for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(path)), "/") {
		if strings.HasPrefix(part, "migrat") {
			return true
		}
	}
	return read(content).annotated
}
