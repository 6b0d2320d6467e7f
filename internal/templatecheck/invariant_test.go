package templatecheck

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"dozen/internal/assembly"
)

// one makes a template of a single resource.
func one(kind, properties string) string {
	return fmt.Sprintf(`{"Resources":{"It":{"Type":%q,"Properties":%s}}}`, kind, properties)
}

const container = `{"Name":"app","User":"65532","ReadonlyRootFilesystem":true,"StopTimeout":30,"LogConfiguration":{"LogDriver":"awslogs"},"PortMappings":[{"ContainerPort":8080}]}`

func definition(change ...string) string {
	return `{"NetworkMode":"awsvpc","ContainerDefinitions":[` + strings.NewReplacer(change...).Replace(container) + `]}`
}

const deployment = `"DeploymentConfiguration":{"MinimumHealthyPercent":100,"MaximumPercent":200,"DeploymentCircuitBreaker":{"Enable":true,"Rollback":true}}`

// service makes a template of a service with its task definition and its target group.
func service(containerName string, port int, targetType string) string {
	return fmt.Sprintf(`{"Resources":{
		"Task":{"Type":"AWS::ECS::TaskDefinition","Properties":%s},
		"Group":{"Type":"AWS::ElasticLoadBalancingV2::TargetGroup","Properties":{"TargetType":%q}},
		"It":{"Type":"AWS::ECS::Service","Properties":{%s,"TaskDefinition":{"Ref":"Task"},
			"LoadBalancers":[{"ContainerName":%q,"ContainerPort":%d,"TargetGroupArn":{"Ref":"Group"}}]}}}}`,
		definition(), targetType, deployment, containerName, port)
}

func group(change ...string) string {
	return one("AWS::ElastiCache::ReplicationGroup", strings.NewReplacer(change...).Replace(
		`{"Engine":"valkey","CacheNodeType":"cache.t4g.micro","NumCacheClusters":2,"AutomaticFailoverEnabled":true,"MultiAZEnabled":true,"TransitEncryptionEnabled":true,"AtRestEncryptionEnabled":true}`))
}

func policy(statement string) string {
	return one("AWS::IAM::Policy", `{"PolicyDocument":{"Statement":[`+statement+`]}}`)
}

func ingress(rule string) string {
	return one("AWS::EC2::SecurityGroup", `{"SecurityGroupIngress":[`+rule+`]}`)
}

// What is right passes; an intrinsic, which only AWS can resolve, is never held against a rule.
func TestSoundTemplatesHaveNoFindings(t *testing.T) {
	for name, template := range map[string]string{
		"empty":             `{}`,
		"service":           service("app", 8080, "ip"),
		"cache":             group(),
		"single cache":      group(`"NumCacheClusters":2`, `"NumCacheClusters":1`, `"AutomaticFailoverEnabled":true,"MultiAZEnabled":true`, `"AutomaticFailoverEnabled":false`),
		"policy":            policy(`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":{"Fn::Join":["",["a","/*"]]}}`),
		"resourceless":      policy(`{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}`),
		"deny":              policy(`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`),
		"https":             ingress(`{"CidrIp":"0.0.0.0/0","FromPort":443,"ToPort":443}`),
		"from a group":      ingress(`{"SourceSecurityGroupId":{"Ref":"Other"},"FromPort":5432,"ToPort":5432}`),
		"intrinsic values":  one("AWS::ElasticLoadBalancingV2::TargetGroup", `{"HealthCheckTimeoutSeconds":{"Ref":"P"},"HealthCheckIntervalSeconds":5}`),
		"unknown type":      one("Custom::Thing", `{"X":[{"Fn::New":1}]}`),
		"intrinsic names":   strings.NewReplacer(`"app"`, `{"Ref":"Name"}`, `8080`, `{"Ref":"Port"}`, `"ip"`, `{"Ref":"Kind"}`).Replace(service("app", 8080, "ip")),
		"intrinsic breaker": one("AWS::ECS::Service", strings.Replace("{"+deployment+"}", `{"Enable":true,"Rollback":true}`, `{"Fn::If":["C",{},{}]}`, 1)),
		"intrinsic limits":  one("AWS::ECS::TaskDefinition", definition(`"StopTimeout":30`, `"StopTimeout":{"Ref":"P"}`, `"65532"`, `{"Ref":"P"}`, `"ReadonlyRootFilesystem":true`, `"ReadonlyRootFilesystem":{"Ref":"P"}`)),
		"intrinsic cache":   group(`"valkey"`, `{"Ref":"P"}`, `"cache.t4g.micro"`, `{"Ref":"P"}`, `"TransitEncryptionEnabled":true`, `"TransitEncryptionEnabled":{"Ref":"P"}`),
		"subnets by import": one("AWS::ElasticLoadBalancingV2::LoadBalancer", `{"Subnets":{"Fn::Split":[",","x"]}}`),
	} {
		if findings := check(t, template); len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

// Each of these passes AWS's own validator and fails at deployment, or worse, does not.
func TestEveryRuleFinds(t *testing.T) {
	for wanted, template := range map[string]string{
		"LoadBalancers[0].ContainerName":                   service("web", 8080, "ip"),
		"LoadBalancers[0].ContainerPort":                   service("app", 80, "ip"),
		"LoadBalancers[0].TargetGroupArn":                  service("app", 8080, "instance"),
		"DeploymentConfiguration.DeploymentCircuitBreaker": one("AWS::ECS::Service", strings.Replace("{"+deployment+"}", `"Rollback":true`, `"Rollback":false`, 1)),
		"DeploymentConfiguration.MinimumHealthyPercent":    one("AWS::ECS::Service", strings.Replace("{"+deployment+"}", `"MinimumHealthyPercent":100,`, ``, 1)),
		"ContainerDefinitions[0].StopTimeout":              one("AWS::ECS::TaskDefinition", definition(`"StopTimeout":30`, `"StopTimeout":121`)),
		"ContainerDefinitions[0].Secrets":                  one("AWS::ECS::TaskDefinition", definition(`"StopTimeout":30`, `"StopTimeout":30,"Secrets":[{"Name":"X"}]`)),
		"ContainerDefinitions[0].User":                     one("AWS::ECS::TaskDefinition", definition(`"65532"`, `"0:0"`)),
		"ContainerDefinitions[0].ReadonlyRootFilesystem":   one("AWS::ECS::TaskDefinition", definition(`"ReadonlyRootFilesystem":true`, `"ReadonlyRootFilesystem":false`)),
		"ContainerDefinitions[0].LogConfiguration":         one("AWS::ECS::TaskDefinition", definition(`"LogConfiguration":{"LogDriver":"awslogs"},`, ``)),
		"HealthCheckTimeoutSeconds":                        one("AWS::ElasticLoadBalancingV2::TargetGroup", `{"HealthCheckTimeoutSeconds":5,"HealthCheckIntervalSeconds":5}`),
		"TargetGroupAttributes":                            one("AWS::ElasticLoadBalancingV2::TargetGroup", `{"TargetGroupAttributes":[{"Key":"stickiness.enabled","Value":"true"}]}`),
		"Subnets":                                          one("AWS::ElasticLoadBalancingV2::LoadBalancer", `{"Subnets":[{"Ref":"One"}]}`),
		"Engine":                                           group(`"valkey"`, `"valky"`),
		"CacheNodeType":                                    group(`cache.t4g.micro`, `cache.t4g.nano`),
		"AutomaticFailoverEnabled":                         group(`"NumCacheClusters":2`, `"NumCacheClusters":1`),
		"TransitEncryptionEnabled":                         group(`"TransitEncryptionEnabled":true`, `"TransitEncryptionEnabled":false`),
		"RetentionInDays":                                  one("AWS::Logs::LogGroup", `{}`),
		"SecurityGroupIngress[0]":                          ingress(`{"CidrIp":"0.0.0.0/0","FromPort":22,"ToPort":22}`),
		"CidrIp":                                           one("AWS::EC2::SecurityGroupIngress", `{"CidrIpv6":"::/0","FromPort":80,"ToPort":443}`),
		`allows "s3:*"`:                                    policy(`{"Effect":"Allow","Action":"s3:*","Resource":"arn"}`),
		`"s3:GetObjects" is not known`:                     policy(`{"Effect":"Allow","Action":"s3:GetObjects","Resource":"arn"}`),
		"allows s3:GetObject on everything":                policy(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`),
		"allows everything but what it names":              policy(`{"Effect":"Allow","NotAction":"iam:PassRole","Resource":"arn"}`),
		"Policies[0].PolicyDocument.Statement[0]":          one("AWS::IAM::Role", `{"Policies":[{"PolicyDocument":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}]}`),
		"Fn::ImportValue":                                  one("Custom::Thing", `{"A":[{"B":{"Fn::ImportValue":"x"}}]}`),
	} {
		findings := check(t, template)
		if len(findings) != 1 || !strings.Contains(findings[0].String(), wanted) || !strings.HasPrefix(findings[0].String(), "It: ") {
			t.Errorf("want %q alone, got %v", wanted, findings)
		}
	}
}

func check(t *testing.T, text string) []Finding {
	t.Helper()
	stack, err := assembly.ParseTemplate([]byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return Check(stack)
}

// A warning of AWS's validator is a value that no API takes; only the one that speaks to the reader may stand.
func TestRefuseReadsTheReport(t *testing.T) {
	report := func(rule, severity string) fstest.MapFS {
		return fstest.MapFS{
			"manifest.json":                    {Data: []byte(`{"artifacts":{"dev":{"type":"cdk:cloud-assembly","properties":{"directoryName":"assembly-dev"}}}}`)},
			"assembly-dev/manifest.json":       {Data: []byte(`{"artifacts":{"s":{"type":"aws:cloudformation:stack","properties":{"templateFile":"s.template.json"}}}}`)},
			"assembly-dev/s.template.json":     {Data: []byte(one("AWS::Logs::LogGroup", `{"RetentionInDays":7}`))},
			"assembly-dev/stale.template.json": {Data: []byte(one("AWS::Logs::LogGroup", `{}`))},
			"validation-report.json":           {Data: []byte(`{"pluginReports":[{"pluginName":"x","violations":[{"ruleName":"` + rule + `","severity":"` + severity + `","description":"bad","violatingResources":[{"resourceLogicalId":"It","templatePath":"s.template.json"}]}]}]}`)},
		}
	}
	for _, wrong := range [][2]string{{"W3030", "warning"}, {"E3002", "error"}, {"Annotation::error-annotation", "error"}} {
		err := Refuse(report(wrong[0], wrong[1]))
		if err == nil || !strings.Contains(err.Error(), "s.template.json It: "+wrong[0]) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	for _, right := range [][2]string{{"Annotation::dozen:no-domain", "warning"}, {"I1", "informational"}} {
		if err := Refuse(report(right[0], right[1])); err != nil {
			t.Errorf("%v: %v", right, err)
		}
	}
}

func TestRefuseReadsNestedTemplates(t *testing.T) {
	files := fstest.MapFS{
		"manifest.json":                {Data: []byte(`{"artifacts":{"dev":{"type":"cdk:cloud-assembly","properties":{"directoryName":"assembly-dev"}}}}`)},
		"assembly-dev/manifest.json":   {Data: []byte(`{"artifacts":{"s":{"type":"aws:cloudformation:stack","properties":{"templateFile":"s.template.json"}}}}`)},
		"assembly-dev/s.template.json": {Data: []byte(one("AWS::Logs::LogGroup", `{}`))},
	}
	if err := Refuse(files); err == nil || !strings.Contains(err.Error(), "assembly-dev/s.template.json: It: RetentionInDays") {
		t.Errorf("got %v", err)
	}
	files["assembly-dev/s.template.json"] = &fstest.MapFile{Data: []byte(`{"Resources":`)}
	if err := Refuse(files); err == nil || !strings.Contains(err.Error(), "s.template.json: not a CloudFormation template") {
		t.Errorf("got %v", err)
	}
	if err := Refuse(fstest.MapFS{}); err == nil {
		t.Error("no assembly is no finding")
	}
}

// The reader meets templates of any making and never panics.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{service("app", 8080, "ip"), group(), policy(`{"Effect":"Allow","Action":[1,null],"Resource":{}}`), ingress(`[]`), `{"Resources":{"A":{"Type":"AWS::ECS::Service","Properties":{"LoadBalancers":"x","TaskDefinition":{"Fn::GetAtt":"A.B"}}}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if stack, err := assembly.ParseTemplate([]byte(text)); err == nil {
			Check(stack)
		}
	})
}
