package config

import (
	"fmt"
	"slices"
	"strconv"
)

// Rule is what a deployed environment allows a lasting setting.
type Rule int

// The rules.
const (
	// Free changes need nothing.
	Free Rule = iota
	// Confirmed changes need a line in Confirm.
	Confirmed
	// Restored changes give the environment another database: they need a line in Confirm, or the first Database.Snapshot of
	// the environment in the same deployment.
	Restored
	// Shrinks: a change to a smaller number needs a line in Confirm.
	Shrinks
	// Loses: a change to a list without one of its items needs a line in Confirm.
	Loses
	// Grows: a change to a smaller number is refused, or to one that is less than a tenth larger.
	Grows
	// Never: a deployed environment cannot change to this value.
	Never
)

// Lasting is a setting that a deployed environment cannot change freely.
type Lasting struct {
	Field, Value string
	// Rule for a change to Value, and in one clause what the change does. Changes to other values have rules of their own.
	Rule        Rule
	Consequence string
}

// Confirmation is the line of Confirm that allows the change to this value.
func (l Lasting) Confirmation() string { return l.Field + "=" + l.Value }

// maxZones is the most that Network.Zones allows.
const maxZones = 3

// The consequences, as main clauses without a full stop.
const (
	emptyDatabase = "the deployment makes an EMPTY database, and the services begin to work on it. To keep the data, set " +
		"Database.Snapshot to a new snapshot in the same deployment (docs/runbooks/RestoreDatabase.md)"
	oldDatabase = "the services work on a copy of the snapshot, and what was written since it was taken is not there. Restore the " +
		"newest one (docs/runbooks/RestoreDatabase.md)"
	fixedSubnets = "the subnets of a deployed network cannot move. Set it back, or deploy an environment under another name and " +
		"restore the database there"
	otherDatabase = "the services begin to work on the data of another server, and a database that Dozen has made is deleted; unless the " +
		"environment is Removable, a last snapshot of it stays. Move the data first"
	otherCache = "the deployment deletes the old cache minutes before the last task that uses it has stopped: sessions end, and those " +
		"tasks work without a cache"
	withoutOption = " minutes before the last task of the release before has stopped. Deploy a version that does without it first"
)

// Lasting returns the settings of this environment that a deployed one cannot change freely: where a change would lose data,
// cut off running tasks, or fail half-way. In an environment that is not deployed yet all values are free.
func (e Environment) Lasting() []Lasting {
	all := []Lasting{
		{"Storage.KeepOldVersionsDays", strconv.Itoa(e.Storage.KeepOldVersionsDays), Shrinks, "S3 deletes the older versions for good"},
	}
	domain := Lasting{Field: "Domain.Name", Value: e.Domain.Name}
	if e.Domain.Name == "" {
		domain.Rule, domain.Consequence = Confirmed, "users lose HTTPS, and the name stops working. Is a DOZEN_ variable missing?"
	}
	return slices.Concat(e.Network.lasting(), e.Database.lasting(), e.Cache.lasting(), append(all, domain),
		e.lastingParts(), e.lastingSecrets())
}

// lasting returns what chooses the database. One that exists has an owner: of its settings only the server matters here.
func (d Database) lasting() []Lasting {
	consequence := emptyDatabase
	if d.Snapshot != "" {
		consequence = oldDatabase
	}
	if d.Existing != nil {
		return []Lasting{{"Database.Existing.Host", d.Existing.Host, Confirmed, otherDatabase}}
	}
	all := []Lasting{
		{"Database.Existing.Host", "", Restored, consequence},
		{"Database.Aurora", strconv.FormatBool(d.Aurora), Restored, consequence},
		{"Database.Snapshot", d.Snapshot, Restored, consequence},
		{"Database.BackupDays", strconv.Itoa(d.BackupDays), Shrinks, "RDS deletes the older recovery points at once"},
	}
	if d.Snapshot == "" { // a restored database has the key of its snapshot
		all = append(all, Lasting{"Database.KeyARN", d.KeyARN, Restored, emptyDatabase})
	}
	if !d.Aurora {
		all = append(all, Lasting{"Database.StorageGiB", strconv.Itoa(d.StorageGiB), Grows,
			"RDS cannot make a database's storage smaller, nor grow it by less than a tenth. Set it back"})
	}
	return all
}

// lasting returns what chooses the cache.
func (c Cache) lasting() []Lasting {
	if c.Existing != nil {
		return []Lasting{{"Cache.Existing.Host", c.Existing.Host, Confirmed, otherCache}}
	}
	return []Lasting{
		{Field: "Cache.Existing.Host"},
		{"Cache.Serverless", strconv.FormatBool(c.Serverless), Confirmed, otherCache},
	}
}

// lasting returns the addresses, how tasks reach the internet, and the zones. A third zone can be added: it has its own setting, which the
// environment with two zones does not have.
func (n Network) lasting() []Lasting {
	if n.Existing != nil {
		return []Lasting{{"Network.CIDR", "", Never, fixedSubnets}, {"Network.Existing.VPCID", n.Existing.VPCID, Never, fixedSubnets}}
	}
	nat := Lasting{Field: "Network.NAT", Value: string(n.NAT)}
	if n.NAT == NATNone {
		nat.Rule, nat.Consequence = Confirmed, "the tasks of the release before lose their way to the internet until they are replaced"
	}
	zones := Lasting{Field: "Network.Zones", Value: strconv.Itoa(n.Zones)}
	if n.Zones < maxZones {
		zones.Rule, zones.Consequence = Never, "what runs in the third zone cannot leave it. Set it back"
	}
	all := []Lasting{{"Network.CIDR", n.CIDR, Never, fixedSubnets}, nat, zones}
	for i := range min(n.Zones, maxZones) {
		name := "the region's zone " + strconv.Itoa(i+1)
		if i < len(n.ZoneNames) {
			name = n.ZoneNames[i]
		}
		all = append(all, Lasting{fmt.Sprintf("Network.ZoneNames[%d]", i), name, Never, fixedSubnets})
	}
	return all
}

// lastingParts returns the parts that can be switched off, and that tasks work with. Only switching one off has a consequence.
func (e Environment) lastingParts() []Lasting {
	fate := "leaves %s in the account, where no stack knows it any more,"
	if e.Removable {
		fate = "deletes %s"
	}
	var all []Lasting
	for _, part := range []struct {
		field, off, fate, what string
		on                     bool
	}{
		{"Cache.Off", "true", "deletes %s", "the cache with what is in it", !e.Cache.Off},
		{"Storage.Off", "true", fate, "the bucket with its files", !e.Storage.Off},
		{"Options.Queue", "false", fate, "the queue with its messages", e.Options.Queue},
		{"Options.Topic", "false", fate, "the topic with its subscriptions", e.Options.Topic},
		{"Options.Table", "false", fate, "the table with its items", e.Options.Table},
		{"Options.AppConfig", "false", fate, "the configuration with all its versions", e.Options.AppConfig},
	} {
		lasting := Lasting{Field: part.field, Value: part.off}
		if part.on {
			lasting.Value = map[string]string{"true": "false", "false": "true"}[part.off]
		} else {
			lasting.Rule, lasting.Consequence = Confirmed, "the deployment "+fmt.Sprintf(part.fate, part.what)+withoutOption
		}
		all = append(all, lasting)
	}
	return all
}

// validateConfirm refuses what confirms nothing: a line that was left behind must not confirm a later change.
func (e Environment) validateConfirm(p *problems) {
	var allowed []string
	for _, l := range e.Lasting() {
		if l.Rule != Free && l.Rule != Never && l.Rule != Grows {
			allowed = append(allowed, l.Confirmation())
		}
	}
	for i, line := range e.Confirm {
		p.require(slices.Contains(allowed, line), fmt.Sprintf("Confirm[%d]", i), line, "it confirms no value of this environment",
			"remove it, or write the line that a refused deployment has printed")
	}
}
