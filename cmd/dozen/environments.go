package main

type environments struct {
	Name string `arg:"" optional:"" help:"Only check that there is an environment of this name."`
}

// Run prints the names of the environments, or fails if there is none of the given name.
func (c *environments) Run(s *session) error {
	if c.Name != "" {
		return s.requireDeclared(c.Name)
	}
	for _, name := range s.declared() {
		printf(s.out, "%s\n", name)
	}
	return nil
}
