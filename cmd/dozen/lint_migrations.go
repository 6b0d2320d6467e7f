package main

import (
	"io"
	"strings"

	"dozen/internal/migrationlint"
)

// lintMigrations prints one line for each finding. A directory without migrations is an error: it is misspelt more
// often than it is empty, and a check that checks nothing must not be green.
func lintMigrations(args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		usage(errs)
		return misused
	}
	found, total := 0, 0
	for _, dir := range args {
		dir = strings.TrimSuffix(dir, "/...") // as Go writes "and everything below", which is meant anyway
		findings, files, err := migrationlint.Directories(dir)
		if err == nil && files == 0 {
			say(errs, "dozen: no migrations (*.sql) below %s: give the directory that holds them\n", dir)
			return misused
		}
		if err != nil {
			say(errs, "dozen: %v\n", err)
			return misused
		}
		for _, finding := range findings {
			say(out, "%s\n", finding)
		}
		found, total = found+len(findings), total+files
	}
	if found > 0 {
		say(errs, "%d findings in %d migrations. Write the safe form, or put an override with its reason above the statement:\n-- dozen:allow RULE: why the running release does not mind\n", found, total)
		return refused
	}
	say(out, "%d migrations, all safe for the release that is still running\n", total)
	return ok
}
