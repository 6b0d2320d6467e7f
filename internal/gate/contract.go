package gate

// ResourceType is the type, in the template, of the custom resource that runs the migration.
const ResourceType = "Custom::Migration"

// The properties of ResourceType. CloudFormation sends an Update when one of them changes.
const (
	PropertyCluster          = "Cluster"
	PropertyTaskDefinition   = "TaskDefinition"
	PropertyContainer        = "Container"
	PropertySubnets          = "Subnets"
	PropertySecurityGroups   = "SecurityGroups"
	PropertyAssignPublicIP   = "AssignPublicIp"
	PropertyLogGroup         = "LogGroup"
	PropertyLogStreamPrefix  = "LogStreamPrefix"
	PropertyDeadlineSeconds  = "DeadlineSeconds"
	PropertyRelease          = "Release"
	PropertySnapshotDatabase = "SnapshotDatabase"
	PropertySnapshotKind     = "SnapshotKind"
	PropertySnapshotPrefix   = "SnapshotPrefix"
	PropertyKeepSnapshots    = "KeepSnapshots"
)
