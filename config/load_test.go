package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

// Prevents: a first evening of mistakes that are reported one after the other, each after another synthesis.
func TestAllProblemsAtOnce(t *testing.T) {
	app := fstest.MapFS{"Procfile": {Data: []byte("web app\nwork-er-: app\n")}, "Dockerfile": {Data: []byte("FROM python\nVOLUME /tmp\n")}}
	_, _, err := Load(app, AppBuild(), "/dozen", "gate", []string{"DOZEN_FOO=1", "DOZEN_REGION=Frankfurt", "DOZEN_ENVIRONMENTS=pr-1"})
	if err == nil {
		t.Fatal("no problem is reported")
	}
	for _, part := range []string{"line 1 of the Procfile", "DOZEN_FOO is set", `DOZEN_ENVIRONMENTS has "pr-1"`, `"dev", "staging", "prod": Region is "Frankfurt"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in:\n%v", part, err)
		}
	}
}

// An app that cannot be read causes no further problems: no process is missing for an entry of Workers.
func TestUnknownProcessesAreNotChecked(t *testing.T) {
	_, _, err := Load(fstest.MapFS{"Dockerfile": {}}, AppBuild(), "/dozen", "gate", nil)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "app/Procfile") {
		t.Errorf("want one problem with the Procfile, got %v", err)
	}
}
