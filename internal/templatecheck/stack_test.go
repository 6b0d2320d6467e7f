package templatecheck

import (
	"fmt"
	"strings"
	"testing"

	"dozen/internal/assembly"
)

// one makes a template with a single resource.
func one(kind, properties string) string {
	return fmt.Sprintf(`{"Resources":{"It":{"Type":%q,"Properties":%s}}}`, kind, properties)
}

const container = `{"Name":"app","User":"65532","ReadonlyRootFilesystem":true,"StopTimeout":30,` +
	`"LogConfiguration":{"LogDriver":"awslogs"},"PortMappings":[{"ContainerPort":8080}]}`

func definition(change ...string) string {
	return `{"NetworkMode":"awsvpc","ContainerDefinitions":[` + strings.NewReplacer(change...).Replace(container) + `]}`
}

const deployment = `"DeploymentConfiguration":{"MinimumHealthyPercent":100,"MaximumPercent":200,` +
	`"DeploymentCircuitBreaker":{"Enable":true,"Rollback":true}}`

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
		`{"Engine":"valkey","CacheNodeType":"cache.t4g.micro","NumCacheClusters":2,"AutomaticFailoverEnabled":true,`+
			`"MultiAZEnabled":true,"TransitEncryptionEnabled":true,"AtRestEncryptionEnabled":true}`))
}

func policy(statement string) string {
	return one("AWS::IAM::Policy", `{"PolicyDocument":{"Statement":[`+statement+`]}}`)
}

func ingress(rule string) string {
	return one("AWS::EC2::SecurityGroup", `{"SecurityGroupIngress":[`+rule+`]}`)
}

// A correct template passes. An intrinsic, which only AWS can resolve, never breaks a rule.
func TestCorrectTemplatesHaveNoProblems(t *testing.T) {
	for name, template := range map[string]string{
		"empty":             `{}`,
		"service":           service("app", 8080, "ip"),
		"cache":             group(),
		"single cache":      group(`"NumCacheClusters":2`, `"NumCacheClusters":1`, `"AutomaticFailoverEnabled":true,"MultiAZEnabled":true`, `"AutomaticFailoverEnabled":false`),
		"function":          one("AWS::Lambda::Function", `{"LoggingConfig":{"LogGroup":{"Ref":"Group"}}}`),
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
		if problems := check(t, template); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// Each of these passes AWS's own validator and fails at deployment, or worse, succeeds.
func TestEveryRuleFindsItsProblem(t *testing.T) {
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
		`"s3:GetObjects" is not a known action`:            policy(`{"Effect":"Allow","Action":"s3:GetObjects","Resource":"arn"}`),
		"allows s3:GetObject on every resource":            policy(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`),
		"allows everything except what it names":           policy(`{"Effect":"Allow","NotAction":"iam:PassRole","Resource":"arn"}`),
		"Policies[0].PolicyDocument.Statement[0]":          one("AWS::IAM::Role", `{"Policies":[{"PolicyDocument":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}]}`),
		"Fn::ImportValue":                                  one("Custom::Thing", `{"A":[{"B":{"Fn::ImportValue":"x"}}]}`),
	} {
		problems := check(t, template)
		if len(problems) != 1 || !strings.Contains(problems[0].String(), wanted) || !strings.HasPrefix(problems[0].String(), "It: ") {
			t.Errorf("want only %q, got %v", wanted, problems)
		}
	}
}

func check(t *testing.T, template string) []Problem {
	t.Helper()
	stack, err := assembly.ParseTemplate([]byte(template))
	if err != nil {
		t.Fatalf("%v in %s", err, template)
	}
	return Stack(stack)
}

// No template makes the rules panic.
func FuzzStack(f *testing.F) {
	for _, seed := range []string{
		service("app", 8080, "ip"),
		group(),
		policy(`{"Effect":"Allow","Action":[1,null],"Resource":{}}`),
		ingress(`[]`),
		`{"Resources":{"A":{"Type":"AWS::ECS::Service","Properties":{"LoadBalancers":"x","TaskDefinition":{"Fn::GetAtt":"A.B"}}}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, template string) {
		if stack, err := assembly.ParseTemplate([]byte(template)); err == nil {
			Stack(stack)
		}
	})
}
