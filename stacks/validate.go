package stacks

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Validate reports everything that is wrong with an environment at once, as one joined error whose lines name the field,
// its value, the limit and what to write instead. An environment without an error synthesizes. processes are the app's.
func (e Environment) Validate(processes []Process) error {
	p := problems{environment: e.Name}
	e.validateIdentity(&p)
	e.Network.validate(&p)
	e.Database.validate(&p, e.Network)
	e.Cache.validate(&p)
	e.Storage.validate(&p)
	e.Domain.validate(&p, e.Region)
	e.Alarms.validate(&p)
	e.Web.validate(&p)
	for _, name := range slices.Sorted(maps.Keys(e.Workers)) {
		e.Workers[name].validate(&p, fmt.Sprintf("Workers[%q]", name))
	}
	e.validateWorkerNames(&p, processes)
	e.Scheduler.validate(&p, "Scheduler")
	e.Migration.validate(&p)
	e.validateVariables(&p)
	e.validateOptions(&p)
	if len(p.found) == 0 {
		e.validateConnections(&p, processes)
	}
	return errors.Join(p.found...)
}

// problems collects what is wrong, in the order of the fields.
type problems struct {
	environment string
	found       []error
}

// unless records a problem when ok is false.
func (p *problems) unless(ok bool, field string, value any, limit, remedy string) {
	if ok {
		return
	}
	if text, isText := value.(string); isText {
		value = fmt.Sprintf("%q", text)
	}
	p.found = append(p.found, fmt.Errorf("environment %q: %s is %v: %s; %s", p.environment, field, value, limit, remedy))
}

func (p *problems) within(field string, value, least, most int) {
	p.unless(value >= least && value <= most, field, value, fmt.Sprintf("allowed are %d to %d", least, most), fmt.Sprintf("write %d", min(max(value, least), most)))
}

func (p *problems) lasting(field string, value, least, most time.Duration) {
	p.unless(value >= least && value <= most, field, value, fmt.Sprintf("allowed are %s to %s", least, most), fmt.Sprintf("write %s", min(max(value, least), most)))
	p.unless(value%time.Second == 0, field, value, "AWS counts whole seconds", "round it")
}

var (
	nameForm    = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9]){1,19}$`)
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	zoneForm    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$`)
)

func (e Environment) validateIdentity(p *problems) {
	p.unless(nameForm.MatchString(e.Application) && len(e.Application) <= 20, "Application", e.Application, "2 to 20 of a-z, 0-9 and single hyphens, beginning with a letter", "write a name such as dozen")
	p.unless(nameForm.MatchString(e.Name) && len(e.Name) <= 20, "Name", e.Name, "2 to 20 of a-z, 0-9 and single hyphens, beginning with a letter", "write a name such as dev or pr-123")
	p.unless(len(e.Application)+len(e.Name) <= 39, "Application and Name", e.Application+"-"+e.Name, "ElastiCache takes 40 characters for the id of its user", "shorten one of them")
	p.unless(e.Account == "" || accountForm.MatchString(e.Account), "Account", e.Account, "an AWS account has 12 digits", "write it without hyphens, or leave it empty for the account of the credentials")
	p.unless(e.Region == "" || regionForm.MatchString(e.Region), "Region", e.Region, "not an AWS region", "write one such as eu-central-1, or leave it empty for the region of the credentials")
	p.unless(retention[e.LogDays] != "", "LogDays", e.LogDays, fmt.Sprintf("CloudWatch Logs keeps events for %s days", listed(slices.Sorted(maps.Keys(retention)))), fmt.Sprintf("write %d", atLeast(slices.Sorted(maps.Keys(retention)), e.LogDays)))
	p.unless(!e.Removable || !e.DeletionProtection, "DeletionProtection", e.DeletionProtection, "Removable is true, and `cdk destroy` would stop half-way", "set one of the two to false")
}

func (n Network) validate(p *problems) {
	prefix, err := netip.ParsePrefix(n.CIDR)
	ok := err == nil && prefix.Addr().Is4() && prefix.Masked() == prefix
	p.unless(ok, "Network.CIDR", n.CIDR, "not an IPv4 network", "write one such as 10.0.0.0/16")
	if ok {
		p.unless(prefix.Bits() >= 16 && prefix.Bits() <= 22, "Network.CIDR", n.CIDR, "a VPC is /16 at the largest, and its subnets need /22 at the least", "write one such as 10.0.0.0/16")
		p.unless(prefix.Addr().IsPrivate(), "Network.CIDR", n.CIDR, "not a private network: public addresses inside it could not be reached", "choose one in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
	}
	p.within("Network.Zones", n.Zones, 2, 3)
	p.unless(len(n.ZoneNames) == 0 || len(n.ZoneNames) == n.Zones, "Network.ZoneNames", n.ZoneNames, fmt.Sprintf("%d names for Zones %d", len(n.ZoneNames), n.Zones), "name as many zones as Zones says, or none")
	for i, zone := range n.ZoneNames {
		field := fmt.Sprintf("Network.ZoneNames[%d]", i)
		p.unless(zoneForm.MatchString(zone), field, zone, "not a zone's name", "write one such as eu-central-1a")
		p.unless(!slices.Contains(n.ZoneNames[:i], zone), field, zone, "named twice", "name different zones")
	}
	modes := []NAT{NATPerZone, NATSingle, NATInstance, NATNone}
	p.unless(slices.Contains(modes, n.NAT), "Network.NAT", string(n.NAT), fmt.Sprintf("not one of %s", listed(modes)), "write instance for a small environment, per-zone for production")
	for i, name := range n.Endpoints {
		field := fmt.Sprintf("Network.Endpoints[%d]", i)
		p.unless(regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`).MatchString(name) && name != "s3", field, name, "not the short name of an interface endpoint", "write one such as secretsmanager; the gateway endpoint for s3 is always there")
		p.unless(!slices.Contains(n.Endpoints[:i], name), field, name, "named twice", "remove one")
	}
}

func (c Cache) validate(p *problems) {
	node := regexp.MustCompile(`^cache\.(t[34]g?|m[5-8]g?|r[5-8]g?|c[7-8]gn?)\.(micro|small|medium|[0-9]*x?large)$`)
	p.unless(c.Serverless || node.MatchString(c.NodeType), "Cache.NodeType", c.NodeType, "not a node type that runs Valkey", "write one such as cache.t4g.micro")
	p.unless(c.Serverless || c.Replicas >= 0 && c.Replicas <= 5, "Cache.Replicas", c.Replicas, "allowed are 0 to 5", "write 1 for automatic failover")
	p.unless(!c.Serverless || c.MaxGB >= 1 && c.MaxGB <= 5000, "Cache.MaxGB", c.MaxGB, "allowed are 1 to 5000", "write 1")
	p.within("Cache.SnapshotDays", c.SnapshotDays, 0, 35)
}

func (s Storage) validate(p *problems) {
	p.unless(s.InfrequentAfterDays == 0 || s.InfrequentAfterDays >= 30 && s.InfrequentAfterDays <= 36500, "Storage.InfrequentAfterDays", s.InfrequentAfterDays, "S3 moves objects after 30 days at the earliest", "write 30 or more, or 0 for never")
	p.within("Storage.KeepOldVersionsDays", s.KeepOldVersionsDays, 1, 36500)
	p.within("Storage.AccessLogDays", s.AccessLogDays, 1, 36500)
}

func (a Alarms) validate(p *problems) {
	address, err := mail.ParseAddress(a.Email)
	p.unless(a.Email == "" || err == nil && address.Address == a.Email, "Alarms.Email", a.Email, "not an e-mail address", "write one such as ops@example.com, or leave it empty")
	p.unless(a.LatencyP99 >= time.Millisecond && a.LatencyP99 <= time.Minute, "Alarms.LatencyP99", a.LatencyP99, "allowed are 1ms to 1m", "write 1s")
	p.lasting("Alarms.BacklogAge", a.BacklogAge, time.Minute, 24*time.Hour)
}

var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)

func (d Domain) validate(p *problems, region string) {
	if d == (Domain{}) {
		return
	}
	p.unless(domainForm.MatchString(d.Name) && len(d.Name) <= 253, "Domain.Name", d.Name, "not a domain name", "write one such as app.example.com")
	p.unless(d.HostedZoneID != "" || d.CertificateARN != "", "Domain.HostedZoneID", d.HostedZoneID, "HTTPS needs a hosted zone or a certificate", "write the zone's id such as Z0123456789ABC, or set Domain.CertificateARN")
	p.unless(d.HostedZoneID == "" || regexp.MustCompile(`^Z[A-Z0-9]{7,31}$`).MatchString(d.HostedZoneID), "Domain.HostedZoneID", d.HostedZoneID, "not a hosted zone's id", "write one such as Z0123456789ABC, without /hostedzone/")
	p.unless((d.HostedZoneID == "") == (d.HostedZoneName == ""), "Domain.HostedZoneName", d.HostedZoneName, "a hosted zone is given by both its id and its name, because nothing is looked up", "set HostedZoneID and HostedZoneName, or neither")
	p.unless(d.HostedZoneName == "" || d.Name == d.HostedZoneName || strings.HasSuffix(d.Name, "."+d.HostedZoneName), "Domain.HostedZoneName", d.HostedZoneName, fmt.Sprintf("Domain.Name %q is not in this zone", d.Name), "use the zone that the name ends in")
	certificate := regexp.MustCompile(`^arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/[a-f0-9-]{36}$`).FindStringSubmatch(d.CertificateARN)
	p.unless(d.CertificateARN == "" || certificate != nil, "Domain.CertificateARN", d.CertificateARN, "not the ARN of an ACM certificate", "copy it from Certificate Manager")
	p.unless(certificate == nil || region == "" || certificate[1] == region, "Domain.CertificateARN", d.CertificateARN, fmt.Sprintf("the certificate is not in region %s", region), "a load balancer takes certificates of its own region only: issue one there")
}

// listed writes values as a, b, c.
func listed[T any](values []T) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

// atLeast is the first of the ascending choices that is not below value, or the last one.
func atLeast(choices []int, value int) int {
	for _, choice := range choices {
		if choice >= value {
			return choice
		}
	}
	return choices[len(choices)-1]
}
