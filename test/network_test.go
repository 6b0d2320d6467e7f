package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/gate"
)

func TestNATModes(t *testing.T) {
	for _, mode := range []struct {
		nat                 config.NAT
		gateways, instances int
		private, public     string // where tasks run, and whether they have public addresses
	}{
		{config.NATPerZone, 3, 0, "privateSubnet", "DISABLED"},
		{config.NATSingle, 1, 0, "privateSubnet", "DISABLED"},
		{config.NATInstance, 0, 1, "privateSubnet", "DISABLED"},
		{config.NATNone, 0, 0, "publicSubnet", "ENABLED"},
	} {
		t.Run(string(mode.nat), func(t *testing.T) {
			e := with(t, config.Development(), func(e *config.Environment) { e.Network.NAT, e.Network.Zones = mode.nat, 3 })
			want(t, "gateways", len(e.data.ofType("AWS::EC2::NatGateway")), mode.gateways)
			want(t, "instances", len(e.data.ofType("AWS::AutoScaling::AutoScalingGroup")), mode.instances)
			for _, service := range e.services.all(t, "AWS::ECS::Service") {
				network := service.get("NetworkConfiguration", "AwsvpcConfiguration")
				want(t, service.ID+"'s address", dig(network, "AssignPublicIp"), mode.public)
				subnets := list(dig(network, "Subnets"))
				if len(subnets) != 3 || strings.Count(plain(subnets), mode.private) != 3 {
					t.Errorf("%s runs in %s", service.ID, plain(subnets))
				}
			}
			migration := e.services.one(t, gate.ResourceType, "")
			want(t, "migration's address", migration.get(gate.PropertyAssignPublicIP), mode.public)
			endpoint := e.data.one(t, "AWS::EC2::VPCEndpoint", "")
			if !strings.Contains(plain(endpoint.get("ServiceName")), ".s3") || endpoint.get("VpcEndpointType") != "Gateway" {
				t.Errorf("no gateway endpoint for S3: %s", plain(endpoint.Properties))
			}
		})
	}
}

// The NAT instance is reachable from outside in many examples. Ours lets only the network's own traffic in.
func TestNATInstanceAcceptsOnlyOwnTraffic(t *testing.T) {
	group := dev().data.one(t, "AWS::EC2::SecurityGroup", "/NAT/")
	want(t, "rules", group.get("SecurityGroupIngress"),
		[]map[string]any{{"CidrIp": "10.0.0.0/16", "Description": "Outbound traffic of this network", "IpProtocol": "-1"}})
	face := dev().data.one(t, "AWS::EC2::NetworkInterface", "/NAT/")
	want(t, "the interface's groups", []any{len(list(face.get("GroupSet"))), ref(face.get("GroupSet", 0))}, []any{1, group.ID})
	want(t, "check of source and destination", face.get("SourceDestCheck"), false)
	machine := dev().data.one(t, "AWS::EC2::LaunchTemplate", "/NAT/")
	want(t, "disk", machine.get("LaunchTemplateData", "BlockDeviceMappings", 0, "Ebs", "Encrypted"), true)
	want(t, "metadata", machine.get("LaunchTemplateData", "MetadataOptions", "HttpTokens"), "required")
	want(t, "role", machine.get("LaunchTemplateData", "IamInstanceProfile"), nil)
	want(t, "type", machine.get("LaunchTemplateData", "InstanceType"), dev().settings.Network.NATInstanceType)
}

// A NAT instance that dies stays dead in many examples, and its routes lead nowhere. Ours is replaced behind its interface,
// and only one machine can have that: the group stops the old one first.
func TestNATInstanceIsReplaced(t *testing.T) {
	data := dev().data
	face := data.one(t, "AWS::EC2::NetworkInterface", "").ID
	routes := 0
	for _, route := range data.all(t, "AWS::EC2::Route") {
		if route.under("/privateSubnet") {
			routes++
			want(t, route.ID+"'s target", ref(route.get("NetworkInterfaceId")), face)
			want(t, route.ID+" waits for", route.DependsOn, []string{data.one(t, "AWS::AutoScaling::AutoScalingGroup", "").ID})
		}
	}
	want(t, "routes", routes, 2)
	template := data.one(t, "AWS::EC2::LaunchTemplate", "")
	want(t, "interfaces", template.get("LaunchTemplateData", "NetworkInterfaces"), []any{map[string]any{
		"DeviceIndex": 0, "NetworkInterfaceId": map[string]any{"Ref": face}, "DeleteOnTermination": false,
	}})
	group := data.one(t, "AWS::AutoScaling::AutoScalingGroup", "")
	want(t, "size", []any{group.get("MinSize"), group.get("MaxSize")}, []any{"1", "1"})
	want(t, "stop first", group.get("InstanceMaintenancePolicy"), map[string]any{"MinHealthyPercentage": 0, "MaxHealthyPercentage": 100})
	want(t, "subnets, which exclude an interface", group.get("VPCZoneIdentifier"), nil)
	want(t, "zone", group.get("AvailabilityZones", 0), data.one(t, "AWS::EC2::Subnet", "/publicSubnet1/").get("AvailabilityZone"))
	address := data.one(t, "AWS::EC2::EIPAssociation", "")
	want(t, "who has the address", ref(address.get("NetworkInterfaceId")), face)
	want(t, "first the address", group.DependsOn, []string{address.ID})
}

// A machine image that AWS has published must not replace the NAT instance in the middle of a release, and a deployment must
// not go on before a new instance works.
func TestNATInstanceIsReplacedByNoRelease(t *testing.T) {
	image := dev().data.one(t, "AWS::EC2::LaunchTemplate", "").get("LaunchTemplateData", "ImageId")
	if !strings.HasPrefix(plain(image), `"resolve:ssm:/aws/service/ami-amazon-linux-latest/`) {
		t.Errorf("the image is %s, which EC2 does not look up", plain(image))
	}
	for name := range dev().data.Parameters {
		want(t, "a parameter that deployments read", name, "BootstrapVersion")
	}
	var group struct {
		CreationPolicy, UpdatePolicy map[string]map[string]any
	}
	body := changeable(dev().data)["Resources"].(map[string]any)[dev().data.one(t, "AWS::AutoScaling::AutoScalingGroup", "").ID]
	must(json.Unmarshal([]byte(plain(body)), &group))
	want(t, "a new group", group.CreationPolicy["ResourceSignal"], map[string]any{"Count": 1, "Timeout": "PT10M"})
	rolling := group.UpdatePolicy["AutoScalingRollingUpdate"]
	want(t, "a changed machine", []any{rolling["MinInstancesInService"], rolling["WaitOnResourceSignals"], rolling["PauseTime"]},
		[]any{0, true, "PT10M"})
}

// A third zone must not move the subnets of the database.
func TestAddingAZoneMovesNoSubnet(t *testing.T) {
	three := with(t, config.Production(), func(e *config.Environment) { e.Network.Zones = 3 })
	for _, subnet := range prod().data.all(t, "AWS::EC2::Subnet") {
		want(t, subnet.ID, three.data.resource(subnet.ID).get("CidrBlock"), subnet.get("CidrBlock"))
	}
}

func TestZonesAreNeverLookedUp(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Account, e.Region = "123456789012", "eu-central-1" })
	for _, subnet := range e.data.all(t, "AWS::EC2::Subnet") {
		if !strings.Contains(plain(subnet.get("AvailabilityZone")), "Fn::GetAZs") {
			t.Errorf("%s is in %s", subnet.ID, plain(subnet.get("AvailabilityZone")))
		}
	}
	// With account and region both known the construct library looks zones up, which needs credentials, and notes it here.
	manifests, err := filepath.Glob(filepath.Join(e.directory, "*", "manifest.json"))
	must(err)
	for _, path := range append(manifests, filepath.Join(e.directory, "manifest.json")) {
		manifest, err := os.ReadFile(path)
		must(err)
		if strings.Contains(string(manifest), `"missing"`) {
			t.Errorf("the synthesis needs a lookup: %s", manifest)
		}
	}
	want(t, "manifests of stages", len(manifests), 1)
	named := with(t, config.Production(), func(e *config.Environment) { e.Network.ZoneNames = []string{"eu-central-1a", "eu-central-1c"} })
	text := named.data.text
	if !strings.Contains(text, `"eu-central-1c"`) || strings.Contains(text, "Fn::GetAZs") {
		t.Error("the named zones are not used")
	}
}

func TestEndpointsAndFlowLogsByChoice(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) {
		e.Network.Endpoints, e.Network.FlowLogs = []string{"secretsmanager", "ecr.dkr"}, true
	})
	want(t, "endpoints", len(e.data.all(t, "AWS::EC2::VPCEndpoint")), 3)
	group := e.data.one(t, "AWS::EC2::SecurityGroup", "/Endpoints/")
	want(t, "who may use them", group.get("SecurityGroupIngress"), []any{map[string]any{
		"CidrIp": "10.0.0.0/16", "Description": "This network", "FromPort": 443, "IpProtocol": "tcp", "ToPort": 443,
	}})
	for _, endpoint := range e.data.all(t, "AWS::EC2::VPCEndpoint") {
		if endpoint.get("VpcEndpointType") == "Interface" {
			want(t, endpoint.ID+"'s group", ref(endpoint.get("SecurityGroupIds", 0)), group.ID)
		}
	}
	want(t, "flow logs", len(e.data.all(t, "AWS::EC2::FlowLog")), 1)
	want(t, "flow logs by default", len(dev().data.ofType("AWS::EC2::FlowLog")), 0)
}
