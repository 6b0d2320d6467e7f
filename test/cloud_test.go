package test

import (
	"fmt"
	"strings"
	"testing"

	"dozen/internal/assembly"
)

// cloud is as much of CloudFormation as a sequence of deployments needs: stacks with the attributes of their resources,
// replacement of a database, exports that cannot change while they are imported, weak references that are read when the
// stack that contains them is deployed.
type cloud struct {
	stacks   map[string]map[string]string // stack -> output -> value
	deployed map[string]template
	imports  map[string][]string // export -> stacks that import it
	created  int
}

func newCloud() *cloud {
	return &cloud{stacks: map[string]map[string]string{}, deployed: map[string]template{}, imports: map[string][]string{}}
}

func (c *cloud) deploy(t *testing.T, name string, tpl template) {
	t.Helper()
	if c.deployed[name].Stack == nil {
		c.deployed[name] = template{Stack: &assembly.Stack{}}
	}
	outputs := map[string]string{}
	for output, value := range tpl.Outputs {
		outputs[output] = c.resolve(name, tpl, value.Value)
		export, ok := value.Export.Name.(string)
		if ok && len(c.imports[export]) > 0 && c.stacks[name][output] != outputs[output] {
			t.Fatalf("%s: export %s cannot be changed, it is in use by %v", name, export, c.imports[export])
		}
	}
	for _, r := range tpl.resources() {
		c.checkReferences(t, name, r.Properties)
	}
	c.stacks[name], c.deployed[name] = outputs, tpl
}

// resolve returns a string of its own for each resource that was created: the same as before unless it was replaced.
func (c *cloud) resolve(name string, tpl template, value any) string {
	id := ref(value)
	now, before := tpl.resource(id), c.deployed[name].resource(id)
	restored := before.Type == "AWS::RDS::DBInstance" &&
		plain(now.get("DBSnapshotIdentifier")) != plain(before.get("DBSnapshotIdentifier"))
	if before.Type == "" || restored {
		c.created++
		return fmt.Sprintf("%s#%d", plain(value), c.created)
	}
	for output, old := range c.deployed[name].Outputs {
		if plain(old.Value) == plain(value) {
			return c.stacks[name][output]
		}
	}
	return plain(value)
}

// checkReferences ends the test at a reference to an output that does not exist: the deployment would fail.
func (c *cloud) checkReferences(t *testing.T, name string, value any) {
	t.Helper()
	switch v := value.(type) {
	case map[string]any:
		if export, ok := v["Fn::ImportValue"].(string); ok {
			c.imports[export] = append(c.imports[export], name)
		}
		if weak := v["Fn::GetStackOutput"]; weak != nil {
			stack := strings.TrimPrefix(dig(weak, "StackName").(string), "dozen-")
			if _, ok := c.stacks[stack][dig(weak, "OutputName").(string)]; !ok {
				t.Fatalf("%s: output %v of %s does not exist", name, dig(weak, "OutputName"), stack)
			}
		}
		for _, inner := range v {
			c.checkReferences(t, name, inner)
		}
	case []any:
		for _, inner := range v {
			c.checkReferences(t, name, inner)
		}
	}
}

func (c *cloud) remove(t *testing.T, name string) {
	t.Helper()
	for _, value := range c.deployed[name].Outputs {
		if export, ok := value.Export.Name.(string); ok && len(c.imports[export]) > 0 {
			t.Fatalf("%s: export %s is in use by %v", name, export, c.imports[export])
		}
	}
	delete(c.stacks, name)
	delete(c.deployed, name)
}

// output returns the value of the output of a stack that publishes an attribute of a resource.
func (c *cloud) output(t *testing.T, stack, resource, attribute string) string {
	t.Helper()
	for name, value := range c.stacks[stack] {
		if strings.Contains(name, resource) && strings.Contains(name, attribute) {
			return value
		}
	}
	t.Fatalf("%s publishes no %s of %s", stack, attribute, resource)
	return ""
}
