package gate

import "strings"

const deployAgain = "deploy again."

// Remedies of the gate's own problems.
const (
	deadlineRemedy = "read the log to see what the migration was waiting for (often a lock that another session holds). " +
		"Split it into smaller migrations or raise Migration.Deadline, then deploy again."
	startRemedy      = "correct what AWS reports above, then deploy again."
	snapshotRemedy   = "correct what RDS reports above, or turn Migration.SnapshotFirst off, then deploy again."
	noExitCodeRemedy = "the container did not run to its end: correct what the stop reason says, then deploy again."
	exitCodeRemedy   = "fix what the log shows, then deploy again. Applied migrations stay applied; the rest follow."
)

// Remedies of what AWS reports.
const (
	wrongArchitecture = "the image is for a different architecture than the task: " +
		"build it for linux/arm64, then deploy again."
	moreMemory = "the migration ran out of memory: " +
		"raise Migration.MemoryMiB, or let it work in smaller pieces, then deploy again."
	noSuchCommand = "the image does not contain the command: " +
		"compare the release line of the Procfile with the image, then deploy again."
	noRouteToRegistry = "the task cannot reach the registry: check its subnets' route " +
		"(NAT, public address or endpoints) and its security group, then deploy again."
	noRouteToAWS = "check the task's route to AWS (NAT, public address or endpoints), " +
		"its security group and its execution role, then deploy again."
	noCapacity = "Fargate has no capacity at the moment: " +
		"deploy again in a few minutes; if it persists, raise Network.Zones."
	noFreeAddress    = "free some addresses in the task's subnets, or use larger subnets, then deploy again."
	noFreeInterface  = "free some network interfaces or addresses in the task's subnets, then deploy again."
	cannotPull       = "check that the image is in the registry and that the execution role may pull it, then deploy again."
	cannotReadSecret = "allow the execution role to read the secret, and give the subnets a route to " +
		"Secrets Manager and the registry, then deploy again."
	missingPermission = "give the gate's role the permission named above, then deploy again."
	badLogGroup       = "check that the log group exists and that the execution role may write to it, then deploy again."
	noSuchDatabase    = "correct the identifier of the database to snapshot, then deploy again."
	noServiceRole     = "create ECS's service-linked role once: " +
		"aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
)

// remedies are searched in this order; the first whose part is in what AWS says, in lower case, applies. Special cases
// come before general ones.
var remedies = []struct{ part, remedy string }{
	{"descriptor matching platform", wrongArchitecture},
	{"exec format error", wrongArchitecture},
	{"insufficientfreeaddresses", noFreeAddress},
	{"free ip addresses", noFreeAddress},
	{"resource:eni", noFreeInterface},
	{"capacity is unavailable", noCapacity},
	{"you've reached the limit", "ask AWS for a higher Fargate quota, then deploy again."},
	{"no space left on device", "the image and its temporary files fill the task's disk: make them smaller, then deploy again."},
	{"executable file not found", noSuchCommand},
	{"no such file or directory", noSuchCommand},
	{"i/o timeout", noRouteToRegistry},
	{"context deadline exceeded", noRouteToRegistry},
	{"cannotpullcontainererror", cannotPull},
	{"unable to pull secrets or registry auth", cannotReadSecret},
	{"failed to validate logger args", badLogGroup},
	{"failed to initialize logging driver", badLogGroup},
	{"resourceinitializationerror", noRouteToAWS},
	{"outofmemory", moreMemory},
	{"spotinterruption", "Fargate took the capacity back: " + deployAgain},
	{"passrole", "allow the gate's role to pass the task's two roles, then deploy again."},
	{"accessdenied", missingPermission},
	{"not authorized to perform", missingPermission},
	{"clusternotfound", "the cluster does not exist: deploy the stack that creates it first."},
	{"inactive", "the task definition or the cluster was removed by hand: " + deployAgain},
	{"unable to assume the service linked role", noServiceRole},
	{"throttl", "AWS is limiting the rate of calls at the moment: " + deployAgain},
	{"snapshotquotaexceeded", "delete old manual snapshots of the database, then deploy again."},
	{"dbinstancenotfound", noSuchDatabase},
	{"dbclusternotfound", noSuchDatabase},
}

// remedyFor returns the remedy for what AWS said, or otherwise.
func remedyFor(said, otherwise string) string {
	said = strings.ToLower(said)
	for _, entry := range remedies {
		if strings.Contains(said, entry.part) {
			return entry.remedy
		}
	}
	return otherwise
}

// exitRemedy knows what shells and kernels mean by their exit codes.
func exitRemedy(code int, cause string) string {
	switch {
	case code == 137 && strings.Contains(cause, "OutOfMemory"):
		return moreMemory
	case code == 137:
		return "the migration was killed (SIGKILL), usually because it ran out of memory, " +
			"or because it did not end in time when told to stop. Deploy again."
	case code == 143:
		return "the migration was told to stop (SIGTERM) before it was complete: " + deployAgain
	case code == 139:
		return "the migration crashed (SIGSEGV): fix the image, then deploy again."
	case code == 126 || code == 127:
		return noSuchCommand
	}
	return remedyFor(cause, exitCodeRemedy)
}
