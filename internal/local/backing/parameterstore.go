package backing

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// show is a parameter as the API answers it; without decryption a SecureString stays unreadable.
func (a *AWS) show(p Parameter, decrypt bool) map[string]any {
	if p.Type == "SecureString" && !decrypt {
		p.Value = base64.StdEncoding.EncodeToString([]byte("encrypted " + p.Name))
	}
	return map[string]any{"Name": p.Name, "Value": p.Value, "Type": cmp.Or(p.Type, "String"), "Version": 1, "DataType": "text",
		"ARN": "arn:aws:ssm:" + a.region + ":" + a.account + ":parameter/" + strings.TrimPrefix(p.Name, "/")}
}

func (a *AWS) getParameter(in struct {
	Name           string
	WithDecryption bool
}) (any, *fault) {
	parameter, found := a.parameters[in.Name]
	if !found {
		return nil, &fault{http.StatusBadRequest, "ParameterNotFound", "there is no parameter " + in.Name}
	}
	return map[string]any{"Parameter": a.show(parameter, in.WithDecryption)}, nil
}

func (a *AWS) getParameters(in struct {
	Names          []string
	WithDecryption bool
}) (any, *fault) {
	found, missing := []any{}, []string{}
	for _, name := range in.Names {
		if parameter, ok := a.parameters[name]; ok {
			found = append(found, a.show(parameter, in.WithDecryption))
		} else {
			missing = append(missing, name)
		}
	}
	return map[string]any{"Parameters": found, "InvalidParameters": missing}, nil
}

// getParametersByPath answers pages of 10 at most, as AWS does; the token is the last name of the page before.
func (a *AWS) getParametersByPath(in struct {
	Path, NextToken           string
	Recursive, WithDecryption bool
	MaxResults                int
}) (any, *fault) {
	if !strings.HasPrefix(in.Path, "/") || in.MaxResults < 0 || in.MaxResults > 10 {
		return nil, &fault{http.StatusBadRequest, "ValidationException", "Path must begin with a slash, and MaxResults be 1 to 10"}
	}
	path, page, answer := strings.TrimSuffix(in.Path, "/")+"/", []any{}, map[string]any{}
	last := ""
	for _, name := range slices.Sorted(maps.Keys(a.parameters)) {
		rest, below := strings.CutPrefix(name, path)
		if !below || name <= in.NextToken || !in.Recursive && strings.Contains(rest, "/") {
			continue
		}
		if len(page) == cmp.Or(in.MaxResults, 10) {
			answer["NextToken"] = last
			break
		}
		page, last = append(page, a.show(a.parameters[name], in.WithDecryption)), name
	}
	answer["Parameters"] = page
	return answer, nil
}
