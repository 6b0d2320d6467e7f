package data

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"dozen/config"
)

// physicalName names a resource for which AWS makes up no name, or whose name must be known before it exists: application and
// environment, as far as they fit into the limit, and eight digits. The digits follow from the settings that replace the resource:
// CloudFormation makes the new one while the old one still has its name.
func physicalName(e config.Environment, limit int, replacing ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %#v", e.Application, e.Name, replacing))
	name := e.Application + "-" + e.Name
	name = strings.TrimRight(name[:min(len(name), limit-9)], "-")
	return fmt.Sprintf("%s-%x", name, sum[:4])
}
