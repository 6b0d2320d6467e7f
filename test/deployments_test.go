package test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/internal/cloudformation"
	"dozen/internal/gate"
)

// mayStay are the things that docs/runbooks/RemoveEnvironment.md names: what AWS makes by itself.
var mayStay = regexp.MustCompile(`^/aws/(rds|ecs/containerinsights)/`)

// history is a random sequence of commands on one environment, and what was written about them.
type history struct {
	*rand.Rand
	seed    uint64
	account *cloudformation.Account
	mode    *mode
	release int
	own     []cloudformation.Violation // in addition to the account's
	lines   []string
	kept    bool     // the environment was once not removable
	force   bool     // deployments use --force
	confirm []string // what Confirm has while a change is under way
}

func newHistory(seed uint64) *history {
	return &history{Rand: rand.New(rand.NewPCG(seed, 1)), seed: seed, account: cloudformation.NewAccount(seed), release: 1}
}

// play plays the history of a seed.
func play(seed uint64) *history {
	h := newHistory(seed)
	base := tiers[h.IntN(len(tiers))]
	h.mode, h.account.Cautious = modes()[base], h.IntN(2) == 0
	if changed := variants(base); h.IntN(2) == 0 {
		h.mode = modes()[changed[h.IntN(len(changed))]]
	}
	h.first()
	for range 2 + h.IntN(4) {
		h.step(base)
	}
	h.last()
	return h
}

// first is the first deployment. If a fault strikes, the same command follows. For the stack that keeps data the runbook
// FirstDeploymentFailed may come before it: its database is protected from the first second.
func (h *history) first() {
	if h.deploy(h.mode, h.mode, true) == nil {
		return
	}
	h.note("repeat")
	h.recover(h.mode)
}

// recover repeats a first deployment whose cause of failure is gone, and looks for what the failed one has left.
func (h *history) recover(m *mode) {
	e, options := m.release(h.release), h.options(m, m)
	data := m.environment.Application + "-" + m.environment.Name + "-Data"
	status := h.account.Status(data)
	options.MayFail = status == "ROLLBACK_COMPLETE" || status == "ROLLBACK_FAILED"
	err := h.account.Deploy(e, options)
	if err != nil && options.MayFail {
		h.note("runbook: FirstDeploymentFailed")
		must(h.account.Clear(data))
		options.MayFail = false
		err = h.account.Deploy(e, options)
	}
	if err != nil {
		return // a violation
	}
	for _, leftover := range h.account.Leftovers() {
		if strings.Contains(leftover, ", retained while ") {
			h.violate(cloudformation.Repeated, "orphaned", leftover)
		}
	}
}

func (h *history) violate(invariant cloudformation.Invariant, rule, text string) {
	h.own = append(h.own, cloudformation.Violation{Invariant: invariant, Rule: rule, Text: text, Seed: h.seed})
}

// step is a release, a change of one setting, both, the same once more, or a newer machine image of AWS's.
func (h *history) step(base string) {
	from, to := h.mode, h.mode
	switch h.IntN(6) {
	case 0:
	case 1:
		h.account.Publish("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64")
		h.note("a newer Amazon Linux")
	case 2, 3:
		h.release++
	default:
		h.release += h.IntN(2)
		to = modes()[base]
		if changed := variants(base); from.name == base || h.IntN(4) == 0 {
			to = modes()[changed[h.IntN(len(changed))]]
		}
	}
	h.change(from, to)
}

// change deploys until it succeeds, or goes back to what was deployed before. What is refused for good changes nothing.
func (h *history) change(from, to *mode) {
	for h.confirm = nil; ; {
		err := h.deploy(from, to, true)
		switch {
		case err == nil:
			h.mode = to
			return
		case errors.Is(err, cloudformation.ErrRefused), len(h.account.Struck()) == 0: // the latter is a violation
			return
		case h.IntN(3) == 0:
			h.force, h.confirm = true, nil // as docs/settings.md says about Confirm
			h.note("back, with --force")
			err = h.deploy(to, from, false) // a failure is a violation
			if h.force = false; !errors.Is(err, cloudformation.ErrRefused) {
				return
			}
		}
	}
}

// deploy deploys as a person does: who is refused for want of a confirmation adds the lines that the refusal prints, and deploys
// again.
func (h *history) deploy(from, to *mode, faults bool) error {
	err := h.command(from, to, h.confirm, faults)
	if !errors.Is(err, cloudformation.ErrRefused) {
		return err
	}
	lines := confirmations(err)
	if len(lines) == 0 {
		return err
	}
	h.note("confirm " + strings.Join(lines, ", "))
	h.confirm = lines
	return h.command(from, to, lines, faults)
}

// confirmations are the lines for Confirm that a refusal prints.
func confirmations(refusal error) (lines []string) {
	for _, printed := range confirmation.FindAllStringSubmatch(fmt.Sprint(refusal), -1) {
		lines = append(lines, printed[1])
	}
	return lines
}

var confirmation = regexp.MustCompile(`add "([^"]+)" to the environment's Confirm`)

// last destroys an environment that may be destroyed, with a fault now and then, and looks at what is left.
func (h *history) last() {
	if !h.mode.environment.Removable {
		return
	}
	options := h.options(h.mode, h.mode)
	if h.IntN(3) == 0 {
		options.Fault = nth(1 + h.IntN(250))
	}
	h.note("destroy")
	err := h.account.Destroy(h.mode.release(h.release), options)
	if err != nil && len(h.account.Struck()) > 0 {
		options.Fault = nil
		h.note("destroy again")
		err = h.account.Destroy(h.mode.release(h.release), options)
	}
	if err == nil {
		h.destroyed()
	}
}

// destroyed looks at what is left of an environment that was destroyed.
func (h *history) destroyed() {
	for _, leftover := range h.account.Leftovers() {
		switch {
		case mayStay.MatchString(leftover):
		case h.kept && strings.Contains(leftover, ", retained while "): // it was not removable when this was made
		case strings.HasSuffix(leftover, ", after a fault"): // of ours
		default:
			h.violate(cloudformation.LeftOver, "undeclared", leftover)
		}
	}
}

// command is one `cdk deploy`, with lines in Confirm.
func (h *history) command(from, to *mode, confirm []string, faults bool) error {
	options := h.options(from, to, confirm...)
	if len(confirm) > 0 {
		to = to.confirming(confirm)
	}
	line := fmt.Sprintf("deploy %s, image %d", to.name, h.release)
	if faults {
		switch h.IntN(5) {
		case 0:
			options.Fault = func(e cloudformation.Event) bool {
				return e.Type == gate.ResourceType && e.End && (e.Phase == cloudformation.Creating || e.Phase == cloudformation.Updating)
			}
			line += ", the migration fails"
		case 1, 2:
			n := 1 + h.IntN(330)
			options.Fault = nth(n)
			line += fmt.Sprintf(", a fault at event %d", n)
		}
	}
	err := h.account.Deploy(to.release(h.release), options)
	h.note(line)
	h.kept = h.kept || !to.environment.Removable
	if err != nil {
		h.note("   " + err.Error())
	}
	return err
}

func nth(n int) func(cloudformation.Event) bool {
	return func(e cloudformation.Event) bool { return e.Number == n }
}

func (h *history) note(line string) { h.lines = append(h.lines, line) }

// options are what the settings say to a deployment from one mode to another: a confirmed change gives up what it is about, and so
// does a restore.
func (h *history) options(from, to *mode, confirm ...string) cloudformation.Options {
	options := cloudformation.Options{Removable: from.environment.Removable && to.environment.Removable, Force: h.force}
	if snapshot := to.environment.Database.Snapshot; snapshot != "" && snapshot != from.environment.Database.Snapshot {
		confirm = append(confirm, "Database.Snapshot=")
	}
	if from.environment.Removable && !to.environment.Removable { // the functions that empty buckets go, with their logs
		options.Confirmed = append(options.Confirmed, "AWS::Logs::")
	}
	for _, line := range confirm {
		for field, types := range givenUp {
			if strings.HasPrefix(line, field) {
				options.Confirmed = append(options.Confirmed, types)
			}
		}
	}
	return options
}

// givenUp is what a confirmed change is about, by the beginning of its types.
var givenUp = map[string]string{
	"Database": "AWS::RDS::", "Cache": "AWS::ElastiCache::", "Cache.Off": "AWS::SecretsManager::", "Cache.Existing": "AWS::SecretsManager::",
	"Database.Existing": "AWS::SecretsManager::", "Storage.Off": "AWS::S3::",
	"Secrets": "AWS::SecretsManager::", "Options.Queue": "AWS::SQS::", "Options.Topic": "AWS::SNS::",
	"Options.Table": "AWS::DynamoDB::", "Options.AppConfig": "AWS::AppConfig::",
}

// varying is what differs from history to history: the environment's name, what the construct library appends to a logical id,
// and the simulator's numbers.
var varying = regexp.MustCompile(`(dozen|shop)-\w+-|[0-9A-F]{8}\b|#\d+`)

// pattern names a violation without what differs from history to history.
func pattern(v cloudformation.Violation) string {
	where := v.Stack + "/" + v.Resource
	switch {
	case strings.HasPrefix(v.Rule, "stale"): // one stack that is skipped holds many
		where = v.Stack
	case v.Resource == "":
		where, _, _ = strings.Cut(v.Text, " (")
		where, _, _ = strings.Cut(where, " already exists")
	}
	return fmt.Sprintf("%s, %s: %s", v.Invariant, v.Rule, varying.ReplaceAllString(where, ""))
}

// known are the faults that today's templates have, by what is to be mended. A fault that is mended must leave the list: the test
// compares both ways. What is rare need not be found by every run.
var known = []struct {
	what, pattern string
	rare          bool
}{
	{what: "the way back from a confirmed change that failed half-way, if AWS reads outputs again for changed resources only",
		pattern: `^I5 current, stale, read cautiously: Services$`},
	{what: "a bucket that has got logs when the first deployment fails, see the runbook", pattern: `^I6 repeated, orphaned: Data (AuditTrailEvents|StorageAccessLogs)$`, rare: true},
	{what: "an old database that a failed clean-up has left keeps its group", pattern: `^I4 in use, deleted in use: Data/Database`, rare: true},
	{what: "the same: the environment cannot be destroyed", pattern: `^I7 left over, fails: DELETE_FAILED: Data Database`, rare: true},
	{what: "a rule for an attached server that a skipped rollback has left keeps its group", pattern: `^I4 in use, deleted in use: Services/\w+ProcessGroup$`, rare: true},
	{what: "the same: the services cannot be destroyed at once", pattern: `^I7 left over, fails: DELETE_FAILED: Services \w+ProcessGroup$`, rare: true},
	{what: "RunOnDeploy off, and a fault in the gate's own clean-up", pattern: `^I4 in use, deleted in use: Services/ReleaseProcessTask`, rare: true},
	{what: "the same", pattern: `^I7 left over, fails: DELETE_FAILED: Services ReleaseProcessTask`, rare: true},
}

// violations are those of many histories by their patterns: how often, and the first one with its history.
type violations map[string]*struct {
	count   int
	example string
}

func (f violations) add(h *history) {
	for _, v := range append(h.account.Violations(), h.own...) {
		p := pattern(v)
		if f[p] == nil {
			f[p] = &struct {
				count   int
				example string
			}{example: v.String() + "\n\t" + strings.Join(h.lines, "\n\t")}
		}
		f[p].count++
	}
}

func (f violations) patterns() []string { return slices.Sorted(maps.Keys(f)) }

// compare reports what was found and is not known, and what is known and was not found.
func (f violations) compare(t *testing.T) {
	t.Helper()
	matched := map[string]bool{}
	for _, p := range f.patterns() {
		new := true
		for _, k := range known {
			if regexp.MustCompile(k.pattern).MatchString(p) {
				new, matched[k.pattern] = false, true
			}
		}
		if new {
			t.Errorf("%d times %s\n\t%s", f[p].count, p, f[p].example)
		} else {
			t.Logf("known: %d times %s\n\t%s", f[p].count, p, f[p].example)
		}
	}
	for _, k := range known {
		if !matched[k.pattern] && !k.rare {
			t.Errorf("was not found any more, and must leave the list: %s (%s)", k.what, k.pattern)
		}
	}
}

// Whatever is deployed, in whatever order and with whatever fault: the invariants hold. The ordinary run repeats the same
// histories; the long one has ten times as many.
func TestDeployments(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes many environments")
	}
	rounds := 1000
	if long() {
		rounds = 10000
	}
	for _, m := range modes() {
		m.release(1)
	}
	start, all := time.Now(), violations{}
	for seed := range uint64(rounds) {
		all.add(play(seed))
	}
	all.add(twoApplications(0))
	t.Logf("%d histories in %v", rounds, time.Since(start))
	all.compare(t)
}

// twoApplications deploys two applications with environments of one name into one account, twice each, and destroys one.
func twoApplications(seed uint64) *history {
	h := newHistory(seed)
	for range 2 {
		for _, name := range []string{"dev", "shop"} {
			_ = h.deploy(modes()[name], modes()[name], false) // a failure is a violation
		}
		h.release++
	}
	h.note("destroy shop")
	_ = h.account.Destroy(modes()["shop"].release(2), h.options(modes()["shop"], modes()["shop"]))
	return h
}
