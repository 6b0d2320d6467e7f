package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// ExistingNetwork is a VPC that Dozen has not made, by its identifiers; docs/existing-resources.md says what must be true of it.
type ExistingNetwork struct {
	// VPCID such as vpc-0123456789abcdef0.
	VPCID string
	// Zones of the subnets by name, two to six, such as eu-central-1a.
	Zones []string
	// PublicSubnetIDs for the load balancer, one in each zone, in the order of Zones. They have a route to an internet gateway.
	PublicSubnetIDs []string
	// PrivateSubnetIDs for tasks, and for the database and the cache that Dozen makes, one in each zone, in the order of Zones. They
	// reach the internet through a NAT, or else AWS's services through endpoints.
	PrivateSubnetIDs []string
}

// ExistingDatabase is a PostgreSQL server that Dozen has not made; docs/existing-resources.md says what must be true of it. Its
// backups, its rotation and its alarms are its owner's.
type ExistingDatabase struct {
	// Host is the name that the server's certificate has, such as the endpoint of an RDS instance.
	Host string
	// Port such as 5432.
	Port int
	// Name of the database on the server.
	Name string
	// Connections that this environment may hold: what SHOW max_connections says, less what others need. 10 or more.
	Connections int
	// SecretARN of the login in Secrets Manager, complete with its six characters: JSON with username and password.
	SecretARN string
	// KeyARN of the KMS key that encrypts the secret, if it is a key of your own; empty: AWS's key for Secrets Manager.
	KeyARN string
	// SecurityGroupID of the server. Each process gets a rule in it.
	SecurityGroupID string
}

// ExistingCache is a Valkey or Redis server that Dozen has not made; see ExistingDatabase for its fields.
type ExistingCache struct {
	Host            string
	Port            int
	SecretARN       string
	KeyARN          string
	SecurityGroupID string
}

// attached is what the servers have in common.
type attached struct {
	host                               string
	port                               int
	secretARN, keyARN, securityGroupID string
}

var (
	vpcForm      = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetForm   = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	groupForm    = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	databaseForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)
)

// validateExisting checks what is attached, and what does not go together with it.
func (e Environment) validateExisting(p *problems) {
	if n := e.Network.Existing; n != nil {
		p.requireAlone("Network", e.Network, n.VPCID)
		n.validate(p, e.Region)
	}
	if d := e.Database.Existing; d != nil {
		p.requireAlone("Database", e.Database, d.Host)
		p.require(databaseForm.MatchString(d.Name), "Database.Existing.Name", d.Name, "not the name of a database",
			"use letters, digits, _ and -, at most 63, starting with a letter")
		p.requireRange("Database.Existing.Connections", d.Connections, 10, 65535)
		p.require(!e.Migration.SnapshotFirst, "Migration.SnapshotFirst", e.Migration.SnapshotFirst,
			"Database.Existing is set, and Dozen takes no snapshots of a database that it has not made",
			"write false, and let the database's owner care for backups")
		e.validateAttached(p, "Database", attached{d.Host, d.Port, d.SecretARN, d.KeyARN, d.SecurityGroupID})
	}
	if c := e.Cache.Existing; c != nil {
		p.requireAlone("Cache", e.Cache, c.Host)
		e.validateAttached(p, "Cache", attached{c.Host, c.Port, c.SecretARN, c.KeyARN, c.SecurityGroupID})
	}
}

// requireAlone requires that no other field of a part is set: Dozen does not make it, and a field without an effect misleads.
func (p *problems) requireAlone(part string, value any, existing string) {
	var set []string
	v := reflect.ValueOf(value)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Existing" && !v.Field(i).IsZero() {
			set = append(set, name)
		}
	}
	p.require(len(set) == 0, part+".Existing", existing,
		fmt.Sprintf("Dozen does not make what exists, and %s would have no effect", listed(set)),
		fmt.Sprintf("write e.%s = %[1]s{Existing: ...} without other fields, or leave Existing out", part))
}

func (n ExistingNetwork) validate(p *problems, region string) {
	p.require(vpcForm.MatchString(n.VPCID), "Network.Existing.VPCID", n.VPCID, "not the id of a VPC",
		"write one such as vpc-0123456789abcdef0")
	p.require(len(n.Zones) >= 2 && len(n.Zones) <= 6, "Network.Existing.Zones", n.Zones, "allowed are 2 to 6 zones; the load balancer needs 2",
		"name the zones of the subnets")
	for i, zone := range n.Zones {
		field := fmt.Sprintf("Network.Existing.Zones[%d]", i)
		p.require(zoneForm.MatchString(zone), field, zone, "not a zone's name", "write one such as eu-central-1a")
		p.require(!slices.Contains(n.Zones[:i], zone), field, zone, "named twice", "name different zones, with one subnet of each kind")
		p.require(region == "" || strings.HasPrefix(zone, region), field, zone, "not in region "+region, "name the zones of the subnets")
	}
	seen := map[string]bool{}
	for _, kind := range []struct {
		field string
		ids   []string
	}{{"Network.Existing.PublicSubnetIDs", n.PublicSubnetIDs}, {"Network.Existing.PrivateSubnetIDs", n.PrivateSubnetIDs}} {
		p.require(len(kind.ids) == len(n.Zones), kind.field, kind.ids, fmt.Sprintf("%d subnets for %d Zones", len(kind.ids), len(n.Zones)),
			"name one in each zone, in the order of Zones")
		for i, id := range kind.ids {
			field := fmt.Sprintf("%s[%d]", kind.field, i)
			p.require(subnetForm.MatchString(id), field, id, "not the id of a subnet", "write one such as subnet-0123456789abcdef0")
			p.require(!seen[id], field, id, "named twice", "a subnet is either public or private, and in one zone")
			seen[id] = true
		}
	}
}

func (e Environment) validateAttached(p *problems, part string, s attached) {
	field := part + ".Existing."
	p.require(e.Network.Existing != nil, part+".Existing", s.host,
		"Network.Existing is not set, and a security group admits only groups of its own VPC",
		"set Network.Existing to the VPC that the server is in")
	p.require(domainForm.MatchString(s.host) && len(s.host) <= 253, field+"Host", s.host, "not the name of a host",
		"write the name in the server's certificate, in lower case, without scheme and port")
	p.requireRange(field+"Port", s.port, 1, 65535)
	p.require(secretForm.MatchString(s.secretARN), field+"SecretARN", s.secretARN, "not the complete ARN of a secret",
		"copy it from Secrets Manager, with the six characters at its end")
	p.require(!secretForm.MatchString(s.secretARN) || e.Region == "" || strings.Contains(s.secretARN, ":secretsmanager:"+e.Region+":"),
		field+"SecretARN", s.secretARN, "the secret is not in region "+e.Region, "replicate it there")
	p.require(s.keyARN == "" || keyForm.MatchString(s.keyARN), field+"KeyARN", s.keyARN, "not the ARN of a KMS key",
		"copy the key's ARN from KMS, not an alias, or leave it empty")
	p.require(groupForm.MatchString(s.securityGroupID), field+"SecurityGroupID", s.securityGroupID, "not the id of a security group",
		"write one such as sg-0123456789abcdef0")
}
