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

// A warning of AWS's validator is a value that no API accepts; what is only information is allowed.
// Templates that the manifests do not name are left over from an earlier synthesis.
func TestCheckReadsTheReport(t *testing.T) {
	report := func(rule, severity string) fstest.MapFS {
		files := assemblyOf(one("AWS::Logs::LogGroup", `{"RetentionInDays":7}`))
		files["assembly-dev/stale.template.json"] = &fstest.MapFile{Data: []byte(one("AWS::Logs::LogGroup", `{}`))}
		files["validation-report.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"pluginReports":[{"pluginName":"x","violations":[
			{"ruleName":%q,"severity":%q,"description":"bad",
			"violatingResources":[{"resourceLogicalId":"It","templatePath":"s.template.json"}]}]}]}`, rule, severity)}
		return files
	}
	for _, wrong := range [][2]string{{"W3030", "warning"}, {"E3002", "error"}, {"Annotation::error-annotation", "error"}} {
		err := Check(report(wrong[0], wrong[1]))
		if err == nil || !strings.Contains(err.Error(), "s.template.json It: "+wrong[0]) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	if err := Check(report("I1", "informational")); err != nil {
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
