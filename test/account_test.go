package test

import (
	"strings"
	"testing"

	"dozen/config"
)

// An auditor asks who changed what, and whether the answer was changed afterwards.
func TestAuditTrailCanBeTrusted(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Options.AuditTrail = true })
	trail := e.data.one(t, "AWS::CloudTrail::Trail", "")
	bucket := e.data.one(t, "AWS::S3::Bucket", "/AuditTrail/")
	want(t, "pinned", bucket.ID, "AuditTrailEvents07E11284")
	want(t, "bucket", ref(trail.get("S3BucketName")), bucket.ID)
	want(t, "trail",
		[]any{trail.get("IsLogging"), trail.get("EnableLogFileValidation"), trail.get("IncludeGlobalServiceEvents")},
		[]any{true, true, true})
	want(t, "events", trail.get("EventSelectors", 0), map[string]any{"IncludeManagementEvents": true, "ReadWriteType": "All"})
	want(t, "outlives its stack", []string{bucket.DeletionPolicy, bucket.UpdateReplacePolicy}, []string{"RetainExceptOnCreate", "Retain"})
	want(t, "versions", bucket.get("VersioningConfiguration", "Status"), "Enabled")
	want(t, "public access", bucket.get("PublicAccessBlockConfiguration", "RestrictPublicBuckets"), true)

	policy := e.data.one(t, "AWS::S3::BucketPolicy", "/AuditTrail/")
	for _, statement := range list(policy.get("PolicyDocument", "Statement")) {
		if dig(statement, "Effect") == "Allow" {
			want(t, "who may write", dig(statement, "Principal"), map[string]string{"Service": "cloudtrail.amazonaws.com"})
		}
	}
	text := plain(policy.get("PolicyDocument"))
	if !strings.Contains(text, `"aws:SecureTransport":"false"`) || !strings.Contains(text, `/AWSLogs/`) {
		t.Errorf("the bucket's policy is %s", text)
	}
	if !strings.Contains(plain(trail.DependsOn), policy.ID) {
		t.Error("the trail does not wait for the permission to write, and CloudTrail refuses to create it")
	}
	if strings.Contains(e.services.text, bucket.ID) {
		t.Error("the services stack names the trail's bucket, which is no business of any process")
	}
}

// Somebody hears of a growing bill before the end of the month.
func TestBudgetTellsTheAlarmAddress(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) {
		e.Options.MonthlyBudgetUSD, e.Alarms.Email = 300, "ops@example.com"
	})
	budget := e.data.one(t, "AWS::Budgets::Budget", "")
	want(t, "limit", budget.get("Budget", "BudgetLimit"), map[string]any{"Amount": 300, "Unit": "USD"})
	want(t, "each", []any{budget.get("Budget", "TimeUnit"), budget.get("Budget", "BudgetType")}, []string{"MONTHLY", "COST"})
	want(t, "of what", budget.get("Budget", "CostFilters"), map[string]any{"TagKeyValue": []string{"user:Budget$dozen-prod"}})
	want(t, "fixed name", budget.get("Budget", "BudgetName"), nil)
	alerts := map[string]any{}
	for _, alert := range list(budget.get("NotificationsWithSubscribers")) {
		alerts[dig(alert, "Notification", "NotificationType").(string)] = dig(alert, "Notification", "Threshold")
		want(t, "unit", dig(alert, "Notification", "ThresholdType"), "PERCENTAGE")
		want(t, "told", dig(alert, "Subscribers"), []any{map[string]string{"Address": "ops@example.com", "SubscriptionType": "EMAIL"}})
	}
	want(t, "alerts in percent", alerts, map[string]any{"ACTUAL": 80, "FORECASTED": 100})
}

// Everything that costs money has the tag that the budget filters by.
func TestBudgetCountsByItsTag(t *testing.T) {
	for _, kind := range []string{
		"AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::EC2::NatGateway", "AWS::SQS::Queue",
		"AWS::DynamoDB::Table",
	} {
		for _, r := range full().data.all(t, kind) {
			if !strings.Contains(plain(r.get("Tags")), `{"Key":"Budget","Value":"dozen-prod"}`) {
				t.Errorf("%s has the tags %s", r.ID, plain(r.get("Tags")))
			}
		}
	}
	for _, service := range full().services.all(t, "AWS::ECS::Service") {
		want(t, service.ID+"'s tasks have its tags", service.get("PropagateTags"), "SERVICE")
		if !strings.Contains(plain(service.get("Tags")), `{"Key":"Budget","Value":"dozen-prod"}`) {
			t.Errorf("%s has the tags %s", service.ID, plain(service.get("Tags")))
		}
	}
	if strings.Contains(prod().data.text, `"Budget"`) {
		t.Error("without a budget there is nothing to tag")
	}
}
