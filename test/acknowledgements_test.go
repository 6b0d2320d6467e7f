package test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/stacks"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// acknowledged are the findings of cdk-nag that the environments accept: resource and rule, and the environments, all three if
// none is named. A new line is a decision that a reviewer sees here.
var acknowledged = map[string]string{
	"Data/Cache/Nodes AEC4":                            "dev staging",
	"Data/Cache/Nodes AEC5":                            "",
	"Data/Cache/Nodes AEC6":                            "",
	"Data/Cache/Secret SMG4":                           "",
	"Data/Database/Instance RDS10":                     "dev staging",
	"Data/Database/Instance RDS11":                     "",
	"Data/Database/Instance RDS3":                      "dev staging",
	"Data/Database/Secret SMG4":                        "dev",
	"Data/Secrets/SECRET_KEY SMG4":                     "full",
	"Data/Network/Vpc VPC7":                            "dev staging",
	"Data/Network/NAT/Group AS3":                       "dev staging",
	"Services/Admin ECS2":                              "",
	"Services/Cluster ECS4":                            "",
	"Services/LoadBalancer/Group EC23":                 "",
	"Services/PROCESS/Process/Task ECS2":               "",
	"Services/PROCESS/Process/Task/ExecutionRole IAM5": "",
	"Services/PROCESS/Process/Task/TaskRole IAM5":      "",
	"Services/Release/Role IAM5":                       "",
	"Services/ScheduledTasks/Role IAM5":                "full",
	"Services/Redeploy/Machine SF1":                    "full",
	"Services/Redeploy/Machine SF2":                    "full",
}

// processPath is a process's part of a construct path.
var processPath = regexp.MustCompile(`^Services/(Web|Worker|Scheduler|Release)/Process/`)

// Prevents: an acknowledgement that also silences what nobody has looked at. Each stands on the one resource that has the finding,
// and none without a finding; the three environments accept exactly the list above, and no finding is left.
func TestAcknowledgementsAreOnTheirResource(t *testing.T) {
	complete := config.Production()
	everything(&complete)
	complete.Name, complete.Options.ContainerInsights = "full", false
	aurora := config.Staging()
	aurora.Name, aurora.Database.Aurora, aurora.Cache.Serverless, aurora.Network.NAT = "aurora", true, true, config.NATSingle
	parts := withoutParts(config.Staging())
	parts.Name = "parts"
	for _, e := range []config.Environment{config.Development(), config.Staging(), config.Production(), complete, aurora, parts} {
		t.Run(e.Name, func(t *testing.T) {
			given, found := nagged(t, e)
			for at := range given {
				if found[at] != "Suppressed" {
					t.Errorf("%s is acknowledged and not found", at)
				}
			}
			for at, compliance := range found {
				if compliance != "Suppressed" || !given[at] {
					t.Errorf("%s is %s; acknowledged on this resource: %v", at, compliance, given[at])
				}
			}
			if e.Name == "aurora" || e.Name == "parts" {
				return
			}
			have, declared := map[string]bool{}, map[string]bool{}
			for at := range given {
				have[processPath.ReplaceAllString(at, "Services/PROCESS/Process/")] = true
			}
			for at, environments := range acknowledged {
				if environments == "" || slices.Contains(strings.Fields(environments), e.Name) {
					declared[at] = true
				}
			}
			want(t, "acknowledged", slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(declared)))
		})
	}
}

// nagged synthesizes with cdk-nag's own reports. It returns the acknowledgements in the templates' metadata, and what cdk-nag found
// on which resource: Suppressed or Non-Compliant.
func nagged(t *testing.T, e config.Environment) (given map[string]bool, found map[string]string) {
	t.Helper()
	directory := t.TempDir()
	props := stacks.AppProps()
	props.Outdir, props.Context = jsii.String(directory), cdkContext()
	cdk := awscdk.NewApp(props)
	checks := cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		Reports: jsii.Bool(true), ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_JSON},
	})
	awscdk.Aspects_Of(stacks.NewStage(cdk, e, fixture()).Stage).Add(checks, nil)
	cdk.Synth(nil)
	at := func(path, rule string) string {
		path = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(path, e.Name+"/"), "/Resource"), "/DefaultPolicy")
		rule, _, _ = strings.Cut(strings.TrimPrefix(rule, "AwsSolutions-"), "[")
		return path + " " + rule
	}
	given, found = map[string]bool{}, map[string]string{}
	synthesized := readEnvironment(e, directory)
	for _, tpl := range synthesized.templates() {
		resources, _ := changeable(tpl)["Resources"].(map[string]any)
		for _, resource := range resources {
			for _, rule := range list(dig(resource, "Metadata", "cdk_nag", "rules_to_suppress")) {
				given[at(dig(resource, "Metadata", "aws:cdk:path").(string), dig(rule, "id").(string))] = true
			}
		}
	}
	for _, line := range nagReport(t, directory) {
		if line.Compliance == "Non-Compliant" || line.Compliance == "Suppressed" {
			found[at(line.ResourceID, line.RuleID)] = line.Compliance
		}
	}
	return given, found
}

type nagLine struct {
	RuleID     string `json:"ruleId"`
	ResourceID string `json:"resourceId"`
	Compliance string `json:"compliance"`
}

func nagReport(t *testing.T, directory string) (lines []nagLine) {
	t.Helper()
	must(filepath.WalkDir(directory, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "NagReport.json") {
			return err
		}
		data, err := os.ReadFile(path)
		must(err)
		var report struct{ Lines []nagLine }
		must(json.Unmarshal(data, &report))
		lines = append(lines, report.Lines...)
		return nil
	}))
	if len(lines) < 80 {
		t.Fatalf("cdk-nag has reported only %d lines in %s", len(lines), directory)
	}
	return lines
}

// Prevents: production with every protection off that synthesizes without a word. The warnings pass the checks, and name the
// fields; the three environments as they are only warn of plain HTTP.
func TestSwitchedOffProtectionsAreWarnedOf(t *testing.T) {
	off := config.Production()
	off.DeletionProtection, off.Database.MultiAZ, off.Database.RotationDays = false, false, 0
	off.Cache.Replicas, off.Network.FlowLogs = 0, false
	fields := []string{"Cache.Replicas", "Database.MultiAZ", "Database.RotationDays", "DeletionProtection", "Network.FlowLogs"}
	want(t, "warned of", warnedFields(t, off), fields)
	for _, e := range []config.Environment{config.Development(), config.Staging(), config.Production()} {
		want(t, e.Name+" is warned of", len(warnedFields(t, e)), 0)
	}
}

var warnedField = regexp.MustCompile(`environment "\w+": (\S+) is (?:false|0): .* declare the environment Small`)

// warnedFields returns the fields that a synthesis warns of. It is none that the checks refuse.
func warnedFields(t *testing.T, e config.Environment) []string {
	t.Helper()
	if _, problems := checkedIn(t, e, func(*stacks.Stage) {}); len(problems) > 0 {
		t.Fatal(problems)
	}
	var fields []string
	warnings := config.Warnings([]config.Environment{e})
	for _, warning := range warnings {
		if found := warnedField.FindStringSubmatch(warning); found != nil {
			fields = append(fields, found[1])
		}
	}
	if len(warnings) != len(fields)+1 || !strings.Contains(warnings[len(fields)], "Without a domain") {
		t.Errorf("%s: no warning of plain HTTP: %q", e.Name, warnings)
	}
	slices.Sort(fields)
	return fields
}
