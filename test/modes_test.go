package test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing/fstest"

	"dozen/config"
	"dozen/internal/cloudformation"
	"dozen/internal/gate"
)

// mode is an environment as somebody may have set it: one of the three, with at most one setting changed.
type mode struct {
	name        string // such as dev or dev+Aurora
	environment config.Environment
	assembly    func() environment // synthesized once
	releases    map[string]*cloudformation.Environment
	rename      *strings.Replacer
	plant       func(parts) // a change of the templates: a confirmation, or a fault for a test of the tests
}

// tiers are the environments whose settings are changed one at a time.
var tiers = []string{"dev", "staging", "prod", "by-hand", "aurora", "attached"}

// modes are the tiers, all with one setting changed, and another application, by their names.
var modes = sync.OnceValue(func() map[string]*mode {
	all := map[string]*mode{}
	add := func(name string, e config.Environment) {
		all[name] = &mode{
			name: name, environment: e, releases: map[string]*cloudformation.Environment{},
			assembly: sync.OnceValue(func() environment { return synthesized(e) }),
		}
	}
	for _, name := range tiers {
		add(name, tier(name))
	}
	all["dev"].assembly, all["staging"].assembly, all["prod"].assembly = dev, staging, prod
	for _, s := range tried {
		for i, v := range s.values {
			for _, name := range tiers {
				played := i == 0 && slices.Contains(strings.Fields(s.tiers), name)
				if e := tier(name); played || long() && slices.Contains(tiers[:3], name) {
					if v.set(&e, s.field); e.Validate(fixture().Processes) == nil {
						add(strings.TrimSuffix(fmt.Sprintf("%s+%s %d", name, s.field, i), " 0"), e)
					}
				}
			}
		}
	}
	for name, change := range procfiles {
		app := fixture()
		app.Processes = change(slices.Clone(app.Processes))
		for _, name := range []string{"dev+" + name, "prod+" + name} {
			e := tier(name[:strings.Index(name, "+")])
			if e.Validate(app.Processes) == nil {
				add(name, e)
				all[name].assembly = sync.OnceValue(func() environment { return synthesize(e, app) })
			}
		}
	}
	shop := config.Development()
	shop.Application = "shop"
	add("shop", shop)
	return all
})

// procfiles are changes of the app's Procfile.
var procfiles = map[string]func([]config.Process) []config.Process{
	"another worker": func(all []config.Process) []config.Process {
		return append(all, config.Process{Name: "mail", Role: config.RoleWorker, Command: []string{"app", "work"}})
	},
	"no scheduler": func(all []config.Process) []config.Process { return without(all, config.RoleScheduler) },
	"no release":   func(all []config.Process) []config.Process { return without(all, config.RoleMigration) },
}

func without(all []config.Process, role config.Role) []config.Process {
	return slices.DeleteFunc(all, func(p config.Process) bool { return p.Role == role })
}

func long() bool { return os.Getenv("DOZEN_LONG") != "" }

// variants are the modes that differ from a base in one setting.
func variants(base string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(modes())), func(name string) bool { return !strings.HasPrefix(name, base+"+") })
}

var imageHash = regexp.MustCompile(`:([0-9a-f]{64})"`)

// release is a mode with another image: as if the app had changed, and nothing else.
func (m *mode) release(number int) *cloudformation.Environment {
	digit := fmt.Sprintf("%x", number%16)
	if e := m.releases[digit]; e != nil {
		return e
	}
	a := m.assembly()
	found := imageHash.FindStringSubmatch(a.services.text)
	if found == nil {
		panic(m.name + ": no image in the services' template")
	}
	files, directory := fstest.MapFS{}, os.DirFS(a.directory)
	nested, err := fs.Glob(directory, "assembly-*/*.json")
	must(err)
	for _, path := range append(nested, "manifest.json") {
		data, err := fs.ReadFile(directory, path)
		must(err)
		text := strings.ReplaceAll(string(data), found[1], strings.Repeat(digit, 64))
		text = strings.ReplaceAll(text, found[1][:12], strings.Repeat(digit, 12))
		if m.rename != nil {
			text = m.rename.Replace(text)
		}
		if m.plant != nil && strings.HasSuffix(path, ".template.json") {
			text = planted(text, m.plant)
		}
		files[path] = &fstest.MapFile{Data: []byte(text)}
	}
	e, err := cloudformation.Read(files, m.environment.Name)
	must(err)
	m.releases[digit] = e
	return e
}

// with returns the mode with a change of its templates, which need not be synthesized for it.
func (m *mode) with(plant func(parts)) *mode {
	changed := *m
	changed.releases = map[string]*cloudformation.Environment{}
	changed.plant = func(p parts) {
		if m.plant != nil {
			m.plant(p)
		}
		plant(p)
	}
	return &changed
}

// confirming returns the mode with lines in its Confirm, which are in one resource only.
func (m *mode) confirming(lines []string) *mode {
	return m.with(set("LastingSettings", gate.PropertyConfirm, lines))
}
