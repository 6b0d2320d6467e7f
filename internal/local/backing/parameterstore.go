package backing

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
)

// parameterAnswer returns a parameter as the API answers it. Without decryption, a SecureString is unreadable.
func (a *AWS) parameterAnswer(p Parameter, decrypt bool) map[string]any {
	if p.Type == "SecureString" && !decrypt {
		p.Value = base64.StdEncoding.EncodeToString([]byte("encrypted " + p.Name))
	}
	return map[string]any{
		"ARN":  "arn:aws:ssm:" + a.region + ":" + a.account + ":parameter/" + strings.TrimPrefix(p.Name, "/"),
		"Name": p.Name, "Value": p.Value, "Type": cmp.Or(p.Type, "String"), "Version": 1, "DataType": "text",
	}
}

func (a *AWS) getParameter(in struct {
	Name           string
	WithDecryption bool
}) (any, *apiError) {
	parameter, found := a.parameters[in.Name]
	if !found {
		return nil, badRequest("ParameterNotFound", "there is no parameter "+in.Name)
	}
	return map[string]any{"Parameter": a.parameterAnswer(parameter, in.WithDecryption)}, nil
}

func (a *AWS) getParameters(in struct {
	Names          []string
	WithDecryption bool
}) (any, *apiError) {
	found, missing := []any{}, []string{}
	for _, name := range in.Names {
		if parameter, ok := a.parameters[name]; ok {
			found = append(found, a.parameterAnswer(parameter, in.WithDecryption))
		} else {
			missing = append(missing, name)
		}
	}
	return map[string]any{"Parameters": found, "InvalidParameters": missing}, nil
}

// getParametersByPath answers in pages of at most 10, as AWS does. The token is the last name of the previous page.
func (a *AWS) getParametersByPath(in struct {
	Path, NextToken           string
	Recursive, WithDecryption bool
	MaxResults                int
}) (any, *apiError) {
	if !strings.HasPrefix(in.Path, "/") || in.MaxResults < 0 || in.MaxResults > 10 {
		return nil, badRequest("ValidationException", "Path must begin with a slash, and MaxResults must be 1 to 10")
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
		page, last = append(page, a.parameterAnswer(a.parameters[name], in.WithDecryption)), name
	}
	answer["Parameters"] = page
	return answer, nil
}
