package gate

// ResourceType is the custom resource's type in the template.
const ResourceType = "Custom::Migration"

// The custom resource's properties. CloudFormation sends an Update when one of them changes.
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

	// PropertyRestoredFrom names the snapshot that the database was restored from. It changes when the database is
	// restored, so that the migration runs again.
	PropertyRestoredFrom = "RestoredFrom"
)
