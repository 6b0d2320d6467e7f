package test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/cloudformation"
	"dozen/stacks"
)

var (
	publicSubnets  = []string{"subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"}
	privateSubnets = []string{"subnet-0cccccccccccccccc", "subnet-0dddddddddddddddd"}
)

const (
	existingDatabaseLogin = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
	existingCacheLogin    = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:cache-GhIjKl"
)

func attachNetwork(e *config.Environment) {
	e.Network = config.Network{Existing: &config.ExistingNetwork{
		VPCID: "vpc-0123456789abcdef0", Zones: []string{"eu-west-1a", "eu-west-1b"},
		PublicSubnetIDs: publicSubnets, PrivateSubnetIDs: privateSubnets,
	}}
}

func attachDatabase(e *config.Environment) {
	attachNetwork(e)
	e.Database = config.Database{Existing: &config.ExistingDatabase{
		Host: "shop.abc.eu-west-1.rds.amazonaws.com", Port: 5433, Name: "shop", Connections: 300,
		SecretARN: existingDatabaseLogin, KeyARN: key, SecurityGroupID: "sg-0123456789abcdef0",
	}}
}

func attachCache(e *config.Environment) {
	attachNetwork(e)
	e.Cache = config.Cache{Existing: &config.ExistingCache{
		Host: "shop.abc.cache.amazonaws.com", Port: 6380, SecretARN: existingCacheLogin, SecurityGroupID: "sg-0fedcba9876543210",
	}}
}

// What exists is used and not made: no part of a network, no server and no login is in the templates, no alarm watches what has
// another owner, and what processes get leads to it. The result passes every check, and deploys.
func TestEverythingAttached(t *testing.T) {
	settings := config.Production()
	attachDatabase(&settings)
	attachCache(&settings)
	settings.Options.Dashboard = true
	directory, problems := checkedIn(t, settings, func(*stacks.Stage) {})
	for _, problem := range problems {
		t.Error(problem)
	}
	e := readEnvironment(settings, directory)
	own := regexp.MustCompile(`^AWS::(EC2|RDS|ElastiCache|SecretsManager)::`)
	for _, r := range e.data.resources() {
		if own.MatchString(r.Type) {
			t.Errorf("the data stack makes %s (%s)", r.ID, r.Type)
		}
	}
	if found := regexp.MustCompile(`AWS/(RDS|ElastiCache)"`).FindString(e.services.text); found != "" {
		t.Errorf("something watches %s", found)
	}
	want(t, "the load balancer is in", e.services.one(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", "").get("Subnets"), publicSubnets)
	for _, service := range e.services.all(t, "AWS::ECS::Service") {
		network := service.get("NetworkConfiguration", "AwsvpcConfiguration")
		want(t, service.ID+" is in", []any{dig(network, "Subnets"), dig(network, "AssignPublicIp")}, []any{privateSubnets, "DISABLED"})
	}
	opened := map[string]int{}
	for _, rule := range e.services.all(t, "AWS::EC2::SecurityGroupIngress") {
		if group, is := rule.get("GroupId").(string); is {
			opened[group+" "+plain(rule.get("FromPort"))]++
		}
	}
	want(t, "rules of the servers' groups", opened, map[string]int{"sg-0123456789abcdef0 5433": 4, "sg-0fedcba9876543210 6380": 4})
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		proxy, app := definition.variablesOf("proxy"), definition.variables()
		for name, value := range map[string]string{
			"POSTGRES_SERVICE_HOST": "shop.abc.eu-west-1.rds.amazonaws.com", "POSTGRES_PORT": "5433", "POSTGRES_NAME": "shop",
			"DATABASE_SECRET_ARN": existingDatabaseLogin, "CACHE_URL": "rediss://shop.abc.cache.amazonaws.com:6380",
			"CACHE_SECRET_ARN": existingCacheLogin,
		} {
			want(t, definition.ID+"'s "+name, proxy[name], `"`+value+`"`)
		}
		want(t, "the app's", app["DATABASE_URL"], `"postgres://app@127.0.0.1:5432/shop?sslmode=disable"`)
		role := statements(e.services, ref(definition.get("TaskRoleArn")))
		for _, allowed := range []any{
			map[string]any{"Action": "secretsmanager:GetSecretValue", "Effect": "Allow", "Resource": []string{existingCacheLogin, existingDatabaseLogin}},
			map[string]any{"Action": "kms:Decrypt", "Effect": "Allow", "Resource": key},
		} {
			if !slices.ContainsFunc(role, func(s any) bool { return plain(s) == plain(allowed) }) {
				t.Errorf("%s may not %s: %s", definition.ID, plain(allowed), plain(role))
			}
		}
	}
	deploysTwice(t, directory, settings)
}

// deploysTwice plays an environment: created, and deployed again without a change.
func deploysTwice(t *testing.T, directory string, settings config.Environment) {
	t.Helper()
	played, err := cloudformation.Read(os.DirFS(directory), settings.Name)
	must(err)
	account, events := cloudformation.NewAccount(1), 0
	options := cloudformation.Options{Removable: settings.Removable, Fault: func(cloudformation.Event) bool { events++; return false }}
	must(account.Deploy(played, options))
	created := events
	if must(account.Deploy(played, options)); events != created || created < 50 {
		t.Errorf("%d events of the creation, %d of a deployment without a change", created, events-created)
	}
	for _, violation := range account.Violations() {
		t.Error(violation)
	}
}

// The database and the cache that Dozen makes in somebody's network are in its private subnets, and wait for the guard of the lasting
// settings themselves: there is no VPC that waits for them.
func TestServersInAnExistingNetwork(t *testing.T) {
	for name, change := range map[string]func(*config.Environment){
		"an instance and nodes":     func(*config.Environment) {},
		"a cluster, and serverless": func(e *config.Environment) { e.Database.Aurora, e.Cache.Serverless = true, true },
	} {
		settings := config.Production()
		attachNetwork(&settings)
		change(&settings)
		directory, problems := checkedIn(t, settings, func(*stacks.Stage) {})
		for _, problem := range problems {
			t.Error(problem)
		}
		e, inSubnets, waiting := readEnvironment(settings, directory), 0, 0
		for _, r := range e.data.resources() {
			for _, property := range []string{"SubnetIds", "VpcSubnetIds"} {
				if r.get(property) != nil {
					want(t, r.ID+" is in", r.get(property), privateSubnets)
					inSubnets++
				}
			}
			if strings.HasPrefix(r.Type, "AWS::RDS::") || strings.HasPrefix(r.Type, "AWS::ElastiCache::") {
				waiting++
				want(t, r.ID+" waits", slices.Contains(r.DependsOn, "LastingSettings445D827A"), true)
			}
		}
		if inSubnets != 2 || waiting < 5 {
			t.Errorf("%s: %d resources with subnets, %d that wait", name, inSubnets, waiting)
		}
		deploysTwice(t, directory, settings)
	}
}

// Prevents: services that work on another server because of one line. A deployed environment asks before it does so, says what becomes
// of the old one, and goes to no other VPC.
func TestAttachingAsksFirst(t *testing.T) {
	for _, name := range []string{"Database.Existing", "Cache.Existing"} {
		made, attached := modes()["attached"], modes()["attached+"+name]
		if there := effectOf(made, attached); !there.confirmed || there.refused || len(there.newTasks()) < 3 {
			t.Errorf("%s: %s", name, there)
		}
		h := newHistory(1)
		must(h.deploy(made, made, false))
		must(h.deploy(made, attached, false))
		for _, violation := range h.account.Violations() {
			t.Error(violation)
		}
	}
	if back := effectOf(modes()["attached+Database.Existing"], modes()["attached"]); !back.confirmed {
		t.Errorf("the way back makes an empty database: %s", back)
	}
	if moved := effectOf(modes()["dev"], modes()["dev+Network.Existing"]); !moved.refused {
		t.Errorf("another VPC: %s", moved)
	}
}
