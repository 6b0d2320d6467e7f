package config

import (
	"strings"
	"testing"
)

func TestSchedulesThatAWSTakes(t *testing.T) {
	for _, expression := range []string{
		"rate(1 minute)", "rate(15 minutes)", "rate(1 hour)", "rate(12 hours)", "rate(1 day)", "rate(7 days)",
		"cron(0 10 * * ? *)", "cron(15 12 ? * * *)", "cron(0 18 ? * MON-FRI *)", "cron(0/5 8-17 ? * MON-FRI *)", "cron(*/10 * * * ? *)",
		"cron(0 8 1 * ? *)", "cron(0 0 L * ? *)", "cron(0 0 LW * ? *)", "cron(0 9 3W * ? *)", "cron(0 9 ? * 2#1 *)", "cron(0 9 ? * FRIL *)",
		"cron(0 9 ? JAN,JUL TUE,THU 2026-2030)", "cron(0,30 9 1,15 1-6/2 ? 2026/2)", "cron(59 23 31 12 ? 2199)", "cron(0  9 ? * L *)",
	} {
		if err := checkSchedule(expression); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

// Each of these is refused by EventBridge Scheduler, at the end of a deployment.
func TestSchedulesThatAWSRefuses(t *testing.T) {
	for expression, says := range map[string]string{
		"":                          "neither",
		"every night":               "neither",
		"0 10 * * *":                "neither",
		"at(2026-11-21T00:00:00)":   "neither",
		"rate(0 minutes)":           "neither",
		"rate(-5 minutes)":          "neither",
		"rate(5 seconds)":           "neither",
		"rate(5  minutes)":          "neither",
		"rate(1 minutes)":           "singular",
		"rate(2 hour)":              "plural",
		"cron(0 10 * * *)":          "5 fields",
		"cron(0 10 * * ? * *)":      "7 fields",
		"cron()":                    "0 fields",
		"cron(60 10 * * ? *)":       "minutes",
		"cron(0 24 * * ? *)":        "hours",
		"cron(0 10 0 * ? *)":        "day-of-month",
		"cron(0 10 32W * ? *)":      "day-of-month",
		"cron(0 10 L,15 * ? *)":     "day-of-month",
		"cron(0 10 * 13 ? *)":       "month",
		"cron(0 10 * jan ? *)":      "month",
		"cron(0 10 ? * 0 *)":        "day-of-week",
		"cron(0 10 ? * 8 *)":        "day-of-week",
		"cron(0 10 ? * MON/2 *)":    "day-of-week",
		"cron(0 10 ? * 3#1,6#3 *)":  "day-of-week",
		"cron(0 10 ? * 3#6 *)":      "day-of-week",
		"cron(0 10 * * ? 1969)":     "year",
		"cron(0 10 * * ? 2200)":     "year",
		"cron(30-10 * * * ? *)":     "minutes",
		"cron(*-5 * * * ? *)":       "minutes",
		"cron(0/0 * * * ? *)":       "minutes",
		"cron(0/ * * * ? *)":        "minutes",
		"cron(0,, * * * ? *)":       "minutes",
		"cron(+5 * * * ? *)":        "minutes",
		"cron(? 10 * * ? *)":        "minutes",
		"cron(0 10 * * * *)":        "one of day-of-month and day-of-week",
		"cron(0 10 ? * ? *)":        "one of day-of-month and day-of-week",
		"cron(0 10 1 * MON *)":      "one of day-of-month and day-of-week",
		"cron(0 10 * * ? *)\nEvil":  "neither",
		" rate(5 minutes)":          "neither",
		"rate(9999999999 minutes)":  "neither",
		"CRON(0 10 * * ? *)":        "neither",
		"cron(0 10 * * ? ${Token})": "year",
	} {
		err := checkSchedule(expression)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error with %q", expression, err, says)
		}
	}
}

// Whatever is written, the answer is yes or a sentence.
func FuzzCheckSchedule(f *testing.F) {
	for _, seed := range []string{"cron(0 10 * * ? *)", "rate(5 minutes)", "cron(0-/5 , * * ? *)", "cron(1/2/3 - * * ? *)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if err := checkSchedule(expression); err != nil && err.Error() == "" {
			t.Errorf("%q is refused without a word", expression)
		}
	})
}
