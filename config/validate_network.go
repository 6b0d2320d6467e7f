package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	zoneForm        = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$`)
	natTypeForm     = regexp.MustCompile(`^t4g\.(nano|micro|small|medium|large|xlarge|2xlarge)$`)
	domainForm      = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
	hostedZoneForm  = regexp.MustCompile(`^Z[A-Z0-9]{7,31}$`)
	certificateForm = regexp.MustCompile(`^arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/[a-f0-9-]{36}$`)
)

func (n Network) validate(p *problems) {
	if n.Existing != nil {
		return
	}
	n.validateCIDR(p)
	p.requireRange("Network.Zones", n.Zones, 2, maxZones)
	p.require(len(n.ZoneNames) == 0 || len(n.ZoneNames) == n.Zones,
		"Network.ZoneNames", n.ZoneNames, fmt.Sprintf("%d names for Zones %d", len(n.ZoneNames), n.Zones),
		"name as many zones as Zones says, or none")
	for i, zone := range n.ZoneNames {
		field := fmt.Sprintf("Network.ZoneNames[%d]", i)
		p.require(zoneForm.MatchString(zone), field, zone, "not a zone's name", "write one such as eu-central-1a")
		p.require(!slices.Contains(n.ZoneNames[:i], zone), field, zone, "named twice", "name different zones")
	}
	modes := []NAT{NATPerZone, NATSingle, NATInstance, NATNone}
	p.require(slices.Contains(modes, n.NAT),
		"Network.NAT", string(n.NAT), fmt.Sprintf("not one of %s", listed(modes)),
		"write NATInstance for a small environment, NATPerZone for production")
	p.require(natTypeForm.MatchString(n.NATInstanceType) || n.NAT != NATInstance && n.NATInstanceType == "",
		"Network.NATInstanceType", n.NATInstanceType, "not an instance type of the family t4g", "write one such as t4g.micro")
	for i, name := range n.Endpoints {
		field := fmt.Sprintf("Network.Endpoints[%d]", i)
		p.require(name != "s3", field, name, "the gateway endpoint for s3 always exists", "remove it")
		p.require(name == "s3" || knownEndpoint(name), field, name, "AWS has no interface endpoint of this name",
			fmt.Sprintf("did you mean %s? The AWS PrivateLink guide lists all", nearestEndpoint(name)))
		p.require(!slices.Contains(n.Endpoints[:i], name), field, name, "named twice", "remove one")
	}
}

func (n Network) validateCIDR(p *problems) {
	prefix, err := netip.ParsePrefix(n.CIDR)
	if err == nil && prefix.Addr().Is4() && prefix.Masked() != prefix {
		p.require(false, "Network.CIDR", n.CIDR, "the address is not the first one of its network", "write "+prefix.Masked().String())
		return
	}
	if err != nil || !prefix.Addr().Is4() {
		p.require(false, "Network.CIDR", n.CIDR, "not an IPv4 network", "write one such as 10.0.0.0/16")
		return
	}
	p.require(prefix.Bits() >= 16 && prefix.Bits() <= 22,
		"Network.CIDR", n.CIDR, "a VPC is at most a /16, and its subnets need at least a /22", "write one such as 10.0.0.0/16")
	p.require(prefix.Addr().IsPrivate(),
		"Network.CIDR", n.CIDR, "not a private network: public addresses inside it could not be reached",
		"choose one in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
}

// validateDomain refuses plain HTTP where people rely on the environment, unless a field says that it is meant.
func (e Environment) validateDomain(p *problems) {
	if e.Domain != (Domain{}) {
		e.Domain.validate(p, e.Region)
		return
	}
	p.require(e.PlainHTTP || !e.Relied(),
		"Domain.Name", e.Domain.Name, "without a domain, passwords and cookies cross the internet unencrypted",
		"set Domain, or DOZEN_DOMAIN and the hosted zone, for HTTPS; or set PlainHTTP to true if that is meant")
}

func (d Domain) validate(p *problems, region string) {
	p.require(domainForm.MatchString(d.Name) && len(d.Name) <= 253,
		"Domain.Name", d.Name, "not a domain name", "write one such as app.example.com")
	p.require(d.HostedZoneID != "" || d.CertificateARN != "",
		"Domain.HostedZoneID", d.HostedZoneID,
		fmt.Sprintf("HTTPS for %q%s needs a hosted zone or a certificate", d.Name, p.source("Domain.Name")),
		"write the zone's id such as Z0123456789ABC, or set DOZEN_HOSTED_ZONE_ID; or set Domain.CertificateARN")
	p.require(d.HostedZoneID == "" || hostedZoneForm.MatchString(d.HostedZoneID),
		"Domain.HostedZoneID", d.HostedZoneID, "not a hosted zone's id", "write one such as Z0123456789ABC, without /hostedzone/")
	p.require((d.HostedZoneID == "") == (d.HostedZoneName == ""),
		"Domain.HostedZoneName", d.HostedZoneName, "a hosted zone is given by both its id and its name, because nothing is looked up",
		"set HostedZoneID and HostedZoneName, or DOZEN_HOSTED_ZONE_ID and DOZEN_HOSTED_ZONE_NAME")
	p.require(d.HostedZoneName == "" || d.Name == d.HostedZoneName || strings.HasSuffix(d.Name, "."+d.HostedZoneName),
		"Domain.HostedZoneName", d.HostedZoneName, fmt.Sprintf("Domain.Name %q%s is not in this zone", d.Name, p.source("Domain.Name")),
		"use the zone that the name ends in")
	certificate := certificateForm.FindStringSubmatch(d.CertificateARN)
	p.require(d.CertificateARN == "" || certificate != nil,
		"Domain.CertificateARN", d.CertificateARN, "not the ARN of an ACM certificate", "copy it from Certificate Manager")
	p.require(certificate == nil || region == "" || certificate[1] == region,
		"Domain.CertificateARN", d.CertificateARN, fmt.Sprintf("the certificate is not in region %s", region),
		"a load balancer takes certificates of its own region only: issue one there")
}
