package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// addQueries stores the log queries that operators need first, over all processes, in CloudWatch Logs Insights under
// APPLICATION/ENVIRONMENT. Stored queries are free. docs/contract.md names the fields that they use.
func addQueries(scope constructs.Construct, e config.Environment, f formation) {
	this := constructs.NewConstruct(scope, jsii.String("Queries"))
	var groups []interfacesawslogs.ILogGroupRef
	for _, task := range f.tasks() {
		groups = append(groups, task.logs)
	}
	query := func(id, name string, props awslogs.QueryStringProps) {
		awslogs.NewQueryDefinition(this, jsii.String(id), &awslogs.QueryDefinitionProps{
			QueryDefinitionName: jsii.Sprintf("%s/%s/%s", e.Application, e.Name, name),
			QueryString:         awslogs.NewQueryString(&props),
			LogGroups:           &groups,
		})
	}
	query("Errors", "Errors", awslogs.QueryStringProps{
		Fields:           jsii.Strings("@timestamp", "@log", "@message"),
		FilterStatements: jsii.Strings(`level in ["ERROR", "error", "FATAL", "fatal"] or @message like /panic:|Traceback/`),
		Sort:             jsii.String("@timestamp desc"),
		Limit:            jsii.Number(200),
	})
	query("Slow", "Slow requests", awslogs.QueryStringProps{
		Fields:           jsii.Strings("@timestamp", "method", "path", "status", "took_us / 1000 as milliseconds", "request_id"),
		FilterStatements: jsii.Strings("ispresent(took_us)"),
		Sort:             jsii.String("took_us desc"),
		Limit:            jsii.Number(100),
	})
	query("Request", "One request by id", awslogs.QueryStringProps{
		Fields:           jsii.Strings("@timestamp", "@log", "@message"),
		FilterStatements: jsii.Strings(`request_id = "PUT THE ID HERE"`),
		Sort:             jsii.String("@timestamp asc"),
		Limit:            jsii.Number(1000),
	})
}
