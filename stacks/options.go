package stacks

// addOptions adds what Options asks for and what is kept when the services go.
func (s *DataStack) addOptions(e Environment) {
	o := e.Options
	if o.Queue {
		s.attached = append(s.attached, NewQueue(s.Stack, "Queue", e))
	}
	if o.Topic {
		s.attached = append(s.attached, NewTopic(s.Stack, "Topic"))
	}
	if o.Table {
		s.attached = append(s.attached, NewTable(s.Stack, "Table", e))
	}
	if o.AppConfig {
		s.attached = append(s.attached, NewAppConfig(s.Stack, "AppConfig", e))
	}
	if o.AuditTrail {
		NewAuditTrail(s.Stack, "AuditTrail", e, s.buckets)
	}
	if o.MonthlyBudgetUSD > 0 {
		NewBudget(s.Stack, "Budget", e)
	}
}

// addOptions adds what looks at the services or starts them: the stored log queries always, the rest as asked for.
func (s *ServicesStack) addOptions() {
	e := s.platform.env
	addQueries(s.Stack, e, s.formation)
	if e.Options.Dashboard {
		NewDashboard(s.Stack, "Dashboard", s.platform, s.formation)
	}
	if len(e.ScheduledTasks) > 0 {
		NewScheduledTasks(s.Stack, "ScheduledTasks", s.platform, s.formation.web.task, s.admin)
	}
	if len(e.Secrets) > 0 {
		NewRedeploy(s.Stack, "Redeploy", s.platform, s.formation)
	}
}
