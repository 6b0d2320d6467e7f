package config

import (
	"strings"
	"testing"
)

// attachedEverything is production with everything attached.
func attachedEverything() Environment {
	const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-AbCdEf"
	e := Production()
	e.Network = Network{Existing: &ExistingNetwork{
		VPCID: "vpc-12345678", Zones: []string{"eu-west-1a", "eu-west-1b"},
		PublicSubnetIDs: []string{"subnet-11111111", "subnet-22222222"}, PrivateSubnetIDs: []string{"subnet-33333333", "subnet-44444444"},
	}}
	e.Database = Database{Existing: &ExistingDatabase{
		Host: "db.example.com", Port: 5432, Name: "shop", Connections: 300, SecretARN: secret, SecurityGroupID: "sg-12345678",
	}}
	e.Cache = Cache{Existing: &ExistingCache{Host: "cache.example.com", Port: 6379, SecretARN: secret, SecurityGroupID: "sg-87654321"}}
	return e
}

// What is attached cannot be looked at: each mistake that shows offline is found alone, under the name of its field, and no setting
// that has no effect is accepted.
func TestMistakesInWhatExists(t *testing.T) {
	for says, mistake := range map[string]func(*Environment){
		`Network.Existing.VPCID is "vpc-1": not the id of a VPC`:               func(e *Environment) { e.Network.Existing.VPCID = "vpc-1" },
		`Network.Existing.Zones[1] is "b": not a zone's name`:                  func(e *Environment) { e.Network.Existing.Zones[1] = "b" },
		`Network.Existing.Zones[1] is "eu-west-1a": named twice`:               func(e *Environment) { e.Network.Existing.Zones[1] = "eu-west-1a" },
		`Network.Existing.Zones[1] is "eu-north-1a": not in region eu-west-1`:  func(e *Environment) { e.Region, e.Network.Existing.Zones[1] = "eu-west-1", "eu-north-1a" },
		`Network.Existing.PublicSubnetIDs is [subnet-11111111]: 1 subnets for`: func(e *Environment) { e.Network.Existing.PublicSubnetIDs = []string{"subnet-11111111"} },
		`Network.Existing.PrivateSubnetIDs is []: 0 subnets for 2 Zones`:       func(e *Environment) { e.Network.Existing.PrivateSubnetIDs = nil },
		`Network.Existing.PrivateSubnetIDs[0] is "x": not the id of a subnet`:  func(e *Environment) { e.Network.Existing.PrivateSubnetIDs[0] = "x" },
		`Network.Existing.PrivateSubnetIDs[0] is "subnet-11111111": named twi`: func(e *Environment) { e.Network.Existing.PrivateSubnetIDs[0] = "subnet-11111111" },
		`Network.Existing is "vpc-12345678": Dozen does not make what exists, and CIDR, NAT would have no effect; write e.Network = Network{Existing: ...} without`: func(e *Environment) {
			e.Network.CIDR, e.Network.NAT = "10.0.0.0/16", NATSingle
		},
		`Database.Existing is "db.example.com": Dozen does not make what exists, and Class, BackupDays would have no effect`: func(e *Environment) {
			e.Database.Class, e.Database.BackupDays = "t4g.micro", 7
		},
		`Cache.Existing is "cache.example.com": Dozen does not make what exists, and Off would have no effect`:  func(e *Environment) { e.Cache.Off = true },
		`Database.Existing.Host is "https://db.example.com": not the name of a host`:                            func(e *Environment) { e.Database.Existing.Host = "https://db.example.com" },
		`Database.Existing.Port is 0: allowed are 1 to 65535`:                                                   func(e *Environment) { e.Database.Existing.Port = 0 },
		`Database.Existing.Name is "a b": not the name of a database`:                                           func(e *Environment) { e.Database.Existing.Name = "a b" },
		`Database.Existing.Connections is 0: allowed are 10 to 65535`:                                           func(e *Environment) { e.Database.Existing.Connections = 0 },
		`Database.Existing.Connections allows 100; lower PoolSize or Max`:                                       func(e *Environment) { e.Database.Existing.Connections = 100 },
		`Database.Existing.SecretARN is "login": not the complete ARN`:                                          func(e *Environment) { e.Database.Existing.SecretARN = "login" },
		`Database.Existing.KeyARN is "alias/x": not the ARN of a KMS key`:                                       func(e *Environment) { e.Database.Existing.KeyARN = "alias/x" },
		`Database.Existing.SecurityGroupID is "default": not the id`:                                            func(e *Environment) { e.Database.Existing.SecurityGroupID = "default" },
		`Migration.SnapshotFirst is true: Database.Existing is set, and Dozen takes no snapshots of a database`: func(e *Environment) { e.Migration.SnapshotFirst = true },
		`Cache.Existing.Host is "cache": not the name of a host`:                                                func(e *Environment) { e.Cache.Existing.Host = "cache" },
		`Cache.Existing is "cache.example.com": Network.Existing is not set, and a security group admits only groups of its own VPC`: func(e *Environment) {
			e.Network, e.Database = Production().Network, Production().Database
		},
		`Database.Existing is "db.example.com": Network.Existing is not set`: func(e *Environment) { e.Network, e.Cache = Production().Network, Production().Cache },
	} {
		e := attachedEverything()
		mistake(&e)
		err := e.Validate(processes)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q alone, have: %v", says, err)
		}
	}
	e := attachedEverything()
	if err := e.Validate(processes); err != nil {
		t.Error(err)
	}
	if warnings := e.Unprotected(); len(warnings) > 0 {
		t.Errorf("warns of what has another owner: %q", warnings)
	}
	e.Region = "us-east-1"
	if err := e.Validate(processes); err == nil || strings.Count(err.Error(), "the secret is not in region us-east-1") != 2 {
		t.Errorf("secrets of another region: %v", err)
	}
	if small := Ephemeral("pr-1", attachedEverything()); small.Network.Existing != nil || small.Validate(processes) != nil {
		t.Errorf("a pull request's environment is attached to production's servers: %v", small.Validate(processes))
	}
}
