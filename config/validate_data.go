package config

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

func (d Database) validate(p *problems, n Network) {
	if d.Existing != nil {
		return
	}
	if d.Aurora {
		d.validateAurora(p)
	} else {
		d.validateInstance(p)
	}
	p.requireRange("Database.BackupDays", d.BackupDays, 7, 35)
	p.require(len(d.Snapshot) <= 512 && snapshotForm.MatchString(d.Snapshot),
		"Database.Snapshot", d.Snapshot, "not a snapshot's identifier or ARN", "copy it from RDS, or leave it empty")
	p.requireRange("Database.RotationDays", d.RotationDays, 0, 1000)
	p.require(d.RotationDays == 0 || n.NAT != NATNone || slices.Contains(n.Endpoints, "secretsmanager"),
		"Database.RotationDays", d.RotationDays, "with Network.NAT none the rotation cannot reach Secrets Manager",
		`add "secretsmanager" to Network.Endpoints, or write 0`)
}

// validateKey checks the key of the database; AWS cannot use a key of another region.
func (d Database) validateKey(p *problems, region string) {
	if d.KeyARN == "" || d.Existing != nil {
		return
	}
	p.require(keyForm.MatchString(d.KeyARN),
		"Database.KeyARN", d.KeyARN, "not the ARN of a KMS key", "copy the key's ARN from KMS, not an alias, or leave it empty")
	p.require(!keyForm.MatchString(d.KeyARN) || region == "" || strings.Contains(d.KeyARN, ":kms:"+region+":"),
		"Database.KeyARN", d.KeyARN, fmt.Sprintf("the key is not in region %s", region), "make one there")
}

var snapshotForm = regexp.MustCompile(`^$|^[A-Za-z0-9:/_-]+$`)

func (d Database) validateAurora(p *problems) {
	p.require(halves(d.MinACU, 0, 256),
		"Database.MinACU", d.MinACU, "allowed are 0 to 256 in steps of 0.5", "write 0.5")
	p.require(halves(d.MaxACU, 1, 256) && d.MaxACU >= d.MinACU,
		"Database.MaxACU", d.MaxACU, "allowed are 1 to 256 in steps of 0.5, and not less than MinACU", "write 2 or more")
}

// halves reports whether a value is in the range and a multiple of 0.5.
func halves(value, low, high float64) bool {
	return value >= low && value <= high && value*2 == math.Trunc(value*2)
}

func (d Database) validateInstance(p *problems) {
	small := classMemoryGiB["t4g"]
	sizes := slices.SortedFunc(maps.Keys(small), func(a, b string) int { return cmp.Compare(small[a], small[b]) })
	p.require(d.memoryGiB() > 0,
		"Database.Class", d.Class,
		fmt.Sprintf("not an ARM class that runs PostgreSQL 17 here: families %s, sizes %s (t4g) or large and more",
			listed(classFamilies), listed(sizes)),
		"write one such as t4g.micro, without db.")
	p.requireRange("Database.StorageGiB", d.StorageGiB, 20, 65536)
	p.require(d.MaxStorageGiB <= 65536 && d.MaxStorageGiB*10 >= d.StorageGiB*11,
		"Database.MaxStorageGiB", d.MaxStorageGiB,
		fmt.Sprintf("RDS requires at least a tenth more than StorageGiB %d, and at most 65536", d.StorageGiB), "write twice StorageGiB")
}

// CacheNodeType matches the node types that run Valkey.
var CacheNodeType = regexp.MustCompile(`^cache\.(t[34]g?|m[5-8]g?|r[5-8]g?|c[7-8]gn?)\.(micro|small|medium|[0-9]*x?large)$`)

func (c Cache) validate(p *problems) {
	if c.Off || c.Existing != nil {
		return
	}
	p.require(c.Serverless || CacheNodeType.MatchString(c.NodeType),
		"Cache.NodeType", c.NodeType, "not a node type that runs Valkey", "write one such as cache.t4g.micro")
	p.require(c.Serverless || c.Replicas >= 0 && c.Replicas <= 5,
		"Cache.Replicas", c.Replicas, "allowed are 0 to 5", "write 1 for automatic failover")
	p.require(!c.Serverless || c.MaxGB >= 1 && c.MaxGB <= 5000,
		"Cache.MaxGB", c.MaxGB, "allowed are 1 to 5000", "write 1")
	p.requireRange("Cache.SnapshotDays", c.SnapshotDays, 0, 35)
}

func (s Storage) validate(p *problems) {
	p.require(s.InfrequentAfterDays == 0 || s.InfrequentAfterDays >= 30 && s.InfrequentAfterDays <= 36500,
		"Storage.InfrequentAfterDays", s.InfrequentAfterDays, "S3 moves objects after 30 days at the earliest",
		"write 30 or more, or 0 for never")
	p.requireRange("Storage.KeepOldVersionsDays", s.KeepOldVersionsDays, 1, 36500)
	p.requireRange("Storage.AccessLogDays", s.AccessLogDays, 1, 36500)
}
