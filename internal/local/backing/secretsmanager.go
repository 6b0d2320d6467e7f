package backing

import (
	"cmp"
	"net/http"
	"slices"
)

// PutSecret adds a secret, or replaces the one with its ARN: a rotation, for example.
func (a *AWS) PutSecret(secret Secret) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secrets = append(slices.DeleteFunc(slices.Clone(a.secrets), func(s Secret) bool { return s.ARN == secret.ARN }), secret)
}

func (a *AWS) findSecret(id string) (Secret, *fault) {
	for _, secret := range a.secrets {
		if id != "" && (id == secret.ARN || id == secret.Name) {
			return secret, nil
		}
	}
	return Secret{}, &fault{http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
}

func (a *AWS) getSecretValue(in struct{ SecretId, VersionStage string }) (any, *fault) { //nolint:revive // AWS's spelling
	secret, problem := a.findSecret(in.SecretId)
	if problem != nil {
		return nil, problem
	}
	stage := cmp.Or(in.VersionStage, "AWSCURRENT")
	value, found := secret.Stages[stage]
	if !found {
		return nil, &fault{http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: " + stage}
	}
	return map[string]any{"ARN": secret.ARN, "Name": secret.Name, "SecretString": value, "VersionStages": []string{stage}, "VersionId": version(stage)}, nil
}

func (a *AWS) describeSecret(in struct{ SecretId string }) (any, *fault) { //nolint:revive // AWS's spelling
	secret, problem := a.findSecret(in.SecretId)
	if problem != nil {
		return nil, problem
	}
	stages := map[string][]string{}
	for stage := range secret.Stages {
		stages[version(stage)] = []string{stage}
	}
	return map[string]any{"ARN": secret.ARN, "Name": secret.Name, "VersionIdsToStages": stages}, nil
}

// version is a stage's version id: 32 characters at least, as clients may check.
func version(stage string) string { return "00000000-0000-0000-0000-version-" + stage }
