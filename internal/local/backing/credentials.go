package backing

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// credentials answers as the container agent of ECS does. Only tasks know the token that it asks for.
func (a *AWS) credentials(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(a.bearer)) == 0 {
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"code": "AccessDenied", "message": "the Authorization header is not AWS_CONTAINER_AUTHORIZATION_TOKEN",
		})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"RoleArn": a.role(), "AccessKeyId": a.key, "SecretAccessKey": a.secret, "Token": a.token,
		"Expiration": time.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	})
}

func (a *AWS) role() string { return "arn:aws:iam::" + a.account + ":role/dozen" }

// xmlText is an answer in the older protocol of STS.
type xmlText string

func (a *AWS) callerIdentity() xmlText {
	return xmlText(fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`+
		`<GetCallerIdentityResult><Arn>arn:aws:sts::%s:assumed-role/dozen/task</Arn><UserId>AROADOZEN:task</UserId>`+
		`<Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, a.account, a.account))
}
