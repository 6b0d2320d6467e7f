package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Prevents: lines for Secrets that no synthesis accepts. App Runner names secrets by an ARN, with or without a field, and parameters
// by their ARN or name.
func TestSettingsOfAppRunnerMove(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("there is no jq")
	}
	const secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:notes-AbCdEf"
	values := `{"RuntimeEnvironmentVariables": {"MAIL_FROM": "say \"notes\""}, "RuntimeEnvironmentSecrets": {
		"WHOLE": "` + secret + `", "FIELD": "` + secret + `:key::",
		"MAIL_KEY": "arn:aws:ssm:eu-central-1:123456789012:parameter/notes/MAIL_KEY", "NAMED": "/notes/NAMED"}}`
	lines := "Settings  \"MAIL_FROM\": \"say \\\"notes\\\"\",\n" +
		"Secrets   \"WHOLE\": {ARN: \"" + secret + "\", Field: \"\"},\nSecrets   \"FIELD\": {ARN: \"" + secret + "\", Field: \"key\"},\n" +
		"Secrets   \"MAIL_KEY\": {Parameter: \"/notes/MAIL_KEY\"},\nSecrets   \"NAMED\": {Parameter: \"/notes/NAMED\"},\n"
	for answer, wanted := range map[string]string{
		`{"ImageRepository": {"ImageConfiguration": ` + values + `}}`:                            lines,
		`{"CodeRepository": {"CodeConfiguration": {"CodeConfigurationValues": ` + values + `}}}`: lines,
		`{"ImageRepository": {"ImageConfiguration": {"Port": "8080"}}}`:                          "",
	} {
		directory := t.TempDir()
		must(os.WriteFile(filepath.Join(directory, "aws"), []byte("#!/bin/sh\ncat \"$0.json\"\n"), 0o755))
		must(os.WriteFile(filepath.Join(directory, "aws.json"), []byte(`{"Service": {"SourceConfiguration": `+answer+`}}`), 0o600))
		command := exec.Command("bash", "-euc", "set -o pipefail\n"+blocksOf(t, "from-app-runner", "1. Settings", "sh")[0])
		output, code := runQuietly(t, command, []string{"PATH=" + directory + ":" + os.Getenv("PATH")})
		want(t, "exit code", code, 0)
		want(t, "the lines for "+answer, output, wanted)
	}
}
