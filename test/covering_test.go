package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/cloudformation"
)

// row is an environment by its levels: for each factor 0, what the tier has, or the number of a value of tried. The first factor
// is the tier.
type row []int

// environment makes the environment of a row.
func (r row) environment() config.Environment {
	e := tier(tiers[r[0]])
	for i, s := range tried {
		if level := r[i+1]; level > 0 {
			s.values[level-1].set(&e, s.field)
		}
	}
	return e
}

func (r row) valid() bool { return r.environment().Validate(fixture().Processes) == nil }

// pair is two levels of two factors, the smaller factor first.
type pair struct{ factor, level, other, otherLevel int }

// pairs returns the pairs of a row that has a factor at a level.
func (r row) pairs(factor, level int) []pair {
	var all []pair
	for other, otherLevel := range r {
		switch {
		case other < factor:
			all = append(all, pair{other, otherLevel, factor, level})
		case other > factor:
			all = append(all, pair{factor, level, other, otherLevel})
		}
	}
	return all
}

// covering is the rows of a covering array by pairs, made greedily, and the pairs that no valid row has.
type covering struct {
	random     *rand.Rand
	levels     []int // how many each factor has
	open       map[pair]bool
	rows       []row
	impossible []pair
}

// newCovering makes rows until each pair of levels is in one of them, or in none that is valid.
func newCovering() *covering {
	c := &covering{random: rand.New(rand.NewPCG(1, 0)), levels: []int{3}, open: map[pair]bool{}}
	for _, s := range tried {
		c.levels = append(c.levels, 1+len(s.values))
	}
	var order []pair
	for factor, levels := range c.levels {
		for other := factor + 1; other < len(c.levels); other++ {
			for level := range levels {
				for otherLevel := range c.levels[other] {
					p := pair{factor, level, other, otherLevel}
					c.open[p], order = true, append(order, p)
				}
			}
		}
	}
	c.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, p := range order {
		if c.open[p] {
			c.add(p)
		}
	}
	return c
}

// add makes a row with a pair, and with as many other open pairs as a greedy choice finds.
func (c *covering) add(p pair) {
	r := make(row, len(c.levels))
	r[p.factor], r[p.other] = p.level, p.otherLevel
	fixed := map[int]bool{p.factor: true, p.other: true}
	if !r.valid() && !c.repair(r, fixed) {
		c.impossible = append(c.impossible, p)
		delete(c.open, p)
		return
	}
	for _, factor := range c.random.Perm(len(r)) {
		if fixed[factor] {
			continue
		}
		best, most := r[factor], c.gain(r, factor, r[factor])
		for level := range c.levels[factor] {
			before, gain := r[factor], c.gain(r, factor, level)
			if r[factor] = level; gain <= most || !r.valid() {
				r[factor] = before
				continue
			}
			best, most = level, gain
		}
		r[factor] = best
	}
	c.rows = append(c.rows, r)
	for factor, level := range r {
		for _, p := range r.pairs(factor, level) {
			delete(c.open, p)
		}
	}
}

// repair makes a row valid by one more factor.
func (c *covering) repair(r row, fixed map[int]bool) bool {
	for factor, levels := range c.levels {
		if fixed[factor] {
			continue
		}
		for level := range levels {
			if r[factor] = level; r.valid() {
				fixed[factor] = true
				return true
			}
		}
		r[factor] = 0
	}
	return false
}

// gain counts the open pairs that a level would close.
func (c *covering) gain(r row, factor, level int) int {
	n := 0
	for _, p := range r.pairs(factor, level) {
		if c.open[p] {
			n++
		}
	}
	return n
}

// Prevents: two settings that work alone and not together. Each pair of values of all settings is in an environment that the real
// command synthesizes and checks, or is refused by name; and each of these environments deploys, updates and is destroyed.
func TestEveryPairOfSettings(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes with all validators")
	}
	c := newCovering()
	environments := make([]config.Environment, len(c.rows))
	for i, r := range c.rows {
		environments[i] = r.environment()
		environments[i].Name = fmt.Sprintf("row-%d", i)
	}
	t.Logf("%d environments for %d settings; %d pairs are refused", len(c.rows), len(tried), len(c.impossible))
	for _, p := range c.impossible {
		c.explain(t, p)
	}
	directory := checkout(t)
	synthesizeByCommand(t, directory, environments)
	for _, e := range environments {
		deploysAndGoes(t, directory, e)
	}
}

// explain reports a pair that is refused without naming one of its settings.
func (c *covering) explain(t *testing.T, p pair) {
	t.Helper()
	r := make(row, len(c.levels))
	r[p.factor], r[p.other] = p.level, p.otherLevel
	problem := fmt.Sprint(r.environment().Validate(fixture().Processes))
	for _, factor := range []int{p.factor, p.other} {
		if factor > 0 {
			field := tried[factor-1].field
			if strings.Contains(problem, field[strings.LastIndex(field, ".")+1:]) {
				return
			}
		}
	}
	t.Errorf("%v is refused, and the reason names neither setting: %s", p, problem)
}

// synthesizeByCommand runs `make synth` in a copy of the checkout whose environments are the given ones.
func synthesizeByCommand(t *testing.T, directory string, environments []config.Environment) {
	t.Helper()
	data, err := json.Marshal(environments)
	must(err)
	must(os.WriteFile(filepath.Join(directory, "config", "rows.json"), data, 0o644))
	must(os.WriteFile(filepath.Join(directory, "config", "rows.go"), []byte(`package config

import (
	_ "embed"
	"encoding/json"
)

//go:embed rows.json
var rowsJSON []byte

func rows() (rows []Environment) {
	if err := json.Unmarshal(rowsJSON, &rows); err != nil {
		panic(err)
	}
	return rows
}
`), 0o644))
	path := filepath.Join(directory, "config", "overrides.go")
	source, err := os.ReadFile(path)
	must(err)
	const three = "[]Environment{Development(), Staging(), Production()}"
	if !strings.Contains(string(source), three) {
		t.Fatalf("config/overrides.go has no %s to change", three)
	}
	must(os.WriteFile(path, []byte(strings.Replace(string(source), three, "rows()", 1)), 0o644))
	if output, code := makeSynth(t, directory); code != 0 {
		t.Fatalf("make synth exits with %d:\n%s", code, output)
	}
}

// deploysAndGoes plays an environment: created, deployed again without a change, and destroyed.
func deploysAndGoes(t *testing.T, directory string, settings config.Environment) {
	t.Helper()
	e, err := cloudformation.Read(os.DirFS(filepath.Join(directory, "cdk.out")), settings.Name)
	if err != nil {
		t.Error(err)
		return
	}
	account, options, events := cloudformation.NewAccount(1), cloudformation.Options{Removable: settings.Removable}, 0
	options.Fault = func(cloudformation.Event) bool { events++; return false }
	_ = account.Deploy(e, options) // a failure is a violation
	created := events
	if _ = account.Deploy(e, options); events != created || created < 100 {
		t.Errorf("%s: %d events of the creation, %d of a deployment without a change", settings.Name, created, events-created)
	}
	if settings.Removable {
		_ = account.Destroy(e, options)
	}
	for _, violation := range account.Violations() {
		t.Errorf("%s: %s", settings.Name, violation)
	}
}
