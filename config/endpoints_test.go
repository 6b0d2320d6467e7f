package config

import (
	"strings"
	"testing"
)

// Prevents: an endpoint with a typing error in its name, which only fails in the middle of a deployment.
func TestUnknownEndpointsAreRefused(t *testing.T) {
	for wrong, meant := range map[string]string{
		"secretmanager": "secretsmanager", "SecretsManager": "secretsmanager", "ecr-dkr": "ecr.dkr", "log": "logs", "cloudwatch": "",
		"com.amazonaws.eu-central-1.sqs": "", "": "",
	} {
		e := Development()
		e.Network.Endpoints = []string{wrong}
		if err := e.Validate(processes); err == nil || !strings.Contains(err.Error(), "did you mean "+meant) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	e := Production()
	e.Network.Endpoints = []string{"secretsmanager", "ecr.dkr", "ecr.api", "logs", "kms-fips", "ssmmessages", "monitoring", "sts"}
	if err := e.Validate(processes); err != nil {
		t.Error(err)
	}
}
