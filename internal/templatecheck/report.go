package templatecheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// nagFinding is how cdk-nag begins the annotation of a finding, or of a rule that it could not evaluate.
var nagFinding = regexp.MustCompile(`^(AwsSolutions-[A-Z]+[0-9]+|CdkNagValidationFailure)\b`)

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
				Remedy:   v.remedy(),
			})
		}
	}
	return problems, nil
}

// remedy says what helps, which depends on who has found the problem. Only findings of cdk-nag can be acknowledged in
// stacks/nag; the construct library's own errors are about the code or the settings.
func (v violation) remedy() string {
	switch {
	case nagFinding.MatchString(v.Description):
		return "correct it, or acknowledge it with a reason in stacks/nag/acknowledgements.go"
	case strings.HasPrefix(v.RuleName, "Annotation::"):
		return "change the setting or the construct that it is about; what the construct library refuses cannot be acknowledged"
	default:
		return "correct the property; if AWS's validator is wrong about it, acknowledge its rule on this resource with " +
			"awscdk.Validations_Of, as stacks/data/aurora.go does"
	}
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
