package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// killMargin is how long after DRAIN_SECONDS a task may still need to end on a busy machine.
const killMargin = time.Second

// trySIGTERM stops a healthy task of web while requests arrive.
func (c *check) trySIGTERM(ctx context.Context, d serviceDefinition, task *tried) {
	front, address := *c.release.front, net.JoinHostPort("127.0.0.1", strconv.Itoa(task.port))
	lag := seconds(d.variables["ROUTING_LAG_SECONDS"])
	began := time.Now()
	task.Stop()
	served, failed, failing := 0, 0, false // one failed health check means nothing to a load balancer
	var lost error
	for time.Since(began) < lag && lost == nil && ctx.Err() == nil {
		if lost = answered(ctx, "http://"+address+front.HealthPath); lost == nil {
			served++
		}
		if failed++; front.Check(ctx, address, address) == nil {
			failed = 0
		}
		failing = failing || failed >= front.UnhealthyThreshold
		time.Sleep(soon)
	}
	if lost != nil {
		lost = fmt.Errorf("%.1f s after SIGTERM: %w", time.Since(began).Seconds(), lost)
	}
	c.ok(lost, d.process+" serves requests after SIGTERM", fmt.Sprintf("%d in %s (ROUTING_LAG_SECONDS)", served, lag),
		"the app: after SIGTERM, accept requests for ROUTING_LAG_SECONDS before it stops to listen; the load balancer still sends them")
	c.tryUnhealthyAfterSIGTERM(d, failing)
	c.tryEnd(ctx, d.definition, task, began)
}

// tryUnhealthyAfterSIGTERM: only failing health checks tell the load balancer that a task leaves which Spot takes away.
func (c *check) tryUnhealthyAfterSIGTERM(d serviceDefinition, failing bool) {
	rule := d.process + " is unhealthy after SIGTERM"
	switch {
	case failing:
		c.result(Passed, rule, "GET "+c.release.front.HealthPath+" failed", "")
	case strings.Contains(fmt.Sprint(d.Properties["CapacityProviderStrategy"]), "FARGATE_SPOT"):
		c.result(Failed, rule, "GET "+c.release.front.HealthPath+" still passed, and some of its tasks run on Spot",
			"the app: answer 503 there after SIGTERM; or "+c.setting("SpotPercent", "Web.SpotPercent")+": 0")
	default:
		c.result(Passed, rule, "not needed while Web.SpotPercent is 0: GET "+c.release.front.HealthPath+" still passed", "")
	}
}

// tryEnd waits for the end of a task that got SIGTERM.
func (c *check) tryEnd(ctx context.Context, d definition, task *tried, began time.Time) {
	drain := seconds(d.variables["DRAIN_SECONDS"])
	rule := fmt.Sprintf("%s ends after SIGTERM", d.process)
	select {
	case <-task.Done():
	case <-time.After(time.Until(began.Add(drain + killMargin))):
		task.Kill()
		<-task.Done()
		c.result(Failed, rule, fmt.Sprintf("it was still running after %s (DRAIN_SECONDS)", drain), fmt.Sprintf(
			"%s: end with code 0 after SIGTERM, within DRAIN_SECONDS; a command that starts others passes the signal on only with exec",
			c.line(d.process)), task.last()...)
		return
	case <-ctx.Done():
		return
	}
	var err error
	if code, _ := task.Exit(); code != 0 {
		err = errors.New("it " + task.ended())
	}
	remedy := c.line(d.process) + ": end with code 0 after SIGTERM"
	if code, _ := task.Exit(); code == 143 {
		remedy += "; nothing handled the signal"
	}
	c.ok(err, rule, fmt.Sprintf("exit code 0 after %s", time.Since(began).Round(100*time.Millisecond)), remedy, task.last()...)
}

// tryWithoutDatabase starts a task as `dozen up` does, and then stops the database: a health check that asks the database takes
// every task away when the database is down.
func (c *check) tryWithoutDatabase(ctx context.Context, d serviceDefinition) {
	rule := d.process + " stays healthy without the database"
	if c.backing.database == nil {
		c.result(NotTried, rule, "the environment has no database", "")
		return
	}
	port, err := freePort()
	if err != nil {
		return
	}
	task, err := c.start(d.definition, d.process+"-2", port, nil)
	if err != nil {
		return
	}
	defer func() { task.Kill(); <-task.Done() }()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if !c.until(ctx, max(d.HealthGrace, 10*time.Second), task, func() bool { return c.release.front.Check(ctx, address, "") == nil }) {
		c.result(Failed, d.process+" listens on BIND", "with BIND="+bind+" it is not healthy",
			c.line(d.process)+": listen on the address in the variable BIND", task.last()...)
		return
	}
	c.tryBind(d, port)
	c.backing.database.Stop()
	c.backing.database = nil
	for range c.release.front.UnhealthyThreshold {
		if err = c.release.front.Check(ctx, address, ""); err != nil {
			break
		}
		time.Sleep(soon)
	}
	c.ok(err, rule, "", "the app: let "+c.release.front.HealthPath+" answer without a query; or "+
		c.setting("HealthPath", "Web.HealthPath")+": another path", task.last()...)
}

// tryBind is about this machine only: on AWS, BIND is not set.
func (c *check) tryBind(d serviceDefinition, port int) {
	seen := bind
	if outside := addressOfThisMachine(); outside != "" && connects(net.JoinHostPort(outside, strconv.Itoa(port))) {
		seen = "it listens on every address although BIND is " + bind +
			": that is right on AWS, but under `dozen up` other machines in your network reach it"
	}
	c.result(Passed, d.process+" listens on BIND", seen, "")
}

// answered returns an error if a request on a connection of its own gets no answer; any status is one.
func answered(ctx context.Context, url string) error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func seconds(value string) time.Duration {
	n, _ := strconv.Atoi(value)
	return time.Duration(n) * time.Second
}
