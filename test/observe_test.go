package test

import (
	"encoding/json"
	"strings"
	"testing"
)

// At three in the morning nobody should have to invent a query: the first three are stored, and search every process.
func TestLogQueriesAreStored(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		var groups []any
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			if !definition.under("/Admin/") {
				groups = append(groups, definition.container("LogConfiguration", "Options", "awslogs-group"))
			}
		}
		for part, condition := range map[string]string{
			"/Errors/": `level in ["ERROR"`, "/Slow/": "sort took_us desc", "/Request/": "filter request_id =",
		} {
			query := e.services.one(t, "AWS::Logs::QueryDefinition", part)
			if text := query.get("QueryString").(string); !strings.Contains(text, condition) || !strings.Contains(text, "limit ") {
				t.Errorf("%s asks %q", query.ID, text)
			}
			want(t, query.ID+"'s folder", strings.HasPrefix(query.get("Name").(string), "dozen/"+e.Name+"/"), true)
			want(t, query.ID+"'s groups", len(list(query.get("LogGroupNames"))), len(groups))
			for _, group := range groups {
				if !strings.Contains(plain(query.get("LogGroupNames")), plain(group)) {
					t.Errorf("%s does not search %s", query.ID, plain(group))
				}
			}
		}
	})
}

// The dashboard shows what users see, every service and worker, and what they depend on.
func TestDashboardShowsTheEnvironment(t *testing.T) {
	services := full().services
	var body strings.Builder
	for _, part := range list(services.one(t, "AWS::CloudWatch::Dashboard", "").get("DashboardBody", "Fn::Join", 1)) {
		if literal, ok := part.(string); ok {
			body.WriteString(literal)
		} else {
			body.WriteString(strings.Trim(strings.ReplaceAll(plain(part), `"`, "'"), "{}"))
		}
	}
	var page struct {
		Widgets []struct {
			Properties struct{ Title, Region string }
		}
	}
	if err := json.Unmarshal([]byte(body.String()), &page); err != nil {
		t.Fatalf("not a dashboard: %v\n%s", err, body.String())
	}
	want(t, "graphs", len(page.Widgets), 9)
	for _, metric := range []string{
		"RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "TargetResponseTime",
		"Backlog", "BacklogAge", "AWS/RDS", "CPUUtilization", "DatabaseConnections", "DatabaseMemoryUsagePercentage",
	} {
		if !strings.Contains(body.String(), `"`+metric+`"`) {
			t.Errorf("no graph of %s", metric)
		}
	}
	for _, service := range services.all(t, "AWS::ECS::Service") {
		if !strings.Contains(body.String(), service.ID) {
			t.Errorf("no graph of %s", service.ID)
		}
	}
}
