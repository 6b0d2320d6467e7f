package main

import (
	"fmt"
	"strings"

	"dozen/internal/migrationlint"
)

type lintMigrations struct {
	Directories []string `arg:"" name:"dir" help:"Directories with *.sql; what is below them counts too."`
}

// Run prints one line for each finding. A directory without migrations is an error: it is misspelt more often than it is
// empty, and a check that checks nothing must not be green.
func (c *lintMigrations) Run(s *session) error {
	found, total := 0, 0
	for _, dir := range c.Directories {
		dir = strings.TrimSuffix(dir, "/...") // as Go writes "and everything below", which is meant anyway
		findings, files, err := migrationlint.Directories(dir)
		if err != nil {
			return err
		}
		if files == 0 {
			return fmt.Errorf("no migrations (*.sql) below %s: give the directory that holds them", dir)
		}
		for _, finding := range findings {
			say(s.out, "%s\n", finding)
		}
		found, total = found+len(findings), total+files
	}
	if found > 0 {
		return fmt.Errorf("%d findings in %d migrations. Write the safe form, or put an override with its reason above the statement:\n-- dozen:allow RULE: why the running release does not mind", found, total)
	}
	say(s.out, "%d migrations, all safe for the release that is still running\n", total)
	return nil
}
