package assembly

import (
	"os"
	"strings"
	"testing"
	"time"
)

// services is a stack with everything that the views read, in different forms: strings for numbers, intrinsics,
// conditions.
const services = `{
	"Parameters":{"Seconds":{"Type":"Number","Default":9}},
	"Conditions":{"Yes":{"Fn::Equals":["a","a"]},"No":{"Fn::Equals":["a","b"]}},
	"Resources":{
		"Cluster":{"Type":"AWS::ECS::Cluster"},
		"Gate":{"Type":"Custom::Migration"},
		"Logs":{"Type":"AWS::Logs::LogGroup"},
		"Task":{"Type":"AWS::ECS::TaskDefinition","Properties":{"Cpu":"256","Memory":512,"RuntimePlatform":{"CpuArchitecture":"ARM64"},
			"ContainerDefinitions":[{"Name":"app","Image":{"Fn::Sub":"${AWS::AccountId}/repo:abc"},"User":"65532:65532","Essential":"false",
				"Command":["app",{"Fn::If":["No","x",{"Ref":"AWS::NoValue"}]},{"Fn::If":["Yes","web","x"]}],"EntryPoint":["/init"],
				"Environment":[{"Name":"PORT","Value":8080},{"Fn::If":["No",{"Name":"NO","Value":"1"},{"Ref":"AWS::NoValue"}]},{"Name":"DB","Value":{"Fn::GetStackOutput":{"StackName":"Data","OutputName":"Host"}}}],
				"DockerLabels":{"dozen.alias.HTTP_PORT":"PORT","team":"x"},"Secrets":[{"Name":"KEY","ValueFrom":{"Fn::Join":["",[{"Ref":"Gate"},":key::"]]}}],
				"ReadonlyRootFilesystem":true,"LinuxParameters":{"InitProcessEnabled":true,"Capabilities":{"Drop":["ALL"]}},
				"MountPoints":[{"ContainerPath":"/tmp","ReadOnly":false},{"ContainerPath":"/etc/app","ReadOnly":true}],
				"PortMappings":[{"ContainerPort":8080}],"Ulimits":[{"Name":"nproc","SoftLimit":1},{"Name":"nofile","SoftLimit":65536}],
				"StopTimeout":{"Ref":"Seconds"},"LogConfiguration":{"LogDriver":"awslogs","Options":{"awslogs-group":{"Ref":"Logs"}}}}]}},
		"Web":{"Type":"AWS::ECS::Service","DependsOn":["Gate","Nowhere"],"Metadata":{"aws:cdk:path":"dev/Services/Web/Service/Service"},
			"Properties":{"Tags":[{"Key":"Stage","Value":"x"},{"Key":"Process","Value":"web-2"}],"Cluster":{"Ref":"Cluster"},"TaskDefinition":{"Ref":"Task"},"HealthCheckGracePeriodSeconds":10,
			"DeploymentConfiguration":{"Fn::If":["Yes",{"MinimumHealthyPercent":50,"MaximumPercent":"150","DeploymentCircuitBreaker":{"Enable":true,"Rollback":true,"ResetOnHealthyTask":true,"ThresholdConfiguration":{"Type":"COUNT","Value":3}}},{"Fn::New":1}]},
			"LoadBalancers":[{"ContainerPort":8080,"TargetGroupArn":{"Ref":"Group"}}]}},
		"Scaling":{"Type":"AWS::ApplicationAutoScaling::ScalableTarget","Properties":{"MinCapacity":1,"MaxCapacity":{"Ref":"Seconds"},
			"ResourceId":{"Fn::Join":["",["service/",{"Ref":"Cluster"},"/",{"Fn::GetAtt":["Web","Name"]}]]}}},
		"Switched":{"Type":"AWS::ECS::Service","Condition":"No","Properties":{}},
		"Group":{"Type":"AWS::ElasticLoadBalancingV2::TargetGroup","Properties":{"HealthCheckPath":"/livez","HealthCheckIntervalSeconds":5,"HealthCheckTimeoutSeconds":"2",
			"HealthyThresholdCount":2,"UnhealthyThresholdCount":3,"Matcher":{"HttpCode":"200-299"},"Port":80,
			"TargetGroupAttributes":[{"Key":"stickiness.enabled","Value":"false"},{"Key":"deregistration_delay.timeout_seconds","Value":"6"}]}},
		"Balancer":{"Type":"AWS::ElasticLoadBalancingV2::LoadBalancer","Properties":{"Scheme":"internal","LoadBalancerAttributes":[{"Key":"idle_timeout.timeout_seconds","Value":"75"}]}}}}`

func TestViews(t *testing.T) {
	e := environment(t, map[string]string{"Services": services, "Data": `{"Resources":{"Db":{"Type":"T"}},"Outputs":{"Host":{"Value":{"Fn::GetAtt":["Db","Address"]}}}}`})
	definitions, err := e.TaskDefinitions(Symbolic)
	if err != nil || len(definitions) != 1 {
		t.Fatalf("%d task definitions, %v", len(definitions), err)
	}
	d := definitions[0]
	same(t, "size", []any{d.ID, d.CPU, d.MemoryMiB, d.Architecture, len(d.Containers)}, []any{"Task", 256, 512, "ARM64", 1})
	c := d.Containers[0]
	if c.LogGroup == nil || c.LogGroup.ID != "Logs" {
		t.Errorf("the log group is %v", c.LogGroup)
	}
	c.LogGroup = nil
	same(t, "container", c, Container{
		Name: "app", Image: "${AWS::AccountId}/repo:abc", Command: []string{"app", "web"}, EntryPoint: []string{"/init"}, User: "65532:65532",
		Environment: []Variable{{"PORT", "8080"}, {"DB", "${Data.Db.Address}"}}, Secrets: []Secret{{"KEY", "${Services.Gate}:key::"}},
		Aliases: map[string]string{"HTTP_PORT": "PORT"}, ReadonlyRoot: true, Init: true, Drop: []string{"ALL"}, Writable: []string{"/tmp"}, Ports: []int{8080}, OpenFiles: 65536, StopTimeout: 9 * time.Second,
	})

	all, err := e.Services(Symbolic)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d services, %v", len(all), err)
	}
	web := all[0]
	same(t, "service", []any{web.ID, web.Process, web.DesiredCount, web.MinimumHealthyPercent, web.MaximumPercent, web.HealthGrace, web.TargetPort},
		[]any{"Web", "web-2", -1, 50, 150, 10 * time.Second, 8080})
	same(t, "breaker", web.Breaker, Breaker{Enabled: true, Rollback: true, ResetOnHealthyTask: true, Failures: 3})
	same(t, "scaling", web.Scaling, Scaling{Min: 1, Max: 9})
	same(t, "what it leads to", []string{web.TaskDefinition.ID, web.Cluster.ID, web.TargetGroup.ID, web.After[0].ID}, []string{"Task", "Cluster", "Group", "Gate"})

	groups, err := e.TargetGroups(Symbolic)
	if err != nil || len(groups) != 1 {
		t.Fatalf("%d target groups, %v", len(groups), err)
	}
	groups[0].Resource = nil
	same(t, "target group", groups[0], TargetGroup{HealthPath: "/livez", HealthInterval: 5 * time.Second, HealthTimeout: 2 * time.Second,
		HealthyThreshold: 2, UnhealthyThreshold: 3, Matcher: "200-299", DeregistrationDelay: 6 * time.Second, Port: 80})
	balancers, err := e.LoadBalancers(Symbolic)
	if err != nil || len(balancers) != 1 {
		t.Fatalf("%d load balancers, %v", len(balancers), err)
	}
	balancers[0].Resource = nil
	same(t, "load balancer", balancers[0], LoadBalancer{IdleTimeout: 75 * time.Second})
}

// CloudFormation's documentation says what a missing property means. With a wrong default, a version would run here in
// another way than on AWS.
func TestDefaults(t *testing.T) {
	e := environment(t, map[string]string{"A": `{"Resources":{
		"S":{"Type":"AWS::ECS::Service","Properties":{"DeploymentConfiguration":{"DeploymentCircuitBreaker":{"ThresholdConfiguration":{"Type":"PERCENT","Value":50}}}}},
		"D":{"Type":"AWS::ECS::TaskDefinition","Properties":{"ContainerDefinitions":[{}]}},
		"G":{"Type":"AWS::ElasticLoadBalancingV2::TargetGroup"},"B":{"Type":"AWS::ElasticLoadBalancingV2::LoadBalancer"}}}`})
	s, err := e.Services(Symbolic)
	if err != nil {
		t.Fatal(err)
	}
	s[0].Resource = nil
	same(t, "service", s[0], Service{DesiredCount: -1, MinimumHealthyPercent: 100, MaximumPercent: 200})
	d, err := e.TaskDefinitions(Symbolic)
	if err != nil {
		t.Fatal(err)
	}
	d[0].Resource = nil
	same(t, "task definition", d[0], TaskDefinition{Architecture: "X86_64", Containers: []Container{{Essential: true, StopTimeout: 30 * time.Second}}})
	g, err := e.TargetGroups(Symbolic)
	if err != nil {
		t.Fatal(err)
	}
	g[0].Resource = nil
	same(t, "target group", g[0], TargetGroup{HealthPath: "/", HealthInterval: 30 * time.Second, HealthTimeout: 5 * time.Second,
		HealthyThreshold: 5, UnhealthyThreshold: 2, Matcher: "200", DeregistrationDelay: 300 * time.Second})
	b, err := e.LoadBalancers(Symbolic)
	if err != nil {
		t.Fatal(err)
	}
	b[0].Resource = nil
	same(t, "load balancer", b[0], LoadBalancer{IdleTimeout: 60 * time.Second})
}

// If a value of the wrong type became a default, it would be acted on. It is a problem instead, and all are reported at
// once.
func TestViewsReportEveryProblem(t *testing.T) {
	e := environment(t, map[string]string{"A": `{
		"Conditions":{"Odd":{"Fn::Odd":["a","a"]}},
		"Resources":{
		"D":{"Type":"AWS::ECS::TaskDefinition","Properties":{"Cpu":"1 vCPU","Memory":[1],"RuntimePlatform":"ARM64","ContainerDefinitions":[
			{"Name":{},"Command":"sh -c","Essential":"maybe","ReadonlyRootFilesystem":1,"StopTimeout":1e300,"Environment":{"A":"b"}},"container"]}},
		"S":{"Type":"AWS::ECS::Service","Properties":{"DesiredCount":1.5,"HealthCheckGracePeriodSeconds":-1,"DeploymentConfiguration":{"Fn::New":1}}},
		"T":{"Type":"AWS::ApplicationAutoScaling::ScalableTarget","Properties":{"MinCapacity":{"Fn::New":1},"ResourceId":{"Fn::Sub":"service/x/${S.Name}"}}},
		"U":{"Type":"AWS::ECS::Service","Condition":"Odd"},
		"V":{"Type":"AWS::ECS::Service","Condition":"Nowhere"}}}`})
	_, err := e.TaskDefinitions(Symbolic)
	if err == nil {
		t.Fatal("no problems")
	}
	contains(t, "task definition", err.Error(),
		`A: D (AWS::ECS::TaskDefinition): Properties.Cpu: want a whole number, got "1 vCPU"`,
		`Properties.Memory: want a whole number, got a list of 1`,
		`Properties.RuntimePlatform: want an object, got "ARM64"`,
		`Properties.ContainerDefinitions[0].Name: want a string, got an object`,
		`Properties.ContainerDefinitions[0].Command: want a list, got "sh -c"`,
		`Properties.ContainerDefinitions[0].Essential: want true or false, got "maybe"`,
		`Properties.ContainerDefinitions[0].ReadonlyRootFilesystem: want true or false, got 1`,
		`Properties.ContainerDefinitions[0].StopTimeout: want a whole number, got 1e+300`,
		`Properties.ContainerDefinitions[0].Environment: want a list, got an object`,
		`Properties.ContainerDefinitions[1]: want an object, got "container"`)
	_, err = e.Services(Symbolic)
	if err == nil {
		t.Fatal("no problems")
	}
	contains(t, "service", err.Error(),
		`A: S (AWS::ECS::Service): Properties.DesiredCount: want a whole number, got 1.5`,
		`Properties.HealthCheckGracePeriodSeconds: want a number of seconds, got -1`,
		`Properties.DeploymentConfiguration: unknown intrinsic function Fn::New`,
		`A: T (AWS::ApplicationAutoScaling::ScalableTarget): Properties.MinCapacity: unknown intrinsic function Fn::New`,
		`A: U (AWS::ECS::Service): Condition: Fn::Odd: unknown condition function`,
		`A: V (AWS::ECS::Service): Condition: the template has no condition "Nowhere"`)
	if n := strings.Count(err.Error(), "Properties.DeploymentConfiguration"); n != 1 {
		t.Errorf("one problem is reported %d times", n)
	}
}

// A property that nobody reads today may be read tomorrow: everything in our own templates resolves. Some of it splits
// answers, which must look like those of AWS.
func TestEveryPropertyOfOurTemplatesResolves(t *testing.T) {
	for _, name := range []string{"dev", "staging", "prod"} {
		templates := map[string]string{}
		for stack, part := range map[string]string{"Data": "data", "Services": "services"} {
			text, err := os.ReadFile("../../test/snapshots/" + name + "-" + part + ".json")
			if err != nil {
				t.Fatal(err)
			}
			templates["dozen-"+name+"-"+stack] = string(text)
		}
		e := environment(t, templates)
		answers := func(*Resource, string) (any, error) {
			return "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/web/0123/4567", nil
		}
		read := 0
		for _, r := range e.Resources("") {
			p := e.Read(r, answers)
			for _, key := range sortedKeys(r.Properties) {
				p.At(key).resolved()
				read++
			}
			if p.Err() != nil {
				t.Error(p.Err())
			}
		}
		if read < 400 {
			t.Errorf("%s has only %d properties", name, read)
		}
	}
}
