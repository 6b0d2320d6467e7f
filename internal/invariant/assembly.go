package invariant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// warned are the warnings that may stand in a validation report, because they speak to the person who deploys.
var warned = []string{"Annotation::dozen:no-domain"}

// Assembly checks a whole cloud assembly: every template in it, and the report of the validators that ran while it was made.
func Assembly(assembly fs.FS) ([]Finding, error) {
	findings, err := reported(assembly)
	if err != nil {
		return nil, err
	}
	templates, err := templatesOf(assembly, ".")
	if err != nil {
		return nil, err
	}
	for _, name := range templates {
		data, err := fs.ReadFile(assembly, name)
		if err != nil {
			return nil, err
		}
		template, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, finding := range Check(template) {
			finding.Where = name + ": " + finding.Where
			findings = append(findings, finding)
		}
	}
	return findings, nil
}

// templatesOf lists the templates of an assembly and of the ones nested in it, as their manifests name them. What an earlier
// synthesis left in the directory does not count.
func templatesOf(assembly fs.FS, directory string) ([]string, error) {
	data, err := fs.ReadFile(assembly, path.Join(directory, "manifest.json"))
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Artifacts map[string]struct {
			Type       string
			Properties struct{ TemplateFile, DirectoryName string }
		}
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("%s/manifest.json: %w", directory, err)
	}
	var templates []string
	for _, id := range slices.Sorted(maps.Keys(manifest.Artifacts)) {
		artifact := manifest.Artifacts[id]
		switch artifact.Type {
		case "aws:cloudformation:stack":
			templates = append(templates, path.Join(directory, artifact.Properties.TemplateFile))
		case "cdk:cloud-assembly":
			nested, err := templatesOf(assembly, path.Join(directory, artifact.Properties.DirectoryName))
			if err != nil {
				return nil, err
			}
			templates = append(templates, nested...)
		}
	}
	return templates, nil
}

// Refuse returns an error that lists every finding in an assembly, or nil when there is none.
func Refuse(assembly fs.FS) error {
	findings, err := Assembly(assembly)
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
func reported(assembly fs.FS) ([]Finding, error) {
	data, err := fs.ReadFile(assembly, "validation-report.json")
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
