package config

import (
	"strings"
	"testing"
)

// Each mistake is found alone: a name that the app cannot get, and a variable that no process gets, with those that it may be.
func TestMistakesInAliases(t *testing.T) {
	for says, mistake := range map[string]func(*Environment){
		`Aliases["PORT"] is "PORT": Dozen sets this variable itself; put the app's own name first`: func(e *Environment) {
			e.Aliases = map[string]string{"PORT": "LOG_LEVEL"}
		},
		`Aliases["my-port"] is "my-port": not the name`: func(e *Environment) { e.Aliases = map[string]string{"my-port": "PORT"} },
		`Aliases["AWS_REGION"] is "AWS_REGION": ECS or AWS's SDKs`: func(e *Environment) {
			e.Aliases = map[string]string{"AWS_REGION": "PORT"}
		},
		`Aliases["X"] is "X": also in Settings or Secrets; remove one`: func(e *Environment) {
			e.Aliases, e.Settings = map[string]string{"X": "PORT"}, map[string]string{"X": "1"}
		},
		`Aliases["Y"] is "Y": also in Settings or Secrets; remove one`: func(e *Environment) {
			e.Aliases, e.Secrets = map[string]string{"Y": "PORT"}, map[string]Secret{"Y": {Generated: 64}}
		},
		`Aliases["DB"] is "DATABASE": no process of this environment gets such a variable from Dozen; write one of APP_URL, DATABASE_POOL_SIZE, DATABASE_URL,`: func(e *Environment) {
			e.Aliases = map[string]string{"DB": "DATABASE"}
		},
		`Aliases["DB"] is "DATABASE_URL": no process`: func(e *Environment) {
			e.Connect, e.Aliases = ConnectSecret, map[string]string{"DB": "DATABASE_URL"}
		},
		`Aliases["Q"] is "QUEUE_URL": no process`: func(e *Environment) { e.Aliases = map[string]string{"Q": "QUEUE_URL"} },
		`Aliases["A"] is "B": no process`: func(e *Environment) { // one alias of another
			e.Aliases = map[string]string{"A": "B", "B": "PORT"}
		},
		`LogLevel is "INFO": allowed are debug, info, warn, error; write info`: func(e *Environment) { e.LogLevel = "INFO" },
	} {
		e := Development()
		mistake(&e)
		err := e.Validate(processes)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q alone, have: %v", says, err)
		}
	}
	e := Development()
	e.Options.Queue, e.Aliases = true, map[string]string{"Q": "QUEUE_URL", "HTTP_PORT": "PORT", "ANOTHER_PORT": "PORT"}
	if err := e.Validate(processes); err != nil {
		t.Error(err)
	}
}
