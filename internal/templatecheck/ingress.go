package templatecheck

import (
	"fmt"

	"dozen/internal/assembly"
)

// groupsStayClosed checks the ingress rules inside a security group.
func groupsStayClosed(group *assembly.Resource, require requirer) {
	for i, ingress := range list(group.Properties["SecurityGroupIngress"]) {
		staysClosed(ingress, fmt.Sprintf("SecurityGroupIngress[%d]", i), require)
	}
}

// ingressStaysClosed checks an ingress rule that is a resource of its own.
func ingressStaysClosed(ingress *assembly.Resource, require requirer) {
	staysClosed(ingress.Properties, "CidrIp", require)
}

// staysClosed: only the load balancer's ports may be open to the whole internet.
func staysClosed(ingress any, property string, require requirer) {
	if at(ingress, "CidrIp") != "0.0.0.0/0" && at(ingress, "CidrIpv6") != "::/0" {
		return
	}
	from, _ := number(at(ingress, "FromPort"))
	to, _ := number(at(ingress, "ToPort"))
	require(from == to && (from == 80 || from == 443), property,
		fmt.Sprintf("opens ports %s to %s to the internet", shown(at(ingress, "FromPort")), shown(at(ingress, "ToPort"))),
		"allow a security group instead; only the load balancer's ports 80 and 443 may be open")
}
