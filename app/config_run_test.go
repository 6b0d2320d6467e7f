package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/testsuite"
)

// On AWS the variables contain only ARNs, addresses and a path. The processes must fetch the rest.
func TestProcessRunsFromSecretsAndParameters(t *testing.T) {
	w := newWorld(t)
	fake := testsuite.NewAWS(t)
	fake.SetLogin(awsapi.Current, awsapi.Login{Username: "postgres", Password: "postgres"})
	fake.SetParameters(map[string]string{"/dozen/test/LOG_FORMAT": "json", "/dozen/test/WORKER_CONCURRENCY": "3",
		"/dozen/test/LOG_LEVEL": "error", "/dozen/other/PORT": "1"})
	env := variables{"PARAMETERS_PATH": "/dozen/test/", "LOG_LEVEL": "info", "POSTGRES_PASSWORD": "not this one",
		"DATABASE_URL":        strings.Replace(w.env["DATABASE_URL"], "postgres:postgres@", "", 1),
		"DATABASE_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"}
	for name, value := range fake.Variables() {
		env[name] = value
	}
	web, worker := start(t, env, "web"), start(t, env, "worker")
	web.until("/readyz", 200, 10*time.Second)
	// The number is from Parameter Store. The line is only logged because the variable LOG_LEVEL overrides the parameter.
	worker.untilLine(`"concurrency":3`, 10*time.Second)
	if lines := append(web.lines("AKIDEXAMPLE"), worker.lines("an-example")...); len(lines) > 0 {
		t.Errorf("credentials are in the log: %s", lines)
	}
}

// The first process that starts must report every problem, with the variable's name and without a stack trace.
func TestWrongConfigurationIsReported(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"worker"}, variables{"WORKER_CONCURRENCY": "many", "DRAIN_SECONDS": "0"}.get, &out)
	for _, want := range []string{`WORKER_CONCURRENCY="many"`, `DRAIN_SECONDS="0"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}
