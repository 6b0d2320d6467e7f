package test

import (
	"fmt"
	"strings"
	"testing"
)

// cloud is as much of CloudFormation as it takes to walk a sequence of deployments: stacks with the attributes of their
// resources, replacement of a database, exports that cannot change while they are imported, weak references that are read
// when the stack that holds them is deployed.
type cloud struct {
	stacks  map[string]map[string]string // stack -> output -> value
	texts   map[string]template
	imports map[string][]string // export -> stacks that import it
	made    int
}

func newCloud() *cloud {
	return &cloud{stacks: map[string]map[string]string{}, texts: map[string]template{}, imports: map[string][]string{}}
}

func (c *cloud) deploy(t *testing.T, name string, tpl template) {
	t.Helper()
	outputs := map[string]string{}
	for output, value := range tpl.Outputs {
		outputs[output] = c.resolve(name, tpl, dig(value, "Value"))
		if export, ok := dig(value, "Export", "Name").(string); ok && len(c.imports[export]) > 0 && c.stacks[name][output] != outputs[output] {
			t.Fatalf("%s: export %s cannot be changed, it is in use by %v", name, export, c.imports[export])
		}
	}
	for _, r := range tpl.Resources {
		c.checkReferences(t, name, r.Properties)
	}
	c.stacks[name], c.texts[name] = outputs, tpl
}

// resolve gives a value a name of its own for each resource that was made: the same as before unless it was replaced.
func (c *cloud) resolve(name string, tpl template, value any) string {
	id := ref(value)
	now, before := tpl.Resources[id], c.texts[name].Resources[id]
	replaced := before.Type == "" || before.Type == "AWS::RDS::DBInstance" && plain(now.get("DBSnapshotIdentifier")) != plain(before.get("DBSnapshotIdentifier"))
	if replaced {
		c.made++
		return fmt.Sprintf("%s#%d", plain(value), c.made)
	}
	for output, old := range c.texts[name].Outputs {
		if plain(dig(old, "Value")) == plain(value) {
			return c.stacks[name][output]
		}
	}
	return plain(value)
}

// checkReferences: a reference to an output that does not exist fails the deployment.
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
	for _, value := range c.texts[name].Outputs {
		if export, ok := dig(value, "Export", "Name").(string); ok && len(c.imports[export]) > 0 {
			t.Fatalf("%s: export %s is in use by %v", name, export, c.imports[export])
		}
	}
	delete(c.stacks, name)
	delete(c.texts, name)
}

// output finds the one output of a stack that publishes an attribute of a resource.
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
