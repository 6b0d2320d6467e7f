package test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dozen/config"
	"dozen/stacks"
)

// policyDocument is a policy of IAM with what the documented ones use.
type policyDocument struct {
	Statement []struct {
		Effect    string
		Action    any
		Resource  any
		Principal map[string]string
	}
}

func parsePolicy(t *testing.T, text string) (policy policyDocument) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return policy
}

func oneOrMore(value any) (all []string) {
	if text, ok := value.(string); ok {
		return []string{text}
	}
	for _, entry := range list(value) {
		all = append(all, entry.(string))
	}
	return all
}

func (p policyDocument) allows(action, resource string) bool {
	for _, statement := range p.Statement {
		for _, pattern := range oneOrMore(statement.Resource) {
			// A * of IAM also matches a slash, one of path.Match does not.
			matched, err := path.Match(strings.ReplaceAll(pattern, "/", "|"), strings.ReplaceAll(resource, "/", "|"))
			if err == nil && matched && statement.Effect == "Allow" && slices.Contains(oneOrMore(statement.Action), action) {
				return true
			}
		}
	}
	return false
}

// account111 answers for AWS in account 111122223333: it knows the roles that docs/oidc-role.md makes, and two deployed stacks.
type account111 struct {
	policies  map[string]policyDocument // by role
	templates map[string]string         // by stack

	mu     sync.Mutex
	calls  []string
	denied []string
}

func (a *account111) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// The access key of a session is its role's name.
	_, role, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	role, _, _ = strings.Cut(role, "/")
	a.mu.Lock()
	defer a.mu.Unlock()
	action, resource := "cloudformation:"+r.Form.Get("Action"), "arn:aws:cloudformation:eu-west-1:111122223333:stack/"+r.Form.Get("StackName")+"/*"
	answer := ""
	switch r.Form.Get("Action") {
	case "GetCallerIdentity": // which needs no permission
		action, resource = "", ""
		answer = `<Account>111122223333</Account><Arn>arn:aws:sts::111122223333:assumed-role/` + role + `/x</Arn><UserId>x</UserId>`
	case "AssumeRole":
		action, resource = "sts:AssumeRole", r.Form.Get("RoleArn")
		answer = `<Credentials><AccessKeyId>` + path.Base(resource) + `</AccessKeyId><SecretAccessKey>x</SecretAccessKey>` +
			`<SessionToken>x</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>`
	case "DescribeStacks":
		answer = `<Stacks><member><StackName>` + r.Form.Get("StackName") + `</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>` +
			`<CreationTime>2026-11-21T03:00:00Z</CreationTime></member></Stacks>`
	case "GetTemplate":
		answer = `<TemplateBody>` + a.templates[r.Form.Get("StackName")] + `</TemplateBody>`
	}
	a.calls = append(a.calls, r.Form.Get("Action"))
	w.Header().Set("Content-Type", "text/xml")
	if action != "" && (answer == "" || !a.policies[role].allows(action, resource)) {
		a.denied = append(a.denied, fmt.Sprintf("%s: %s on %s", role, action, resource))
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
		return
	}
	name := r.Form.Get("Action")
	_, _ = fmt.Fprintf(w, "<%sResponse><%sResult>%s</%sResult></%sResponse>", name, name, answer, name, name)
}

// The job that runs unreviewed code of pull requests can read templates, and nothing else: not, as with the bootstrap's lookup
// role, the files and logs of the account.
func TestDiffRoleReadsTemplatesOnly(t *testing.T) {
	documents := documentedRoles(t)
	diff, templates := parsePolicy(t, documents["dozen-diff policy"]), parsePolicy(t, documents["dozen-templates policy"])
	want(t, "statements", []int{len(diff.Statement), len(templates.Statement)}, []int{1, 1})
	want(t, "actions of dozen-diff", oneOrMore(diff.Statement[0].Action), []string{"sts:AssumeRole"})
	want(t, "roles of dozen-diff", oneOrMore(diff.Statement[0].Resource), []string{"arn:aws:iam::*:role/dozen-templates"})
	want(t, "actions of dozen-templates", oneOrMore(templates.Statement[0].Action),
		[]string{"cloudformation:DescribeStacks", "cloudformation:GetTemplate"})
	want(t, "stacks of dozen-templates", oneOrMore(templates.Statement[0].Resource),
		[]string{"arn:aws:cloudformation:*:111122223333:stack/dozen-*/*"})
	want(t, "who may read templates", parsePolicy(t, documents["dozen-templates trust"]).Statement[0].Principal["AWS"],
		"arn:aws:iam::111122223333:role/dozen-diff")
	for _, name := range []string{"dozen-staging", "dozen-prod", "dozen-preview"} {
		if roles := oneOrMore(parsePolicy(t, documents[name+" policy"]).Statement[0].Resource); len(roles) != 4 ||
			!strings.HasSuffix(roles[0], ":role/cdk-hnb659fds-deploy-role-111122223333-eu-west-1") {
			t.Errorf("%s may assume %v", name, roles)
		}
	}
	for name, subject := range map[string]string{
		"dozen-diff": "pull_request", "dozen-staging": "ref:refs/heads/main",
		"dozen-prod": "environment:production", "dozen-preview": "environment:preview",
	} {
		if !strings.Contains(documents[name+" trust"], `:sub":"repo:org/repo:`+subject+`"`) {
			t.Errorf("%s trusts %s", name, documents[name+" trust"])
		}
	}
}

// The workflow's step, the pinned CDK and the documented roles fit together: it compares without a denied call, and without
// words that alarm.
func TestDiffNeedsTheTemplatesOnly(t *testing.T) {
	documents := documentedRoles(t)
	assembly, problems := checkedIn(t, config.Development(), func(*stacks.Stage) {})
	want(t, "problems", problems, []string(nil))
	aws := &account111{
		policies: map[string]policyDocument{
			"dozen-diff":      parsePolicy(t, documents["dozen-diff policy"]),
			"dozen-templates": parsePolicy(t, documents["dozen-templates policy"]),
		},
		templates: map[string]string{
			"dozen-dev-Data":     deployedWithout(t, assembly, "devData*.template.json", ""),
			"dozen-dev-Services": deployedWithout(t, assembly, "devServices*.template.json", "AWS::ECS::Cluster"),
		},
	}
	server := httptest.NewServer(aws)
	t.Cleanup(server.Close)
	comment, output := runDiff(t, assembly, server.URL)
	want(t, "denied calls", aws.denied, []string(nil))
	slices.Sort(aws.calls)
	want(t, "calls", slices.Compact(aws.calls), []string{"AssumeRole", "DescribeStacks", "GetCallerIdentity", "GetTemplate"})
	for _, word := range []string{"could not be", "not assumed", "Proceeding", "lookup-role", "AccessDenied"} {
		if strings.Contains(comment+output, word) {
			t.Errorf("it says %q: %s", word, output)
		}
	}
	for _, word := range []string{
		"<summary>dev</summary>", "There were no differences", "[+] AWS::ECS::Cluster", "Number of stacks with differences: 1",
	} {
		if !strings.Contains(comment, word) {
			t.Errorf("the comment does not say %q: %s", word, comment)
		}
	}
}

// deployedWithout returns a template of an assembly, as XML, without the resources of a type.
func deployedWithout(t *testing.T, assembly, file, resourceType string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(assembly, "assembly-dev", file))
	must(err)
	want(t, "templates "+file, len(files), 1)
	content, err := os.ReadFile(files[0])
	must(err)
	var template map[string]any
	must(json.Unmarshal(content, &template))
	resources := template["Resources"].(map[string]any)
	maps.DeleteFunc(resources, func(_ string, r any) bool { return dig(r, "Type") == resourceType })
	content, err = json.Marshal(template)
	must(err)
	var escaped bytes.Buffer
	must(xml.EscapeText(&escaped, content))
	return escaped.String()
}

// runDiff runs the step in a directory with an assembly, and returns the comment and what the step prints.
func runDiff(t *testing.T, assembly, endpoint string) (comment, output string) {
	t.Helper()
	directory := t.TempDir()
	must(os.CopyFS(filepath.Join(directory, "cdk.out"), os.DirFS(assembly)))
	modules, err := filepath.Abs(filepath.Join(root, "node_modules"))
	must(err)
	must(os.Symlink(modules, filepath.Join(directory, "node_modules")))
	command := exec.Command("bash", "-c", workflowStep(t, "ci.yml", "Compare every environment with what is deployed"))
	command.Dir = directory
	output, code := runQuietly(t, command, []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_ACCESS_KEY_ID=dozen-diff", "AWS_SECRET_ACCESS_KEY=x", "AWS_REGION=eu-west-1",
		"CDK_HOME=" + directory, "CDK_DISABLE_CLI_TELEMETRY=true",
	})
	if code != 0 {
		t.Fatalf("the step ends with %d: %s", code, output)
	}
	written, err := os.ReadFile(filepath.Join(directory, "comment.md"))
	must(err)
	return string(written), output
}
