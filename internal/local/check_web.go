package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"dozen/internal/local/balancer"
	"dozen/internal/local/container"
)

// address is that of a task on AWS, which the load balancer writes into the Host header of its health checks.
const addressOnAWS = "10.0.0.7"

// soon is how often a condition is looked at.
const soon = 50 * time.Millisecond

// tryWeb tries a task of a service behind the load balancer as on AWS, without BIND. It reports whether the task was healthy.
func (c *check) tryWeb(ctx context.Context, d serviceDefinition) (healthy bool) {
	task, healthy := c.startWeb(ctx, d, d.process+"-1", map[string]string{"BIND": ""})
	if task == nil {
		return false
	}
	c.tryEveryAddress(d, task)
	if healthy {
		c.tryReadOnly(d)
		c.trySIGTERM(ctx, d, task)
	}
	task.Kill()
	<-task.Done()
	return healthy
}

// startWeb starts a task and waits until it is healthy. The task is nil if it does not listen on its port.
func (c *check) startWeb(ctx context.Context, d serviceDefinition, name string, changed map[string]string) (task *tried, healthy bool) {
	port, err := freePort()
	if err == nil {
		task, err = c.start(d.definition, name, port, changed)
	}
	rule := d.process + " listens on PORT"
	if err != nil {
		c.result(Failed, rule, err.Error(), c.line(d.process))
		return nil, false
	}
	budget := max(d.HealthGrace, 10*time.Second)
	listens := c.until(ctx, budget, task, func() bool { return connects(net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) })
	if !listens {
		seen, remedy := c.whyNotListening(d, task, budget)
		task.Kill()
		<-task.Done()
		c.result(Failed, rule, seen, remedy, task.last()...)
		return nil, false
	}
	c.result(Passed, rule, fmt.Sprintf("%s after its start", time.Since(task.Started).Round(100*time.Millisecond)), "")
	return task, c.tryHealth(ctx, d, task, budget)
}

// whyNotListening says what a task does instead of listening on its port.
func (c *check) whyNotListening(d serviceDefinition, task *tried, budget time.Duration) (seen, remedy string) {
	select {
	case <-task.Done():
		return "it " + task.ended() + " before it listened", c.line(d.process) + ": the command; its last lines say why"
	default:
	}
	seen = fmt.Sprintf("no answer within %s (Web.StartBudget)", budget)
	if others := portsOf(task.PID()); len(others) > 0 {
		return seen + fmt.Sprintf("; it listens on %s, and PORT is %d", strings.Join(others, ", "), task.port),
			c.line(d.process) + ": listen on the port in the variable PORT, such as $PORT"
	}
	return seen, c.line(d.process) + ": listen on the port in the variable PORT; or it needs longer: " +
		c.setting("StartBudget", "Web.StartBudget")
}

// tryEveryAddress tries whether the load balancer, which is another machine, could reach the task.
func (c *check) tryEveryAddress(d serviceDefinition, task *tried) {
	rule := d.process + " listens on every address"
	outside := addressOfThisMachine()
	switch {
	case outside == "":
		c.result(NotTried, rule, "this machine has no address but its loopback", "")
	case connects(net.JoinHostPort(outside, strconv.Itoa(task.port))):
		c.result(Passed, rule, "without BIND, as on AWS", "")
	default:
		c.result(Failed, rule, "without BIND, as on AWS, it listens on this machine's loopback only, where no load balancer reaches it",
			c.line(d.process)+": listen on 0.0.0.0, or on the address in the variable BIND if it is set")
	}
}

// tryHealth waits until the health check passes, with the Host header that AWS sends.
func (c *check) tryHealth(ctx context.Context, d serviceDefinition, task *tried, budget time.Duration) bool {
	front := *c.release.front
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(task.port))
	host := net.JoinHostPort(addressOnAWS, strconv.Itoa(task.port))
	var err error
	refused := 0
	c.until(ctx, budget, task, func() bool {
		err = front.Check(ctx, address, host)
		var status *balancer.StatusError
		if errors.As(err, &status) && status.Status < 500 { // which does not change while it starts
			refused++
		}
		return err == nil || refused > 20
	})
	rule := d.process + " is healthy"
	if err == nil {
		return c.ok(nil, rule, "GET "+front.HealthPath+" with the Host header "+host, "")
	}
	return c.ok(c.describe(ctx, err, front, address, host), rule, "", c.healthRemedy(ctx, err, front, address), task.last()...)
}

// describe adds to a failed health check whether another Host header would pass.
func (c *check) describe(ctx context.Context, err error, front balancer.Settings, address, host string) error {
	if front.Check(ctx, address, "localhost") == nil {
		return fmt.Errorf("%w; the Host header was %s, as on AWS, and with localhost it passes", err, host)
	}
	return err
}

func (c *check) healthRemedy(ctx context.Context, err error, front balancer.Settings, address string) string {
	var status *balancer.StatusError
	switch {
	case !errors.As(err, &status):
		return c.line("web") + ": answer sooner; or it needs longer to start: " + c.setting("StartBudget", "Web.StartBudget")
	case front.Check(ctx, address, "localhost") == nil:
		return "the app: answer this path for every Host, such as by ALLOWED_HOSTS in Django or config.host_authorization in Rails"
	case 300 <= status.Status && status.Status < 400:
		return "the app: do not redirect this path, also not to https, which ends at the load balancer; or " +
			c.setting("HealthPath", "Web.HealthPath")
	}
	return c.setting("HealthPath", "Web.HealthPath") + ": a path of the app that answers " + status.Want + " without a login"
}

// tryReadOnly: an engine has started the task as the template says, and it is healthy.
func (c *check) tryReadOnly(d serviceDefinition) {
	rule := d.process + " runs on a read-only root"
	if _, is := c.runtime.(*container.Engine); is {
		c.result(Passed, rule, "as user "+d.container.User+", with a /tmp that it can write to", "")
		return
	}
	c.result(NotTried, rule, "only docker or podman can make it read-only, and none answers or could build the image", "")
}
