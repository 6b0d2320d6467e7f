package cloudformation

import (
	"reflect"
	"slices"
)

// schema is what AWS's public resource schema says of a type: the properties that only a creation can set, those that may
// need a replacement, and what identifies a resource.
type schema struct{ createOnly, conditional, identifier []string }

// inPlace are the conditional properties that change without a replacement in the ways in which Dozen uses them. All other
// conditional properties replace.
var inPlace = map[string][]string{
	// A machine whose disk is in EBS is stopped and started.
	"AWS::EC2::Instance": {"InstanceType", "UserData", "SecurityGroupIds", "EbsOptimized", "Tenancy"},
	"AWS::EC2::VPC":      {"InstanceTenancy"},
	"AWS::RDS::DBInstance": {
		"MultiAZ", "StorageType", "BackupRetentionPeriod", "AutoMinorVersionUpgrade", "PreferredMaintenanceWindow",
		"DBParameterGroupName",
	},
	"AWS::ElastiCache::ReplicationGroup": {"AuthToken", "NumNodeGroups", "NodeGroupConfiguration"},
}

// replaces reports whether a change of properties needs another physical resource.
func replaces(p *physical, n *node, values []string) bool {
	s := schemas[n.Type]
	for _, path := range slices.Concat(s.createOnly, s.conditional) {
		now := dig(n.properties.value, values, path)
		if !slices.Contains(inPlace[n.Type], path) && !reflect.DeepEqual(p.at(path), now) {
			return true
		}
	}
	return false
}
