package cloudformation

import (
	"fmt"
	"maps"
	"slices"
)

// checkReplacement holds I9: a parameter that AWS moves, such as the newest machine image, replaces nothing by itself.
func (c *change) checkReplacement(old *physical, n *node, values []string, sameText bool) {
	if !sameText {
		return
	}
	for i, r := range n.properties.references {
		if _, parameter := c.target.parameters[r.id]; old.values[i] != values[i] && !(parameter && r.stack == "") {
			return
		}
	}
	c.violate(Unmoved, "parameter", old, "is replaced by a release that does not change it: a parameter has moved")
}

// checkReferences holds I5 for every stack of an environment after a successful deployment.
func (a *Account) checkReferences(e *Environment) {
	for _, t := range e.templates {
		s := a.stacks[t.name]
		for _, id := range slices.Sorted(maps.Keys(s.resources)) {
			p := s.resources[id]
			for i, r := range p.node.properties.references {
				now, err := a.value(s, s.template, r)
				_, parameter := s.template.parameters[r.id]
				if parameter && r.stack == "" {
					continue
				}
				if err != nil {
					now = err.Error()
				}
				if now != p.values[i] {
					a.violate(Current, "stale", p, "holds %s after the deployment, and its source %s", p.values[i], now)
					break
				}
			}
		}
	}
}

// checkRestored holds I8 after a rollback: every resource is what it was, and what its tasks work with is still there.
func (c *change) checkRestored() {
	for _, id := range slices.Sorted(maps.Keys(c.former)) {
		was := c.former[id]
		p := c.stack.resources[id]
		if p != was.physical || c.live[p.number] == nil || !slices.Equal(p.values, was.values) {
			c.violate(Restored, "not what it was", was.physical, "is not what it was before the update")
			continue
		}
		definition := c.definition(p)
		if definitionProperty[p.node.Type] == "" || isGate(p.node) {
			continue
		}
		if definition == nil {
			c.violate(Restored, "needs what is gone", p, "runs again, and its task definition %s is gone", p.text(definitionProperty[p.node.Type]))
			continue
		}
		for _, number := range slices.Concat(definition.uses, p.uses) {
			if c.live[number] == nil && !c.confirmed(c.kinds[number]) {
				c.violate(Restored, "needs what is gone", p, "runs again, and needs a %s that is gone", c.kinds[number])
				break
			}
		}
	}
}

// leaveByproducts does what AWS adds to a resource by itself: objects in buckets, and log groups that no stack owns.
func (c *change) leaveByproducts(p *physical) {
	leave := func(format string, names ...any) {
		if name := fmt.Sprintf(format, names...); !slices.Contains(c.byproducts, name) {
			c.byproducts = append(c.byproducts, name)
		}
	}
	switch p.node.Type {
	case loadBalancer, "AWS::CloudTrail::Trail": // both write a test object as soon as they exist
		for _, other := range c.used(p) {
			other.objects = other.objects || other.node.Type == bucket
		}
	case ecsService:
		if definition := c.definition(p); definition != nil {
			for _, other := range c.used(definition) {
				other.objects = other.objects || other.node.Type == bucket
			}
		}
	case "AWS::ECS::Cluster":
		if fmt.Sprint(p.at("ClusterSettings.Value")) == "[enabled]" {
			leave("/aws/ecs/containerinsights/%s/performance", p.node.ID)
		}
	case "AWS::SecretsManager::RotationSchedule":
		if p.at("HostedRotationLambda") != nil {
			leave("/aws/lambda/%s", p.node.ID)
		}
	}
	if database(p.node.Type) {
		exports, _ := p.at("EnableCloudwatchLogsExports").([]any)
		for _, export := range exports {
			leave("/aws/rds/%s/%s", p.node.ID, export)
		}
	}
	if custom(p.node.Type) {
		for _, other := range c.used(p) {
			if other.node.Type == lambdaFunction && other.at("LoggingConfig.LogGroup") == nil {
				leave("/aws/lambda/%s", other.node.ID)
			}
		}
	}
}

// Leftovers returns what exists and no stack owns, and what AWS has added by itself, sorted.
func (a *Account) Leftovers() []string {
	all := slices.Clone(a.byproducts)
	for _, p := range a.live {
		if p.orphan != "" {
			all = append(all, p.describe()+", "+p.orphan)
		}
	}
	for _, name := range a.snapshots {
		all = append(all, "snapshot of "+name)
	}
	slices.Sort(all)
	return all
}
