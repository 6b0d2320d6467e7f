package test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// natScript is what a new NAT instance runs, with the values that CloudFormation writes into it.
func natScript(t *testing.T, e environment) string {
	t.Helper()
	template := e.data.one(t, "AWS::EC2::LaunchTemplate", "")
	text, _ := template.get("LaunchTemplateData", "UserData", "Fn::Base64", "Fn::Sub", 0).(string)
	own, _ := template.get("LaunchTemplateData", "UserData", "Fn::Base64", "Fn::Sub", 1).(map[string]any)
	pairs := []string{"${AWS::StackName}", "dozen-dev-Data", "${AWS::Region}", "eu-central-1", "${AWS::URLSuffix}", "amazonaws.com"}
	for name, value := range own {
		pairs = append(pairs, "${"+name+"}", value.(string))
	}
	script := strings.NewReplacer(pairs...).Replace(text)
	if !strings.HasPrefix(script, "#!/bin/bash\n") || strings.Contains(script, "${") {
		t.Fatalf("not a whole script: %s", script)
	}
	return script
}

// aws-cdk#36717: an instance that installs a firewall at its start has no NAT if the package manager is locked, short of
// memory or cut off. The standard image of Amazon Linux 2023 has the commands that are listed here: the release notes of its
// versions name their packages for the "Default AMI", and do not name nftables and iptables.
func TestNATInstanceInstallsNothing(t *testing.T) {
	script := natScript(t, dev())
	for line := range strings.Lines(script) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if regexp.MustCompile(`^[a-z]+$`).MatchString(command) &&
			!slices.Contains([]string{"set", "trap", "echo", "sysctl", "cat", "networkctl", "curl"}, command) {
			t.Errorf("the script uses %s", command)
		}
	}
	if found := regexp.MustCompile(`\n[^#\n]*\b(dnf|yum|rpm|install)\b.*`).FindString(script); found != "" {
		t.Errorf("the script installs: %s", found)
	}
}

// The script for real, as far as a machine without AWS can run it: systemd-networkd and the kernel are real, the network is
// made of namespaces, and D-Bus and AWS are stand-ins. The script says that it works, and a task gets through; without its
// main line it says that it does not.
func TestNATInstanceMasquerades(t *testing.T) {
	for _, needed := range []string{"unshare", "ip", "curl", "sysctl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip(err)
		}
	}
	networkd, _ := filepath.Glob("/*lib/systemd/systemd-networkd")
	if os.Geteuid() != 0 || len(networkd) == 0 || exec.Command("unshare", "--net", "--mount", "true").Run() != nil {
		t.Skip("needs Linux with systemd-networkd, and root")
	}
	script := natScript(t, dev())
	group := dev().data.one(t, "AWS::AutoScaling::AutoScalingGroup", "").ID
	for _, world := range []struct{ remove, retries, code, seen string }{
		{"", "30", "0", "10.0.0.10"},
		{"IPMasquerade=ipv4\n", "3", "[1-9][0-9]*", "nobody"},
	} {
		path := filepath.Join(t.TempDir(), "script")
		must(os.WriteFile(path, []byte(strings.Replace(script, world.remove, "", 1)), 0o600))
		ctx, done := context.WithTimeout(t.Context(), 5*time.Minute)
		defer done()
		command := exec.CommandContext(ctx, "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
			"bash", "testdata/nat_world.sh", path, os.Args[0], world.retries)
		output, err := command.CombinedOutput()
		want := regexp.MustCompile(`(?s)signal: --exit-code ` + world.code + ` --stack dozen-dev-Data --resource ` + group +
			` --region eu-central-1\n.*the internet sees ` + regexp.QuoteMeta(world.seen) + `\n$`)
		if err != nil || !want.Match(output) {
			t.Errorf("without %q: %v, and not %s:\n%s", world.remove, err, want, output)
		}
	}
}

// TestNATWorldsServer is the server of testdata/nat_world.sh, which says who asks.
func TestNATWorldsServer(t *testing.T) {
	address := os.Getenv("SERVE")
	if address == "" {
		return
	}
	t.Fatal(http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		_, _ = w.Write([]byte(host))
	})))
}
