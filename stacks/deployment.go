package stacks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Override is a setting that varies by deployment and not by code: DOZEN_KEY for every environment, DOZEN_NAME_KEY for one.
type Override struct {
	Key     string // after DOZEN_ or DOZEN_NAME_
	Meaning string // for the README
	set     func(e *Environment, value string, own bool)
}

// Overrides are all that the process environment may change, besides DOZEN_ENVIRONMENTS.
var Overrides = []Override{
	{"ACCOUNT", "AWS account to deploy to", func(e *Environment, v string, _ bool) { e.Account = v }},
	{"REGION", "AWS region to deploy to", func(e *Environment, v string, _ bool) { e.Region = v }},
	{"DOMAIN", "domain name; without an environment's name in the variable, each environment gets NAME.DOMAIN", func(e *Environment, v string, own bool) {
		if !own {
			v = e.Name + "." + v
		}
		e.Domain.Name = v
	}},
	{"HOSTED_ZONE_ID", "Route 53 zone of the domain", func(e *Environment, v string, _ bool) { e.Domain.HostedZoneID = v }},
	{"HOSTED_ZONE_NAME", "name of that zone", func(e *Environment, v string, _ bool) { e.Domain.HostedZoneName = v }},
	{"CERTIFICATE_ARN", "ACM certificate, instead of one issued through the zone", func(e *Environment, v string, _ bool) { e.Domain.CertificateARN = v }},
	{"ALARM_EMAIL", "address that receives alarms", func(e *Environment, v string, _ bool) { e.Alarms.Email = v }},
}

// environmentsVariable names further environments, each with the one that it inherits: pr-123:dev,pr-124:staging.
const environmentsVariable = "DOZEN_ENVIRONMENTS"

// Environments are the three of environments.go and the ephemeral ones, with the overrides of the process environment,
// given as in os.Environ. A variable that begins with DOZEN_ and means nothing is an error, because a misspelt one would
// deploy without it.
func Environments(environ []string) ([]Environment, error) {
	values := dozenVariables(environ)
	environments := []Environment{Development(), Staging(), Production()}
	ephemeral, problems := ephemerals(values[environmentsVariable], environments)
	environments = append(environments, ephemeral...)
	known := []string{environmentsVariable}
	for i := range environments {
		e := &environments[i]
		for _, o := range Overrides {
			everyone, own := "DOZEN_"+o.Key, "DOZEN_"+variableName(e.Name)+"_"+o.Key
			known = append(known, everyone, own)
			if value := values[own]; value != "" {
				o.set(e, value, true)
			} else if value := values[everyone]; value != "" {
				o.set(e, value, false)
			}
		}
	}
	return environments, errors.Join(append(problems, unknown(values, known)...)...)
}

// ephemerals reads name:base pairs.
func ephemerals(list string, bases []Environment) (made []Environment, problems []error) {
	taken := map[string]bool{}
	for _, base := range bases {
		taken[base.Name] = true
	}
	for pair := range strings.SplitSeq(list, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, baseName, ok := strings.Cut(pair, ":")
		i := slices.IndexFunc(bases, func(e Environment) bool { return e.Name == baseName })
		switch {
		case !ok:
			problems = append(problems, fmt.Errorf("%s has %q: no base; write NAME:BASE, such as pr-123:dev", environmentsVariable, pair))
		case i < 0:
			problems = append(problems, fmt.Errorf("%s has %q: base %q does not exist; write one of dev, staging, prod", environmentsVariable, pair, baseName))
		case taken[name]:
			problems = append(problems, fmt.Errorf("%s has %q: an environment %q exists already; choose another name", environmentsVariable, pair, name))
		default:
			taken[name] = true
			made = append(made, Ephemeral(name, bases[i]))
		}
	}
	return made, problems
}

func dozenVariables(environ []string) map[string]string {
	values := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "DOZEN_") {
			values[name] = value
		}
	}
	return values
}

func unknown(values map[string]string, known []string) (problems []error) {
	for name := range values {
		if !slices.Contains(known, name) && !slices.Contains(toolVariables, name) {
			problems = append(problems, fmt.Errorf("%s is set, and Dozen knows no such variable; see the README's table, or unset it", name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}

// toolVariables belong to the tests and to make, not to a deployment.
var toolVariables = []string{"DOZEN_LONG", "DOZEN_POSTGRES_BIN"}

func variableName(environment string) string {
	return strings.ToUpper(strings.ReplaceAll(environment, "-", "_"))
}
