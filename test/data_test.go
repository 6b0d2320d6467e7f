package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dozen/config"
)

// keepers are the resources that keep data. Their logical ids are pinned: CloudFormation deletes a resource whose id changes
// and creates an empty one in its place.
var keepers = []struct{ id, kind, reason string }{
	{"DatabaseInstanceAA8A5FDE", "AWS::RDS::DBInstance", "all of the application's records"},
	{"DatabaseSecret3B817195", "AWS::SecretsManager::Secret", "the password that the running database was created with"},
	{"StorageFiles48C02C92", "AWS::S3::Bucket", "uploads and archives"},
	{"StorageAccessLogs96FB524C", "AWS::S3::Bucket", "who asked for what: evidence after an incident"},
	{"CacheNodes5B43AEF0", "AWS::ElastiCache::ReplicationGroup", "sessions: a new id logs every user out"},
	{"CacheSecret4CD6E2C3", "AWS::SecretsManager::Secret", "the login that running tasks hold"},
	{"NetworkVpc7FB7348F", "AWS::EC2::VPC", "holds the database and the cache; a new one cannot take them over"},
}

func TestLogicalIDsOfWhatKeepsData(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		for _, keeper := range keepers {
			if kind := e.data.resource(keeper.id).Type; kind != keeper.kind {
				t.Errorf("%s is no longer a %s (%q): it keeps %s", keeper.id, keeper.kind, kind, keeper.reason)
			}
		}
	})
	aurora := with(t, config.Development(), func(e *config.Environment) { e.Database.Aurora = true })
	want(t, "Aurora cluster", aurora.data.one(t, "AWS::RDS::DBCluster", "").ID, "DatabaseCluster5B53A178")
	serverless := with(t, config.Development(), func(e *config.Environment) { e.Cache.Serverless = true })
	want(t, "serverless cache", serverless.data.one(t, "AWS::ElastiCache::ServerlessCache", "").ID, "CacheServerlessB4693E6C")
}

// Settings may change the size of what keeps data, never its identity. Database.Snapshot, Database.Aurora and Cache.Serverless mean
// another database or cache: see config/lasting.go.
func TestSettingsKeepLogicalIDs(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) {
		e.Network.NAT, e.Network.Zones = config.NATSingle, 3
		e.Database.Class, e.Database.MultiAZ = "r8g.large", false
		e.Cache.Replicas, e.Storage.InfrequentAfterDays = 2, 0
		e.Alarms.Email, e.LogDays = "ops@example.com", 365
	})
	for _, keeper := range keepers {
		if e.data.resource(keeper.id).Type != keeper.kind {
			t.Errorf("%s is gone after a change of settings: it keeps %s", keeper.id, keeper.reason)
		}
	}
}

// What an operator fears most: the data is gone with its stack, or after a replacement.
func TestDataOutlivesItsStack(t *testing.T) {
	for _, get := range []func() environment{staging, prod} {
		e := get()
		// RetainExceptOnCreate: a first deployment that fails removes what holds no data yet, or the next try finds it in the way.
		for kind, policies := range map[string][2]string{
			"AWS::RDS::DBInstance": {"Snapshot", "Snapshot"}, "AWS::S3::Bucket": {"RetainExceptOnCreate", "Retain"},
		} {
			for _, r := range e.data.all(t, kind) {
				want(t, r.ID+" on deletion", r.DeletionPolicy, policies[0])
				want(t, r.ID+" on replacement", r.UpdateReplacePolicy, policies[1])
			}
		}
	}
	want(t, "production's database", prod().data.one(t, "AWS::RDS::DBInstance", "").get("DeletionProtection"), true)
}

// The opposite fear: an environment for an afternoon that is billed for a year.
func TestNothingRemainsOfARemovableEnvironment(t *testing.T) {
	e := synthesizeFor(t, config.Ephemeral("pr-123", config.Production()), fixture())
	for _, tpl := range e.templates() {
		for _, r := range tpl.resources() {
			if r.DeletionPolicy == "Retain" || r.DeletionPolicy == "Snapshot" || r.DeletionPolicy == "RetainExceptOnCreate" {
				t.Errorf("%s (%s) remains: %s", r.ID, r.Type, r.DeletionPolicy)
			}
		}
	}
	want(t, "emptied buckets", len(e.data.all(t, "Custom::S3AutoDeleteObjects")), len(e.data.all(t, "AWS::S3::Bucket")))
	want(t, "database protection", e.data.one(t, "AWS::RDS::DBInstance", "").get("DeletionProtection"), false)
	want(t, "automated backups", e.data.one(t, "AWS::RDS::DBInstance", "").get("DeleteAutomatedBackups"), true)
}

func TestDatabase(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		d := e.settings.Database
		instance := e.data.one(t, "AWS::RDS::DBInstance", "")
		for property, wanted := range map[string]any{
			"Engine": "postgres", "EngineVersion": config.PostgresVersion, "StorageType": "gp3", "StorageEncrypted": true,
			"AllocatedStorage": "20", "MaxAllocatedStorage": d.MaxStorageGiB, "MultiAZ": d.MultiAZ, "BackupRetentionPeriod": d.BackupDays,
			"PubliclyAccessible": false, "EnablePerformanceInsights": true, "EnableIAMDatabaseAuthentication": true,
			"AutoMinorVersionUpgrade": true, "AllowMajorVersionUpgrade": false, "CopyTagsToSnapshot": true,
			"EnableCloudwatchLogsExports": []string{"postgresql", "upgrade"}, "DBName": "app", "DBInstanceClass": "db." + d.Class,
		} {
			if property == "AllocatedStorage" && e.Name == "prod" {
				wanted = "50"
			}
			want(t, property, instance.get(property), wanted)
		}
		want(t, "forced TLS", e.data.one(t, "AWS::RDS::DBParameterGroup", "").get("Parameters", "rds.force_ssl"), "1")
		want(t, "family", e.data.one(t, "AWS::RDS::DBParameterGroup", "").get("Family"), "postgres17")
		if d.BackupDays < 7 {
			t.Errorf("backups are kept %d days", d.BackupDays)
		}
		secret := e.data.one(t, "AWS::SecretsManager::Secret", "/Database/")
		excluded, _ := secret.get("GenerateSecretString", "ExcludeCharacters").(string)
		for _, unsafe := range ` ^@/:"'\%#?&=+` + "`" {
			if !strings.ContainsRune(excluded, unsafe) {
				t.Errorf("a generated password may contain %q, which breaks connection strings", unsafe)
			}
		}
	})
	want(t, "rotation in production",
		plain(prod().data.one(t, "AWS::SecretsManager::RotationSchedule", "").get("RotationRules")),
		`{"ScheduleExpression":"rate(30 days)"}`)
}

// Prevents: a database that is encrypted with AWS's key although the team has one, so that no other account can restore its
// snapshots. With a snapshot the key is the snapshot's, and must not be given again.
func TestDatabaseUnderAKeyOfItsOwn(t *testing.T) {
	for aurora, kind := range map[bool]string{false: "AWS::RDS::DBInstance", true: "AWS::RDS::DBCluster"} {
		change := func(snapshot string) resource {
			e := with(t, config.Production(), func(e *config.Environment) {
				e.Database.Aurora, e.Database.KeyARN, e.Database.Snapshot = aurora, key, snapshot
			})
			return e.data.ofType(kind)[0]
		}
		made, restored := change(""), change("before-the-accident")
		want(t, kind+"'s key", []any{made.get("KmsKeyId"), made.get("StorageEncrypted")}, []any{key, true})
		want(t, kind+"'s key when restored", restored.get("KmsKeyId"), nil)
	}
	want(t, "key by default", prod().data.one(t, "AWS::RDS::DBInstance", "").get("KmsKeyId"), nil)
}

// What keeps data is in subnets without a route to the outside.
func TestDataIsIsolated(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		routed := map[string]bool{}
		for _, route := range e.data.all(t, "AWS::EC2::Route") {
			routed[ref(route.get("RouteTableId"))] = true
		}
		outside := map[string]bool{}
		for _, association := range e.data.all(t, "AWS::EC2::SubnetRouteTableAssociation") {
			outside[ref(association.get("SubnetId"))] = routed[ref(association.get("RouteTableId"))]
		}
		database, cache := e.data.one(t, "AWS::RDS::DBSubnetGroup", ""), e.data.one(t, "AWS::ElastiCache::SubnetGroup", "")
		subnets := append(list(database.get("SubnetIds")), list(cache.get("SubnetIds"))...)
		if len(subnets) != 2*e.settings.Network.Zones {
			t.Errorf("%d subnets for data, want one a zone each", len(subnets))
		}
		for _, subnet := range subnets {
			if reaches, known := outside[ref(subnet)]; reaches || !known {
				t.Errorf("subnet %s has a route out", ref(subnet))
			}
		}
	})
}

func TestCache(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		group := e.data.one(t, "AWS::ElastiCache::ReplicationGroup", "")
		several := e.settings.Cache.Replicas > 0
		for property, wanted := range map[string]any{
			"Engine": "valkey", "EngineVersion": config.ValkeyVersion,
			"TransitEncryptionEnabled": true, "TransitEncryptionMode": "required",
			"AtRestEncryptionEnabled": true, "AutomaticFailoverEnabled": several, "MultiAZEnabled": several,
			"NumCacheClusters": 1 + e.settings.Cache.Replicas,
		} {
			want(t, property, group.get(property), wanted)
		}
		want(t, "login", len(list(group.get("UserGroupIds"))), 1)
	})
}

func TestBuckets(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		for _, bucket := range e.data.all(t, "AWS::S3::Bucket") {
			want(t, bucket.ID+"'s public access", bucket.get("PublicAccessBlockConfiguration"),
				map[string]bool{
					"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
				})
			var policy string
			for _, p := range e.data.all(t, "AWS::S3::BucketPolicy") {
				if ref(p.get("Bucket")) == bucket.ID {
					policy = plain(p.get("PolicyDocument"))
				}
			}
			if !strings.Contains(policy, `"aws:SecureTransport":"false"`) || !strings.Contains(policy, `"Effect":"Deny"`) {
				t.Errorf("%s does not refuse plain HTTP: %s", bucket.ID, policy)
			}
			if bucket.get("LifecycleConfiguration") == nil {
				t.Errorf("%s grows forever", bucket.ID)
			}
		}
		files := e.data.one(t, "AWS::S3::Bucket", "/Files/")
		want(t, "versions", files.get("VersioningConfiguration", "Status"), "Enabled")
		logs := e.data.one(t, "AWS::S3::BucketPolicy", "/AccessLogs/")
		if !strings.Contains(plain(logs.Properties), "logdelivery.elasticloadbalancing.amazonaws.com") {
			t.Error("the load balancer may not deliver its logs")
		}
	})
}

// Prevents: a first deployment that fails and can be neither rolled back nor repeated, because its stack is protected. Only the
// stack that keeps data is.
func TestOnlyTheDataStackIsProtected(t *testing.T) {
	manifest, err := os.ReadFile(filepath.Join(prod().directory, "assembly-prod", "manifest.json"))
	must(err)
	var found struct {
		Artifacts map[string]struct {
			Type       string
			Properties struct{ TerminationProtection bool }
		}
	}
	must(json.Unmarshal(manifest, &found))
	protected := map[string]bool{}
	for id, artifact := range found.Artifacts {
		if artifact.Type == "aws:cloudformation:stack" {
			protected[strings.TrimRight(strings.TrimPrefix(id, "prod"), "0123456789ABCDEF")] = artifact.Properties.TerminationProtection
		}
	}
	want(t, "protected", protected, map[string]bool{"Data": true, "Services": false})
}
