package test

import (
	"strings"
	"testing"

	"dozen/config"
)

// Whoever writes a setting finds it in the process as it was written. The construct library has a notation of its own inside
// strings, and CloudFormation another.
func TestSettingsReachEveryProcessAsTheyAreWritten(t *testing.T) {
	settings := map[string]string{
		"QUOTES": `"'\`, "LINES": "one\n\ttwo\r\n", "SUBSTITUTED": "${AWS::Region} ${HOME} #{x} $Token[1] {Token[A]}",
		"WORDS": "Ünïcödé 日本語 🚀 \u2028 \u0085", "EMPTY": "", "NUMBER": "-1.5e+289", "LONG": strings.Repeat("long ", 6000),
		"JSON": `{"Ref":"AWS::Region","Fn::Sub":"x"}`,
	}
	e := with(t, config.Development(), func(e *config.Environment) { e.Settings = settings })
	compared := 0
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		for _, variable := range list(definition.get("ContainerDefinitions", 0, "Environment")) {
			name := dig(variable, "Name").(string)
			if value, ok := settings[name]; ok {
				want(t, definition.ID+" "+name, dig(variable, "Value"), value)
				compared++
			}
		}
	}
	if processes := 5; compared != processes*len(settings) {
		t.Errorf("compared %d variables of %d processes", compared, processes)
	}
}
