package gate

import (
	"regexp"
	"strings"
)

const (
	deployAgain      = "deploy again."
	deadlineRemedy   = "look in the log for what it waited for (often a lock that another session holds); cut the migration into smaller ones, or raise the deadline. Then deploy again."
	startRemedy      = "look at what AWS says above, then deploy again."
	snapshotRemedy   = "look at what RDS says above, or switch the snapshot off, then deploy again."
	noExitCodeRemedy = "the container never ran to an end; look at the task's stop reason, then deploy again."
)

// remedies are looked through in this order, in lower case; the first that is found in what AWS says counts. The
// special case stands before the general one.
var remedies = []struct{ said, remedy string }{
	{"descriptor matching platform", wrongArchitecture},
	{"exec format error", wrongArchitecture},
	{"insufficientfreeaddresses", "free addresses in the task's subnets, or give it larger ones, then deploy again."},
	{"free ip addresses", "free addresses in the task's subnets, or give it larger ones, then deploy again."},
	{"resource:eni", "free network interfaces or addresses in the task's subnets, then deploy again."},
	{"capacity is unavailable", "Fargate has no room at the moment: deploy again in some minutes, with subnets in more zones if it persists."},
	{"you've reached the limit", "ask AWS for a higher Fargate quota, then deploy again."},
	{"no space left on device", "give the task more ephemeral storage, then deploy again."},
	{"executable file not found", "the image has no such command: compare the line release in app/Procfile with the image, then deploy again."},
	{"no such file or directory", "the image has no such command: compare the line release in app/Procfile with the image, then deploy again."},
	{"i/o timeout", noRouteToRegistry},
	{"context deadline exceeded", noRouteToRegistry},
	{"cannotpullcontainererror", "check that the image is in the registry and that the execution role may pull it, then deploy again."},
	{"unable to pull secrets or registry auth", "give the execution role leave to read the secret, and the subnets a route to Secrets Manager and the registry, then deploy again."},
	{"failed to validate logger args", "check that the task's log group exists and the execution role may write to it, then deploy again."},
	{"failed to initialize logging driver", "check that the task's log group exists and the execution role may write to it, then deploy again."},
	{"resourceinitializationerror", "check the task's routes to AWS (NAT, public address or endpoints), its security groups and its execution role, then deploy again."},
	{"outofmemory", moreMemory},
	{"spotinterruption", "Fargate took the capacity back: " + deployAgain},
	{"passrole", "let the gate's role pass the task's two roles, then deploy again."},
	{"accessdenied", "give the gate's role the permission that is named above, then deploy again."},
	{"not authorized to perform", "give the gate's role the permission that is named above, then deploy again."},
	{"clusternotfound", "the cluster is gone: deploy the stack that makes it first."},
	{"inactive", "the task definition or cluster was removed by hand: " + deployAgain},
	{"unable to assume the service linked role", "create ECS's service-linked role once: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"},
	{"throttl", "AWS limits the rate of calls at the moment: " + deployAgain},
	{"snapshotquotaexceeded", "delete old manual snapshots of the database, then deploy again."},
	{"dbinstancenotfound", "correct the identifier of the database to be copied, then deploy again."},
	{"dbclusternotfound", "correct the identifier of the database to be copied, then deploy again."},
}

const (
	wrongArchitecture = "the image is for another architecture than the task: build it for linux/arm64, then deploy again."
	moreMemory        = "it ran out of memory: give the release process more, or let the migration work in smaller pieces, then deploy again."
	noRouteToRegistry = "the task cannot reach the registry: check its subnets' route (NAT, public address or endpoints) and security group, then deploy again."
)

func remedyFor(said, otherwise string) string {
	said = strings.ToLower(said)
	for _, entry := range remedies {
		if strings.Contains(said, entry.said) {
			return entry.remedy
		}
	}
	return otherwise
}

// exitRemedy knows what shells and kernels mean by their codes.
func exitRemedy(code int, cause string) string {
	switch {
	case code == 137 && strings.Contains(cause, "OutOfMemory"):
		return moreMemory
	case code == 137:
		return "it was killed (SIGKILL): most often for want of memory, or because it did not end in time when told to. Deploy again."
	case code == 143:
		return "it was told to stop (SIGTERM) before it was through: " + deployAgain
	case code == 139:
		return "it crashed (SIGSEGV): mend the image, then deploy again."
	case code == 126 || code == 127:
		return "the image has no such command: compare the line release in app/Procfile with the image, then deploy again."
	}
	return remedyFor(cause, "mend what the log shows, then deploy again: what is applied stays applied, and the rest follows.")
}

var noSnapshotCharacter = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// snapshotName is the same for every delivery of a request. RDS allows letters, digits and single hyphens, and
// wants a letter first.
func snapshotName(release, token string) string {
	name := strings.Trim(noSnapshotCharacter.ReplaceAllString(release, "-"), "-")
	if len(name) > 40 {
		name = strings.Trim(name[:40], "-")
	}
	return "before-" + strings.Trim(name+"-", "-") + "-" + token[:12]
}
