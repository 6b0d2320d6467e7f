// The findings of cdk-nag that are kept, with their reasons, as stacks/acknowledgements.go has them.
const { NagSuppressions } = require('cdk-nag');

const kept = {
  openToUsers: { rules: ['AwsSolutions-EC23'], reason: 'The load balancer serves the public on ports 80 and 443; nothing else in the environment accepts connections from outside.' },
  settingsAreVariables: { rules: ['AwsSolutions-ECS2'], reason: 'Twelve-factor configuration is environment variables. None holds a secret: those are fetched at run time or injected by reference.' },
  countedBySamples: { rules: ['AwsSolutions-ECS4'], reason: 'Container Insights costs more than a small environment. Running tasks are counted by the samples of the free CPU metric; Options.ContainerInsights switches it on.' },
  standardPorts: { rules: ['AwsSolutions-RDS11', 'AwsSolutions-AEC5'], reason: "The ports are closed to all but the processes' security groups; an unusual number adds no protection and breaks tools." },
  cacheUserGroup: { rules: ['AwsSolutions-AEC6'], reason: 'The cache requires a user and a password through a user group, which the rule does not know; AUTH tokens are its older form.' },
  cacheLoginStays: { rules: ['AwsSolutions-SMG4'], reason: 'AWS has no hosted rotation for cache users. The login opens only sessions, limits and caches, and only from inside the network.' },
  smallEnvironment: { rules: ['AwsSolutions-RDS3', 'AwsSolutions-RDS10', 'AwsSolutions-AEC4', 'AwsSolutions-SMG4', 'AwsSolutions-VPC7'], reason: 'This environment is configured for low cost and easy removal; the same fields are on in Production().' },
  natInstance: { rules: ['AwsSolutions-EC28', 'AwsSolutions-EC29'], reason: 'The NAT instance holds no state and can be made again at any time; detailed monitoring would double its price.' },
  belowOwnPath: { rules: ['AwsSolutions-IAM5'], applies: '/^Resource::(<.*Files.*\\.Arn>|arn:.*:parameter\\/.*)\\/\\*$/', reason: "A process may use every object of its own environment's bucket and every parameter below its own path; names are chosen at run time." },
  takesNoResource: { rules: ['AwsSolutions-IAM5'], applies: '/^Resource::\\*$/', reason: 'ecr:GetAuthorizationToken, ecs:ListTasks and the ssmmessages calls of ECS Exec take no resource; the invariants allow no other action here.' },
  gateFollowsRevisions: { rules: ['AwsSolutions-IAM5'], applies: '/^Resource::.*(task-definition|:task\\/|log-stream|rds:).*\\*$/', reason: 'Revisions, tasks, log streams and snapshots get their names when they are made. Each is limited to this family, this cluster, this log group and this database.' },
};

function acknowledge(construct, ...acknowledgements) {
  const suppressions = acknowledgements.flatMap(({ rules, reason, applies }) =>
    rules.map((id) => ({ id, reason, ...(applies && { appliesTo: [{ regex: applies }] }) })));
  NagSuppressions.addResourceSuppressions(construct, suppressions, true);
}

module.exports = { kept, acknowledge };
