package cloudformation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (t *template) isParameter(r reference) bool {
	_, is := t.parameters[r.id]
	return is && r.stack == ""
}

// checkReplacement holds I9: a parameter that AWS moves, such as the newest machine image, replaces nothing by itself.
func (c *change) checkReplacement(old *physical, n *node, values []string) {
	moved := old.properties.text == n.properties.text
	for i, r := range n.properties.references {
		moved = moved && (old.values[i] == values[i] || c.target.isParameter(r))
	}
	if moved {
		c.violate(Unmoved, "parameter", old, "is replaced by a release that does not change it: a parameter has moved")
	}
}

// checkReferences holds I5 for every stack of an environment after a successful deployment.
func (a *Account) checkReferences(e *Environment) {
	rule := map[bool]string{false: "stale", true: "stale, read cautiously"}[a.Cautious]
	for _, t := range e.templates {
		s := a.stacks[t.name]
		for _, id := range slices.Sorted(maps.Keys(s.resources)) {
			p := s.resources[id]
			for i, r := range p.properties.references {
				if now, _ := a.value(s, s.template, r); now != p.values[i] {
					a.violate(Current, rule, p, "holds %s after the deployment, and its source holds %q", p.values[i], now)
					break
				}
			}
		}
	}
}

// checkRestored holds I8 after a rollback: every resource is what it was, and what its tasks work with is still there.
func (c *change) checkRestored() {
	for _, id := range slices.Sorted(maps.Keys(c.former)) {
		was, p := c.former[id], c.stack.resources[id]
		if p != was.physical || c.live[p.number] == nil || !slices.Equal(p.values, was.before.values) {
			c.violate(Restored, "not what it was", was.before, "is not what it was before the update")
			continue
		}
		needed := p.uses
		if definition := c.definition(p); definition != nil {
			needed = slices.Concat(p.uses, definition.uses)
		}
		for _, number := range needed {
			if starts[p.Type] != "" && c.live[number] == nil && !c.confirmed(c.kinds[number]) {
				c.violate(Restored, "needs what is gone", p, "runs again, and needs a %s that is gone", c.kinds[number])
				break
			}
		}
	}
}

// leave notes what AWS makes by itself, unless a stack has a log group of this name.
func (a *Account) leave(format string, names ...any) {
	if name := fmt.Sprintf(format, names...); a.unique["AWS::Logs::LogGroup LogGroupName="+name] == 0 && !strings.HasSuffix(name, "/") {
		a.leftovers = append(a.leftovers, name)
	}
}

// leaveByproducts does what AWS adds to a resource by itself: objects in buckets, and log groups that no stack owns.
func (c *change) leaveByproducts(p *physical) {
	writer := cmp.Or(c.definition(p), p)
	switch p.Type {
	case loadBalancer, "AWS::CloudTrail::Trail", ecsService: // the first two write as soon as they exist
		for _, written := range c.used(writer, bucket) {
			written.objects = true
		}
	case "AWS::ECS::Cluster":
		if p.text("ClusterSettings.Value") == "[enabled]" {
			c.leave("/aws/ecs/containerinsights/%s/performance", p.ID)
		}
	case "AWS::SecretsManager::RotationSchedule":
		c.leave("/aws/lambda/%s", p.text("HostedRotationLambda.RotationLambdaName"))
	case "AWS::RDS::DBInstance", "AWS::RDS::DBCluster":
		exports, _ := p.at("EnableCloudwatchLogsExports").([]any)
		for _, export := range exports {
			c.leave("/aws/rds/%s/%s", p.ID, export)
		}
	}
	if custom(p.Type) && c.function(p).at("LoggingConfig.LogGroup") == nil {
		c.leave("/aws/lambda/%s", c.function(p).ID)
	}
}
