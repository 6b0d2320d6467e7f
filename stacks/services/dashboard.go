package services

import (
	"maps"
	"slices"

	"dozen/config"
	"dozen/stacks/data"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// addDashboard shows an environment on one page: what users see on top, then the processes, then what they depend on. The
// graphs show the metrics that the alarms watch.
func addDashboard(scope constructs.Construct, id string, p *platform, f formation) {
	rows := []*[]awscloudwatch.IWidget{usersRow(f.web), processesRow(p, f)}
	if row := dataRow(p.data); len(*row) > 0 {
		rows = append(rows, row)
	}
	awscloudwatch.NewDashboard(scope, jsii.String(id), &awscloudwatch.DashboardProps{
		PeriodOverride: awscloudwatch.PeriodOverride_INHERIT,
		Widgets:        &rows,
	})
}

func usersRow(web *webService) *[]awscloudwatch.IWidget {
	sum, targets := perMinute(awscloudwatch.Stats_SUM()), web.targets.Metrics()
	return &[]awscloudwatch.IWidget{
		graph("Web requests a minute", targets.RequestCount(sum)),
		graph("Web errors a minute",
			targets.HttpCodeTarget(elb.HttpCodeTarget_TARGET_5XX_COUNT, sum),
			web.balancer.balancer.Metrics().HttpCodeElb(elb.HttpCodeElb_ELB_5XX_COUNT, sum)),
		graph("Web latency in seconds",
			targets.TargetResponseTime(perMinute(jsii.String("p50"))),
			targets.TargetResponseTime(perMinute(jsii.String("p99")))),
	}
}

func processesRow(p *platform, f formation) *[]awscloudwatch.IWidget {
	var tasks, backlog, age []awscloudwatch.IMetric
	for _, service := range f.services() {
		tasks = append(tasks, runningTasks(service.FargateService))
	}
	for _, worker := range f.workers {
		if p.env.Worker(worker.process.Name).Source.Kind == config.SourceCPU {
			continue
		}
		jobs := p.backlogOf(worker.process).metrics
		for _, id := range slices.Sorted(maps.Keys(jobs)) {
			backlog = append(backlog, jobs[id])
		}
		if oldest := p.oldestOf(worker.process); oldest != nil {
			age = append(age, oldest)
		}
	}
	row := []awscloudwatch.IWidget{graph("Running tasks per service", tasks...)}
	if len(f.workers) > 0 {
		row = append(row, graph("Backlog in jobs", backlog...), graph("Age of the oldest due job in seconds", age...))
	}
	return &row
}

func dataRow(d *data.Stack) *[]awscloudwatch.IWidget {
	database := func(name string, statistic *string) awscloudwatch.IMetric {
		return databaseMetric(d.Database, name, statistic)
	}
	var row []awscloudwatch.IWidget
	if d.Database.Identifier != nil {
		row = append(row, graph("Database CPU in percent", database("CPUUtilization", awscloudwatch.Stats_AVERAGE())),
			graph("Database connections", database("DatabaseConnections", awscloudwatch.Stats_MAXIMUM())))
	}
	var memory []awscloudwatch.IMetric
	for _, node := range d.CacheNodes() {
		memory = append(memory, cacheMetric(node, "DatabaseMemoryUsagePercentage", awscloudwatch.Stats_MAXIMUM()))
	}
	if len(memory) > 0 {
		row = append(row, graph("Cache memory in percent", memory...))
	}
	return &row
}

// graph is a third of the page wide.
func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Left: &metrics, Width: jsii.Number(8), Height: jsii.Number(6),
	})
}
