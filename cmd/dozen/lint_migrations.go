package main

import (
	"fmt"
	"strings"

	"dozen/internal/migrationlint"
)

type lintMigrations struct {
	Directories []string `arg:"" name:"dir" help:"Directories with *.sql files, also in subdirectories."`
}

// Run prints each problem: where and why, the statement, and the safe form. A directory without migrations is an error: its name
// is probably misspelt, and a check that checks nothing must not pass.
func (c *lintMigrations) Run(s *session) error {
	found, total := 0, 0
	for _, dir := range c.Directories {
		dir = strings.TrimSuffix(dir, "/...") // Go's notation for all subdirectories, which are checked anyway
		problems, files, err := migrationlint.Directories(dir)
		if err != nil {
			return err
		}
		if files == 0 {
			return fmt.Errorf("no migrations (*.sql) in %s or below; name the directory that has them", dir)
		}
		for _, problem := range problems {
			printf(s.out, "%s\n", problem)
		}
		found, total = found+len(problems), total+files
	}
	if found > 0 {
		return fmt.Errorf("%d problems in %d migrations. "+
			"Write the safe form, or put an override with its reason above the statement, one for each problem:\n"+
			"-- dozen:allow RULE: why this does not break the running release", found, total)
	}
	printf(s.out, "%d migrations, all safe for the release that is still running\n", total)
	return nil
}
