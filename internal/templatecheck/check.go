package templatecheck

import (
	"errors"
	"io/fs"

	"dozen/internal/assembly"
)

// Check returns an error that lists every problem of a cloud assembly, or nil if it has none.
func Check(files fs.FS) error {
	problems, err := Problems(files)
	if err != nil {
		return err
	}
	errs := make([]error, len(problems))
	for i, problem := range problems {
		errs[i] = errors.New(problem.String())
	}
	return errors.Join(errs...)
}

// Problems checks a whole cloud assembly: every template that its manifests name, and the report of the validators that
// ran during the synthesis. Files that an earlier synthesis left in the directory do not count. The error is about an
// assembly that cannot be read.
func Problems(files fs.FS) ([]Problem, error) {
	problems, err := reported(files)
	if err != nil {
		return nil, err
	}
	whole, err := assembly.Read(files)
	if err != nil {
		return nil, err
	}
	for _, environment := range whole.Environments {
		for _, stack := range environment.Stacks {
			for _, problem := range Stack(stack) {
				problem.Where = stack.File + ": " + problem.Where
				problems = append(problems, problem)
			}
		}
	}
	return problems, nil
}
