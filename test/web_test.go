package test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/config"
)

// If process, container and target group have different ports, no release ever becomes healthy.
func TestWebListensWhereTheLoadBalancerAsks(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) { e.Web.Port = 9000 })
	service := e.services.one(t, "AWS::ECS::Service", "/Web/")
	definition := e.services.taskDefinition(service)
	want(t, "PORT", definition.variables()["PORT"], `"9000"`)
	want(t, "port mapping", definition.container("PortMappings", 0, "ContainerPort"), 9000)
	want(t, "service's port", service.get("LoadBalancers", 0, "ContainerPort"), 9000)
	want(t, "service's container", service.get("LoadBalancers", 0, "ContainerName"), definition.container("Name"))
}

// The incident: somebody changes the port of a living environment. CloudFormation replaces the target group, and users get 503
// until the new one has targets.
func TestAnotherPortKeepsTheTargetGroup(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) { e.Web.Port = 9000 })
	group := e.services.one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", "/Web/")
	want(t, "id", group.ID, dev().services.one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", "/Web/").ID)
	want(t, "properties", group.Properties, dev().services.resource(group.ID).Properties)
	rule := e.services.one(t, "AWS::EC2::SecurityGroupIngress", "/Web/Process/Group/")
	want(t, "the port that the load balancer may reach", []any{rule.get("FromPort"), rule.get("ToPort")}, []any{9000, 9000})
}

// The incident: a drain longer than the stop timeout drops requests in each release, and so does a deregistration delay that has no
// time for a request that comes at the end of the routing lag.
func TestDrainFiguresFollowFromTheLongestRequest(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) {
		e.Web.LongestRequest, e.Web.RoutingLag = 20*time.Second, 7*time.Second
	})
	definition := e.services.taskDefinition(e.services.one(t, "AWS::ECS::Service", "/Web/"))
	variables := definition.variables()
	want(t, "REQUEST_TIMEOUT_SECONDS", variables["REQUEST_TIMEOUT_SECONDS"], `"20"`)
	want(t, "ROUTING_LAG_SECONDS", variables["ROUTING_LAG_SECONDS"], `"7"`)
	want(t, "DRAIN_SECONDS", variables["DRAIN_SECONDS"], `"28"`)
	want(t, "stop timeout", definition.container("StopTimeout"), 30)
	want(t, "deregistration delay", targetAttribute(t, e, "deregistration_delay.timeout_seconds"), "28")
	worker := e.services.taskDefinition(e.services.one(t, "AWS::ECS::Service", "/Worker/")).variables()
	want(t, "a worker's lag", worker["ROUTING_LAG_SECONDS"], `"0"`)
}

// The incident: an interrupted Spot task stops while the load balancer still sends it requests, because ECS deregisters it only
// when it has stopped. It must serve until its failing health checks have been noticed.
func TestSpotTasksOfWebDrainUntilTheyAreNoticed(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) { e.Web.SpotPercent, e.Web.FailuresToRollBack = 50, 3 })
	group := e.services.one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", "/Web/")
	noticed := group.get("HealthCheckIntervalSeconds").(float64) * group.get("UnhealthyThresholdCount").(float64)
	definition := e.services.taskDefinition(e.services.one(t, "AWS::ECS::Service", "/Web/"))
	value := func(name string) float64 { return number(t, strings.Trim(definition.variables()[name], `"`)) }
	want(t, "takes requests for", value("ROUTING_LAG_SECONDS"), noticed+e.settings.Web.RoutingLag.Seconds())
	if value("DRAIN_SECONDS") <= value("ROUTING_LAG_SECONDS")+value("REQUEST_TIMEOUT_SECONDS") {
		t.Errorf("the drain of %g s ends before the last request", value("DRAIN_SECONDS"))
	}
	if stop := definition.container("StopTimeout").(float64); stop <= value("DRAIN_SECONDS") {
		t.Errorf("SIGKILL comes after %g s, within the drain", stop)
	}
}

func targetAttribute(t *testing.T, e environment, key string) any {
	t.Helper()
	for _, attribute := range list(e.services.one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", "/Web/").get("TargetGroupAttributes")) {
		if dig(attribute, "Key") == key {
			return dig(attribute, "Value")
		}
	}
	return nil
}

func balancerAttribute(t *testing.T, e environment, key string) any {
	t.Helper()
	for _, attribute := range list(e.services.one(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", "").get("LoadBalancerAttributes")) {
		if dig(attribute, "Key") == key {
			return dig(attribute, "Value")
		}
	}
	return nil
}

// The figures of a release, computed from the templates and not from the settings.
func TestReleaseTimes(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		group := e.services.one(t, "AWS::ElasticLoadBalancingV2::TargetGroup", "/Web/")
		definition := e.services.taskDefinition(e.services.one(t, "AWS::ECS::Service", "/Web/"))
		health := group.get("HealthCheckIntervalSeconds").(float64) // a new target is healthy after one check
		delay := number(t, targetAttribute(t, e, "deregistration_delay.timeout_seconds"))
		lag := number(t, strings.Trim(definition.variables()["ROUTING_LAG_SECONDS"], `"`))
		longest := number(t, strings.Trim(definition.variables()["REQUEST_TIMEOUT_SECONDS"], `"`))
		stop := definition.container("StopTimeout").(float64)
		drain := number(t, strings.Trim(definition.variables()["DRAIN_SECONDS"], `"`))
		keepAlive := number(t, strings.Trim(definition.variables()["KEEP_ALIVE_SECONDS"], `"`))
		if c := health + delay + lag + 1; c > 20 {
			t.Errorf("controllable release time is %g s, want at most 20 s", c)
		} else {
			want(t, "the documented release time", e.settings.Web.ReleaseTime().Seconds(), c)
		}
		if delay <= lag+longest || drain <= lag+longest || stop <= drain || stop > 120 {
			t.Errorf("drain does not fit: longest request %g, delay %g, drain %g, stop %g", longest, delay, drain, stop)
		}
		if idle := number(t, balancerAttribute(t, e, "idle_timeout.timeout_seconds")); keepAlive <= idle {
			t.Errorf("keep-alive %g s is not above the load balancer's idle timeout %g s", keepAlive, idle)
		}
		limit := 110 * time.Second
		if e.Name == "dev" {
			limit = 60 * time.Second
		}
		if found := e.settings.Web.FailedReleaseTime(); found > limit {
			t.Errorf("a failed release is found after %s, want at most %s", found, limit)
		} else {
			t.Logf("failed release found after %s", found)
		}
	})
}

// With a domain everything is HTTPS, and plain HTTP only redirects.
func TestDomainBringsHTTPS(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) {
		e.Domain = config.Domain{Name: "app.example.com", HostedZoneID: "Z0123456789ABC", HostedZoneName: "example.com"}
	})
	var ports []any
	for _, listener := range e.services.all(t, "AWS::ElasticLoadBalancingV2::Listener") {
		ports = append(ports, listener.get("Port"))
		if listener.get("Port") == 80.0 {
			want(t, "port 80", listener.get("DefaultActions", 0, "Type"), "redirect")
			continue
		}
		want(t, "TLS policy", listener.get("SslPolicy"), "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09")
		if len(list(listener.get("Certificates"))) != 1 {
			t.Error("the HTTPS listener has no certificate")
		}
	}
	if len(ports) != 2 {
		t.Errorf("listeners on %v, want 80 and 443", ports)
	}
	want(t, "record", e.services.one(t, "AWS::Route53::RecordSet", "").get("Name"), "app.example.com.")
	want(t, "zone", e.services.one(t, "AWS::Route53::RecordSet", "").get("HostedZoneId"), "Z0123456789ABC")
	definition := e.services.taskDefinition(e.services.one(t, "AWS::ECS::Service", "/Web/"))
	want(t, "APP_URL", definition.variables()["APP_URL"], `"https://app.example.com"`)
}

// Prevents: "a listener already exists on this port", when a domain is added to a deployed environment or taken away: the new
// listener is made before the old one is deleted (aws-cdk#34235).
func TestADomainMovesNoPortToAnotherListener(t *testing.T) {
	listeners := func(e environment) map[string]string {
		ids := map[string]string{}
		for _, listener := range e.services.all(t, "AWS::ElasticLoadBalancingV2::Listener") {
			ids[plain(listener.get("Port"))] = listener.ID
		}
		return ids
	}
	before := listeners(prod())
	after := listeners(with(t, config.Production(), func(e *config.Environment) {
		e.Domain = config.Domain{Name: "app.example.com", HostedZoneID: "Z0123456789ABC", HostedZoneName: "example.com"}
	}))
	want(t, "ports before", slices.Sorted(maps.Keys(before)), []string{"80"})
	want(t, "ports after", slices.Sorted(maps.Keys(after)), []string{"443", "80"})
	want(t, "the listener on port 80", after["80"], before["80"])
}

// Without a domain there is one plain listener and no certificate.
func TestNoDomainServesHTTP(t *testing.T) {
	listener := dev().services.one(t, "AWS::ElasticLoadBalancingV2::Listener", "")
	want(t, "port", listener.get("Port"), 80)
	want(t, "certificates", len(dev().services.ofType("AWS::CertificateManager::Certificate")), 0)
}

func TestLoadBalancerIsStrict(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		balancer := e.services.one(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", "")
		want(t, "invalid headers", balancerAttribute(t, e, "routing.http.drop_invalid_header_fields.enabled"), "true")
		want(t, "desync", balancerAttribute(t, e, "routing.http.desync_mitigation_mode"), "strictest")
		want(t, "access logs", balancerAttribute(t, e, "access_logs.s3.enabled"), "true")
		want(t, "scheme", balancer.get("Scheme"), "internet-facing")
		want(t, "name", balancer.get("Name"), nil)
		want(t, "subnets", len(list(balancer.get("Subnets"))), e.settings.Network.Zones)
		if sticky := targetAttribute(t, e, "stickiness.enabled"); sticky != nil && sticky != "false" {
			t.Errorf("stickiness is %v", sticky)
		}
		// A protected load balancer keeps a first deployment that fails from being rolled back. It holds nothing.
		want(t, "deletion protection", balancerAttribute(t, e, "deletion_protection.enabled"), "false")
	})
}
