package test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"testing"

	"dozen/config"
)

// minute is what CloudWatch has of one minute: the values of an alarm's metrics by the names in its expression. A metric that AWS
// does not report in that minute is missing, such as a count of 0 errors.
type minute map[string]float64

// rings plays an alarm over a trace. It returns the first minute, counted from 1, after which it is in ALARM; 0 if it never is.
func rings(t *testing.T, alarm resource, trace []minute) int {
	t.Helper()
	threshold := alarm.get("Threshold").(float64)
	periods, agreeing := int(alarm.get("EvaluationPeriods").(float64)), 0
	if agreeing = periods; alarm.get("DatapointsToAlarm") != nil {
		agreeing = int(alarm.get("DatapointsToAlarm").(float64))
	}
	want(t, alarm.ID+" compares", alarm.get("ComparisonOperator"), "GreaterThanThreshold")
	want(t, alarm.ID+" without data", alarm.get("TreatMissingData"), "notBreaching")
	expression, metrics := alarmMetrics(t, alarm)
	for at := range trace {
		breaching := 0
		for _, values := range trace[max(0, at+1-periods) : at+1] {
			for name := range values {
				if !slices.Contains(metrics, name) {
					t.Fatalf("%s has no metric %s", alarm.ID, name)
				}
			}
			if value, known := evaluate(t, expression, values); known && value > threshold {
				breaching++
			}
		}
		if breaching >= agreeing {
			return at + 1
		}
	}
	return 0
}

// alarmMetrics returns the expression that an alarm compares, and the names of the metrics in it.
func alarmMetrics(t *testing.T, alarm resource) (expression ast.Expr, metrics []string) {
	t.Helper()
	for _, query := range list(alarm.get("Metrics")) {
		text, math := dig(query, "Expression").(string)
		if !math {
			want(t, alarm.ID+"'s period", dig(query, "MetricStat", "Period"), 60)
			metrics = append(metrics, dig(query, "Id").(string))
			continue
		}
		parsed, err := parser.ParseExpr(text) // metric math without lists is written like Go
		must(err)
		expression = parsed
	}
	if expression == nil || len(metrics) < 2 {
		t.Fatalf("%s has no expression over metrics", alarm.ID)
	}
	return expression, metrics
}

// evaluate computes an expression of metric math for one minute. What depends on a missing value is not known.
func evaluate(t *testing.T, expression ast.Expr, values minute) (result float64, known bool) {
	t.Helper()
	switch e := expression.(type) {
	case *ast.ParenExpr:
		return evaluate(t, e.X, values)
	case *ast.BasicLit:
		number, err := strconv.ParseFloat(e.Value, 64)
		return number, err == nil
	case *ast.Ident:
		number, ok := values[e.Name]
		return number, ok
	case *ast.BinaryExpr:
		x, knownX := evaluate(t, e.X, values)
		y, knownY := evaluate(t, e.Y, values)
		return compute(t, e.Op, x, y), knownX && knownY && !(e.Op == token.QUO && y == 0)
	case *ast.CallExpr:
		first, known := evaluate(t, e.Args[0], values)
		switch name := e.Fun.(*ast.Ident).Name; {
		case name == "FILL" && known:
			return first, true
		case name == "FILL":
			return evaluate(t, e.Args[1], values)
		case name == "IF" && !known:
			return 0, false
		case name == "IF" && first != 0:
			return evaluate(t, e.Args[1], values)
		case name == "IF":
			return evaluate(t, e.Args[2], values)
		}
	}
	t.Fatalf("cannot evaluate %T", expression)
	return 0, false
}

func compute(t *testing.T, operator token.Token, x, y float64) float64 {
	t.Helper()
	holds := map[bool]float64{true: 1}
	switch operator {
	case token.ADD:
		return x + y
	case token.SUB:
		return x - y
	case token.MUL:
		return x * y
	case token.QUO:
		return x / y
	case token.GTR:
		return holds[x > y]
	case token.GEQ:
		return holds[x >= y]
	}
	t.Fatalf("cannot evaluate %s", operator)
	return 0
}

// requests makes minutes of so many requests and errors each, as AWS reports them: a count of 0 is not reported.
func requests(pairs ...[2]float64) (trace []minute) {
	for _, pair := range pairs {
		values := minute{"requests": pair[0], "errors": pair[1]}
		maps.DeleteFunc(values, func(_ string, count float64) bool { return count == 0 })
		trace = append(trace, values)
	}
	return trace
}

// Prevents: a small application that fails every request and rings no alarm, so that the release that broke it stays; and a busy
// one whose ordinary handful of errors rolls every release back.
func TestErrorsAreARate(t *testing.T) {
	bad, good := [2]float64{4, 4}, [2]float64{4, 0}
	for name, play := range map[string]struct {
		trace []minute
		want  int
	}{
		"two requests a minute, all fail":        {requests([2]float64{2, 2}, [2]float64{2, 2}), 2},
		"one failed request now and then":        {requests([2]float64{1, 1}, [2]float64{}, [2]float64{1, 1}, [2]float64{1, 1}), 0},
		"half an app's requests fail":            {requests(good, [2]float64{10, 5}, [2]float64{8, 4}), 3},
		"a good minute between two bad ones":     {requests(bad, good, bad), 3},
		"a bad minute":                           {requests(good, bad, good, good, bad, good, good), 0},
		"a busy app with 1 % of errors":          {requests([2]float64{6000, 60}, [2]float64{6000, 60}, [2]float64{6000, 60}), 0},
		"a busy app with 6 % of errors":          {requests([2]float64{6000, 360}, [2]float64{6000, 360}), 2},
		"exactly the limit":                      {requests([2]float64{100, 5}, [2]float64{100, 5}, [2]float64{100, 5}), 0},
		"no traffic":                             {requests([2]float64{}, [2]float64{}, [2]float64{}), 0},
		"every request succeeds":                 {requests(good, good, good), 0},
		"the count of requests is not there yet": {[]minute{{"errors": 4}, {"errors": 4}}, 0},
	} {
		want(t, name, rings(t, dev().services.one(t, "AWS::CloudWatch::Alarm", "/Web/Errors/"), play.trace), play.want)
	}
	// The load balancer rejects requests before it has chosen a target, and does not count them.
	own := prod().services.one(t, "AWS::CloudWatch::Alarm", "/LoadBalancerErrors/")
	want(t, "no target at all", rings(t, own, []minute{{"errors": 3}, {"errors": 3}}), 2)
	want(t, "one rejected request", rings(t, own, []minute{{"errors": 1}, {"errors": 1}, {"errors": 1}}), 0)
	want(t, "1 % rejected", rings(t, own, requests([2]float64{990, 10}, [2]float64{990, 10})), 0)
	strict := with(t, dev().settings, func(e *config.Environment) { e.Alarms.ErrorPercent = 1 })
	want(t, "a stricter environment",
		rings(t, strict.services.one(t, "AWS::CloudWatch::Alarm", "/Web/Errors/"), requests([2]float64{100, 2}, [2]float64{100, 2})), 2)
}

// Prevents: a release that is rolled back because one request in a quiet minute was slow.
func TestOneSlowRequestRollsNothingBack(t *testing.T) {
	alarm := dev().services.one(t, "AWS::CloudWatch::Alarm", "/Web/Latency/")
	traffic := func(requests, median, slowest float64) []minute {
		return slices.Repeat([]minute{{"requests": requests, "median": median, "slowest": slowest}}, 3)
	}
	for name, play := range map[string]struct {
		trace []minute
		want  int
	}{
		"one slow request in each quiet minute": {traffic(20, 0.05, 30), 0},
		"a quiet app that is slow":              {traffic(1, 3, 3), 3},
		"a busy app with a slow hundredth":      {traffic(100, 0.05, 2), 3},
		"a busy app":                            {traffic(6000, 0.05, 0.4), 0},
		"two slow minutes":                      {traffic(6000, 0.05, 2)[:2], 0},
		"no traffic":                            {[]minute{{}, {}, {}}, 0},
	} {
		want(t, fmt.Sprintf("%s: rings", name), rings(t, alarm, play.trace), play.want)
	}
}
