// Package handler is the Lambda function around package gate: one function, without a framework or further resources.
//
//	CloudFormation ──event──► function ──► ECS, CloudWatch Logs, RDS
//	                           │    ▲          (until shortly before its timeout)
//	                           │    └── the state, as payload ──┐
//	                           ├── Invoke itself, asynchronously ┘
//	                           └── PUT answer ──► presigned address ──► CloudFormation
//
// # The function
//
//	runtime provided.al2023, arm64, handler bootstrap, memory 128 MB
//	timeout 900 s                           all invocations but the last use it up
//	EventInvokeConfig MaximumRetryAttempts 2, MaximumEventAgeInSeconds 3600
//	no VPC, no environment variables, no reserved concurrency
//
// The custom resource's ServiceTimeout is gate.ServiceTimeout: the deadline plus five minutes. CloudFormation allows
// 3600 s, so a deadline is at most 3300 s. The five minutes are enough to stop the task (45 s), to read the log (6 s),
// and for two new deliveries after a handler's death (60 s and 120 s).
//
// Lambda stops a function that seems to be in a loop: after 16 invocations in one chain. The longest deadline needs
// four; the gate itself hands over at most ten times.
//
// # Permissions of its role
//
//	action                          resource                                                 condition
//	ecs:RunTask                     arn:P:ecs:R:A:task-definition/FAMILY:*                   ArnEquals ecs:cluster = CLUSTER
//	iam:PassRole                    the migration's task role and execution role             StringEquals iam:PassedToService =
//	                                                                                         ecs-tasks.amazonaws.com
//	ecs:DescribeTasks, ecs:StopTask arn:P:ecs:R:A:task/CLUSTER-NAME/*                        ArnEquals ecs:cluster = CLUSTER
//	ecs:ListTasks                   *  (nothing narrower works for Fargate)                  ArnEquals ecs:cluster = CLUSTER
//	logs:GetLogEvents               arn:P:logs:R:A:log-group:GROUP:log-stream:PREFIX/CONTAINER/*
//	cloudformation:DescribeStacks   the stack's own id (Ref AWS::StackId)
//	lambda:InvokeFunction           the function's own ARN
//	logs:CreateLogStream, logs:PutLogEvents on the function's own log group
//
// and only with a snapshot:
//
//	rds:CreateDBSnapshot            the instance's ARN, and arn:P:rds:R:A:snapshot:PREFIX-????????????-????????????
//	rds:DeleteDBSnapshot, rds:AddTagsToResource              arn:P:rds:R:A:snapshot:PREFIX-????????????-????????????
//	rds:DescribeDBSnapshots         arn:P:rds:R:A:snapshot:*, and the instance's ARN
//
// or for a cluster the actions with DBCluster in their names, the cluster's ARN, and cluster-snapshot in place of snapshot.
//
// The permission to invoke itself names the function, and the function waits for its role's default policy: put the
// permission into a policy of its own, and let the custom resource wait for that policy. A call that IAM rejects
// because a new policy is not known everywhere yet is retried for a minute.
package handler
