package local

import (
	"context"
	"net"
	"slices"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/local/backing"
)

// startProxy starts the proxy that the task definitions have as a sidecar: one for all tasks.
func (b *backingServices) startProxy(context.Context) error {
	app, sidecar, err := b.templates.proxied()
	if sidecar == nil || err != nil {
		return err
	}
	settings := backing.ProxySettings{
		Dir: b.directory("proxy"), Variables: b.templates.variablesOf(*sidecar), Secrets: b.stored(), Authority: b.authority,
	}
	if b.proxy, err = backing.StartProxy(settings); err != nil {
		return err
	}
	b.proxyVariables = moved(variables(*app), map[string]string{
		settings.Variables["DATABASE_LISTEN"]: b.proxy.Database, settings.Variables["CACHE_LISTEN"]: b.proxy.Cache,
	})
	return nil
}

// proxied returns a container of the app and the one that it depends on; nil if the app has no proxy.
func (t *templates) proxied() (app, sidecar *assembly.Container, err error) {
	definitions, err := t.env.TaskDefinitions(t.answer)
	for _, d := range definitions {
		c, problem := t.app(d)
		if err = problem; err != nil {
			break
		}
		for i := range d.Containers {
			if slices.Contains(c.DependsOn, d.Containers[i].Name) && t.env.Built(d.Containers[i]) != nil {
				return &c, &d.Containers[i], nil
			}
		}
	}
	return nil, nil, err
}

// moved returns the variables that hold one of the addresses, with the address of this machine in its place.
func moved(variables, addresses map[string]string) map[string]string {
	changed := map[string]string{}
	for there, here := range addresses {
		if there == "" {
			continue // the environment has no such server
		}
		_, portThere, _ := net.SplitHostPort(there)
		_, portHere, _ := net.SplitHostPort(here)
		for name, value := range variables {
			if strings.Contains(value, there) {
				changed[name] = strings.ReplaceAll(value, there, here)
			}
			if strings.HasSuffix(name, "PORT") && value == portThere {
				changed[name] = portHere
			}
		}
	}
	return changed
}
