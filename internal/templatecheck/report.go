package templatecheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// validationReport is the part of cdk.out/validation-report.json that is checked.
type validationReport struct {
	PluginReports []struct {
		Violations []violation
	}
}

type violation struct {
	RuleName            string
	Description         string
	Severity            string
	ViolatingConstructs []struct{ ConstructPath string }
	ViolatingResources  []struct{ ResourceLogicalID, TemplatePath string }
}

// reported turns a validation report into problems. Warnings count: to AWS's validator, a value that no API accepts is
// only a warning. If the report does not exist, no validator has found anything.
func reported(files fs.FS) ([]Problem, error) {
	data, err := fs.ReadFile(files, "validation-report.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var report validationReport
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("validation-report.json: %w", err)
	}
	var problems []Problem
	for _, plugin := range report.PluginReports {
		for _, v := range plugin.Violations {
			if v.Severity == "informational" || v.Severity == "debug" {
				continue
			}
			problems = append(problems, Problem{
				Where:    v.places(),
				Property: v.RuleName,
				Problem:  strings.TrimSpace(v.Description),
				Remedy:   "correct it, or acknowledge it with a reason in stacks/nag/acknowledgements.go",
			})
		}
	}
	return problems, nil
}

// places lists the constructs and resources that violate a rule.
func (v violation) places() string {
	var places []string
	for _, construct := range v.ViolatingConstructs {
		places = append(places, construct.ConstructPath)
	}
	for _, resource := range v.ViolatingResources {
		places = append(places, strings.TrimSpace(resource.TemplatePath+" "+resource.ResourceLogicalID))
	}
	return strings.Join(places, ", ")
}
