package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Override is a setting that depends on where you deploy and not on the code: DOZEN_KEY for every environment, DOZEN_NAME_KEY for one.
type Override struct {
	Key     string // after DOZEN_ or DOZEN_NAME_
	Field   string // the field that it sets
	Meaning string // for the README
	set     func(e *Environment, value string)
	setAll  func(e *Environment, value string) // for a value meant for every environment; nil: set
}

// Overrides are all that the process environment may change, in addition to DOZEN_ENVIRONMENTS.
var Overrides = []Override{
	{Key: "ACCOUNT", Field: "Account", Meaning: "AWS account to deploy to", set: func(e *Environment, v string) { e.Account = v }},
	{Key: "REGION", Field: "Region", Meaning: "AWS region to deploy to", set: func(e *Environment, v string) { e.Region = v }},
	{Key: "DOMAIN", Field: "Domain.Name",
		Meaning: "domain name; without an environment's name in the variable, each environment gets NAME.DOMAIN",
		set:     func(e *Environment, v string) { e.Domain.Name = v },
		setAll:  func(e *Environment, v string) { e.Domain.Name = e.Name + "." + v }},
	{Key: "HOSTED_ZONE_ID", Field: "Domain.HostedZoneID", Meaning: "Route 53 zone of the domain",
		set: func(e *Environment, v string) { e.Domain.HostedZoneID = v }},
	{Key: "HOSTED_ZONE_NAME", Field: "Domain.HostedZoneName", Meaning: "name of that zone",
		set: func(e *Environment, v string) { e.Domain.HostedZoneName = v }},
	{Key: "CERTIFICATE_ARN", Field: "Domain.CertificateARN", Meaning: "ACM certificate, instead of one issued through the zone",
		set: func(e *Environment, v string) { e.Domain.CertificateARN = v }},
	{Key: "ALARM_EMAIL", Field: "Alarms.Email", Meaning: "address that receives alarms",
		set: func(e *Environment, v string) { e.Alarms.Email = v }},
}

// environmentsVariable names further environments, each with the one that it inherits from: pr-123:dev,pr-124:staging.
const environmentsVariable = "DOZEN_ENVIRONMENTS"

// Environments returns the three environments of environments.go and the ephemeral ones, with the overrides of the process
// environment, given as by os.Environ. An unknown variable that begins with DOZEN_ is an error, because a misspelt one would
// deploy without its setting.
func Environments(environ []string) ([]Environment, error) {
	values := dozenVariables(environ)
	environments := []Environment{Development(), Staging(), Production()}
	ephemeral, problems := ephemerals(values[environmentsVariable], environments)
	environments = append(environments, ephemeral...)
	known := []string{environmentsVariable}
	for i := range environments {
		for _, o := range Overrides {
			known = append(known, o.apply(&environments[i], values)...)
		}
	}
	return environments, errors.Join(append(problems, unknown(values, known)...)...)
}

// apply sets the override's value in an environment, if there is one, and returns the variables that it looked at.
func (o Override) apply(e *Environment, values map[string]string) (looked []string) {
	everyone, own := "DOZEN_"+o.Key, "DOZEN_"+variableName(e.Name)+"_"+o.Key
	source, set := own, o.set
	if values[own] == "" {
		source = everyone
		if o.setAll != nil {
			set = o.setAll
		}
	}
	if values[source] != "" {
		set(e, values[source])
		if e.overridden == nil {
			e.overridden = map[string]string{}
		}
		e.overridden[o.Field] = source
	}
	return []string{everyone, own}
}

// ephemerals reads name:base pairs.
func ephemerals(list string, bases []Environment) (environments []Environment, problems []error) {
	taken := map[string]bool{}
	var names []string
	for _, base := range bases {
		taken[base.Name] = true
		names = append(names, base.Name)
	}
	for pair := range strings.SplitSeq(list, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, baseName, ok := strings.Cut(pair, ":")
		i := slices.IndexFunc(bases, func(e Environment) bool { return e.Name == baseName })
		var problem string
		switch {
		case !ok:
			problem = "no base; write NAME:BASE, such as pr-123:dev"
		case i < 0:
			problem = fmt.Sprintf("base %q does not exist; write one of %s", baseName, listed(names))
		case taken[name]:
			problem = fmt.Sprintf("an environment %q already exists; choose another name", name)
		default:
			taken[name] = true
			environments = append(environments, Ephemeral(name, bases[i]))
			continue
		}
		problems = append(problems, fmt.Errorf("%s has %q: %s", environmentsVariable, pair, problem))
	}
	return environments, problems
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

func unknown(values map[string]string, known []string) []error {
	var problems []error
	for name := range values {
		if !slices.Contains(known, name) && !slices.Contains(toolVariables, name) {
			problems = append(problems, fmt.Errorf("%s is set, but Dozen has no such variable; see the README's table, or unset it", name))
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
