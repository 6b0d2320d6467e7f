package templatecheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"dozen/internal/assembly"
)

// warned are the warnings that may stand in a validation report, because they speak to the person who deploys.
var warned = []string{"Annotation::dozen:no-domain"}

// Assembly checks a whole cloud assembly: every template that its manifests name, and the report of the validators that ran
// while it was made. What an earlier synthesis left in the directory does not count.
func Assembly(files fs.FS) ([]Finding, error) {
	findings, err := reported(files)
	if err != nil {
		return nil, err
	}
	whole, err := assembly.Read(files)
	if err != nil {
		return nil, err
	}
	for _, environment := range whole.Environments {
		for _, stack := range environment.Stacks {
			for _, finding := range Check(stack) {
				finding.Where = stack.File + ": " + finding.Where
				findings = append(findings, finding)
			}
		}
	}
	return findings, nil
}

// Refuse returns an error that lists every finding in an assembly, or nil when there is none.
func Refuse(files fs.FS) error {
	findings, err := Assembly(files)
	if err != nil {
		return err
	}
	problems := make([]error, len(findings))
	for i, finding := range findings {
		problems[i] = errors.New(finding.String())
	}
	return errors.Join(problems...)
}

// validationReport is the part of cdk.out/validation-report.json that decides.
type validationReport struct {
	PluginReports []struct {
		PluginName string
		Conclusion string
		Violations []struct {
			RuleName            string
			Description         string
			Severity            string
			ViolatingConstructs []struct{ ConstructPath string }
			ViolatingResources  []struct{ ResourceLogicalID, TemplatePath string }
		}
	}
}

// reported turns a validation report into findings. Warnings count: AWS's validator calls a value that no API takes a mere
// warning. No report means that no validator had anything to say.
func reported(files fs.FS) ([]Finding, error) {
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
	var findings []Finding
	for _, plugin := range report.PluginReports {
		for _, violation := range plugin.Violations {
			if slices.Contains(warned, violation.RuleName) || violation.Severity == "informational" || violation.Severity == "debug" {
				continue
			}
			var places []string
			for _, construct := range violation.ViolatingConstructs {
				places = append(places, construct.ConstructPath)
			}
			for _, resource := range violation.ViolatingResources {
				places = append(places, strings.TrimSpace(resource.TemplatePath+" "+resource.ResourceLogicalID))
			}
			findings = append(findings, Finding{
				Where: strings.Join(places, ", "), Property: violation.RuleName,
				Problem: strings.TrimSpace(violation.Description), Remedy: "correct it, or acknowledge it with a reason in stacks/acknowledgements.go",
			})
		}
	}
	return findings, nil
}
