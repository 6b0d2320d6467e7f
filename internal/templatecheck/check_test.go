package templatecheck

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// assemblyOf is an assembly with one stage, whose stack has a template.
func assemblyOf(template string) fstest.MapFS {
	const (
		stage = `{"artifacts":{"dev":{"type":"cdk:cloud-assembly","properties":{"directoryName":"assembly-dev"}}}}`
		stack = `{"artifacts":{"s":{"type":"aws:cloudformation:stack","properties":{"templateFile":"s.template.json"}}}}`
	)
	return fstest.MapFS{
		"manifest.json":                {Data: []byte(stage)},
		"assembly-dev/manifest.json":   {Data: []byte(stack)},
		"assembly-dev/s.template.json": {Data: []byte(template)},
	}
}

// reporting is an assembly with a validation report of one violation.
func reporting(rule, severity, description string) fstest.MapFS {
	files := assemblyOf(one("AWS::Logs::LogGroup", `{"RetentionInDays":7}`))
	files["assembly-dev/stale.template.json"] = &fstest.MapFile{Data: []byte(one("AWS::Logs::LogGroup", `{}`))}
	files["validation-report.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"pluginReports":[{"pluginName":"x","violations":[
		{"ruleName":%q,"severity":%q,"description":%q,
		"violatingResources":[{"resourceLogicalId":"It","templatePath":"s.template.json"}]}]}]}`, rule, severity, description)}
	return files
}

// Prevents: a remedy that cannot work. An acknowledgement of cdk-nag silences neither AWS's validator nor an error of the
// construct library.
func TestRemediesDependOnWhoReports(t *testing.T) {
	for _, report := range []struct{ rule, severity, description, remedy string }{
		{"Annotation::error-annotation", "error", "AwsSolutions-EC23: The Security Group allows", "stacks/nag/acknowledgements.go"},
		{"Annotation::warning-annotation", "warning", "CdkNagValidationFailure[AwsSolutions-EC23]: threw", "stacks/nag/acknowledgements.go"},
		{"Annotation::error-annotation", "error", "Need to perform AWS calls for account 123456789012", "cannot be acknowledged"},
		{"Annotation::@aws-cdk/x:y", "warning", "deprecated", "cannot be acknowledged"},
		{"F3021", "error", "'MasterUsername' is a dependency", "awscdk.Validations_Of"},
		{"CloudFormation-Validate::W3688", "warning", "MasterUsername is ignored", "awscdk.Validations_Of"},
	} {
		err := Check(reporting(report.rule, report.severity, report.description))
		if err == nil || !strings.Contains(err.Error(), report.remedy) ||
			strings.Contains(err.Error(), "stacks/nag") != strings.Contains(report.remedy, "stacks/nag") {
			t.Errorf("%s, %s: want %q, have: %v", report.rule, report.description, report.remedy, err)
		}
	}
}

// A warning of AWS's validator is a value that no API accepts; what is only information is allowed. Templates
// that the manifests do not name are left over from an earlier synthesis.
func TestCheckReadsTheReport(t *testing.T) {
	for _, wrong := range [][2]string{{"W3030", "warning"}, {"E3002", "error"}, {"Annotation::error-annotation", "error"}} {
		err := Check(reporting(wrong[0], wrong[1], "bad"))
		if err == nil || !strings.Contains(err.Error(), "s.template.json It: "+wrong[0]) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	if err := Check(reporting("I1", "informational", "bad")); err != nil {
		t.Error(err)
	}
}

func TestCheckReadsNestedTemplates(t *testing.T) {
	err := Check(assemblyOf(one("AWS::Logs::LogGroup", `{}`)))
	if err == nil || !strings.Contains(err.Error(), "assembly-dev/s.template.json: It: RetentionInDays") {
		t.Errorf("got %v", err)
	}
	err = Check(assemblyOf(`{"Resources":`))
	if err == nil || !strings.Contains(err.Error(), "s.template.json: not a CloudFormation template") {
		t.Errorf("got %v", err)
	}
	if err := Check(fstest.MapFS{}); err == nil {
		t.Error("a directory without an assembly passes the check")
	}
}
