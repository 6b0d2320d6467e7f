package migrationlint

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

// settings are the variables that a migration may set: none of them changes what a name or a statement means.
var settings = []string{
	"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout",
	"work_mem", "maintenance_work_mem", "max_parallel_maintenance_workers", "max_parallel_workers_per_gather",
	"client_min_messages", "client_encoding", "standard_conforming_strings", "check_function_bodies", "xmloption",
	"timezone", "synchronous_commit", "default_with_oids", "default_tablespace", "default_table_access_method",
}

// longestWait is the greatest lock_timeout. Source: the limit of strong_migrations; nobody waits longer for a page.
const longestWait = 10 * time.Second

func (l *linter) setVariable() {
	v := decode[setVariable](l)
	switch {
	case v.Kind == "VAR_RESET_ALL":
		l.timeoutSet = false
	case !slices.Contains(settings, v.Name):
		l.breaks("session", v.Name)
	case v.Name != "lock_timeout" || v.Kind == "VAR_SET_CURRENT":
	case v.Kind == "VAR_SET_VALUE" && len(v.Args) == 1:
		limit := v.Args[0].duration()
		// SET LOCAL has no effect outside a transaction, and 0 means no limit.
		l.timeoutSet, l.timeoutLocal = limit > 0 && limit <= longestWait && (!l.migration.noTx || !v.IsLocal), v.IsLocal
	default:
		l.timeoutSet = false
	}
}

var durationForm = regexp.MustCompile(`^\s*([0-9.]+)\s*(us|ms|s|min|h|d|)\s*$`)

// duration reads a time as PostgreSQL does: a number without a unit is in milliseconds. What it cannot read is 0.
func (c constant) duration() time.Duration {
	text := c.Const.Text.Value + c.Const.Float.Value
	if c.Const.Int.Value != 0 {
		text = strconv.Itoa(c.Const.Int.Value)
	}
	match := durationForm.FindStringSubmatch(text)
	if match == nil {
		return 0
	}
	units := map[string]time.Duration{
		"us": time.Microsecond, "": time.Millisecond, "ms": time.Millisecond, "s": time.Second, "min": time.Minute,
		"h": time.Hour, "d": 24 * time.Hour,
	}
	number, err := strconv.ParseFloat(match[1], 64)
	if err != nil || number > float64(24*time.Hour) {
		return 0
	}
	return time.Duration(number * float64(units[match[2]])).Truncate(time.Millisecond)
}

// locks notes that the statement keeps others from writing to a table, until the transaction ends.
func (l *linter) locks(r relation) {
	if l.isFresh(r) || l.isTemporary(r) {
		return
	}
	l.needsTimeout(r.String())
	if !l.migration.noTx {
		l.held = r.String()
	}
}

// scans refuses a statement that may take long while the transaction keeps others from a table.
func (l *linter) scans() {
	if l.held != "" {
		l.breaks("lock-held", l.held)
	}
}

// needsTimeout requires a lock_timeout for a statement that waits for a lock on a table in use. It reports this once
// for each file.
func (l *linter) needsTimeout(subject string) {
	if !l.timeoutSet && !l.timeoutReported {
		l.timeoutReported = true
		l.breaks("no-lock-timeout", subject)
	}
}

// isFresh reports whether this file has made the table.
func (l *linter) isFresh(r relation) bool { return l.fresh["table "+r.String()] }

// isTemporary reports whether a name is that of a temporary table of this file. It is not enough to drop or alter the
// table: that needs the schema pg_temp, because the same name without it is that of another table a moment later.
func (l *linter) isTemporary(r relation) bool { return r.Schema == "" && l.temporary[r.Name] }
