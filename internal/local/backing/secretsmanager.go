package backing

import (
	"cmp"
)

// Store stores another secret. No task may run yet.
func (a *AWS) Store(secret Secret) { a.secrets = append(a.secrets, secret) }

func (a *AWS) findSecret(id string) (Secret, *apiError) {
	for _, secret := range a.secrets {
		if id != "" && (id == secret.ARN || id == secret.Name) {
			return secret, nil
		}
	}
	return Secret{}, badRequest("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func (a *AWS) getSecretValue(in struct{ SecretId, VersionStage string }) (any, *apiError) { //nolint:revive // AWS's spelling
	const current = "AWSCURRENT" // secrets are not rotated here, so there is no other stage
	secret, failed := a.findSecret(in.SecretId)
	if failed != nil {
		return nil, failed
	}
	if stage := cmp.Or(in.VersionStage, current); stage != current {
		return nil, badRequest("ResourceNotFoundException",
			"Secrets Manager can't find the specified secret value for staging label: "+stage)
	}
	return map[string]any{
		"ARN": secret.ARN, "Name": secret.Name, "SecretString": secret.Value, "VersionStages": []string{current},
		"VersionId": "00000000-0000-0000-0000-version-" + current, // 32 characters or more, as clients may check
	}, nil
}
