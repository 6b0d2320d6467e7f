package assembly

import (
	"fmt"
	"strings"
	"testing"
)

// other is a stack that shows things to A, weakly and by names that are computed.
var other = map[string]string{"B": `{
	"Parameters":{"P":{"Type":"String"}},
	"Resources":{"There":{"Type":"Custom::There"}},
	"Outputs":{
		"Arn":{"Value":{"Fn::GetAtt":["There","Arn"]},"Export":{"Name":{"Fn::Sub":"${AWS::StackName}-arn"}}},
		"List":{"Value":{"Fn::Join":["||",["a","b"]]}},
		"Name":{"Value":{"Ref":"AWS::StackName"}},
		"Broken":{"Value":"x","Export":{"Name":{"Ref":"P"}}},
		"Onward":{"Value":{"Fn::GetStackOutput":{"StackName":"C","OutputName":"Id"}}},
		"Null":null}}`,
	"C": `{"Resources":{"Far":{"Type":"Custom::Far"}},"Outputs":{"Id":{"Value":{"Ref":"Far"},"Export":{"Name":"far"}}}}`,
}

func weak(stack, output string) string {
	return fmt.Sprintf(`{"Fn::GetStackOutput":{"StackName":%q,"OutputName":%q}}`, stack, output)
}

// A reference to another stack means what it means there: the other stack's resources, name and outputs.
func TestReferencesAcrossStacks(t *testing.T) {
	for value, want := range map[string]string{
		weak("B", "Arn"):    `"${B.There.Arn}"`,
		weak("B", "Name"):   `"B"`,
		weak("B", "Onward"): `"${C.Far}"`,
		`{"Fn::Select":[1,{"Fn::Split":["||",` + weak("B", "List") + `]}]}`:                           `"b"`,
		`{"Fn::ImportValue":"far"}`:                                                                   `"${C.Far}"`,
		`{"Fn::ImportValue":{"Fn::Join":["-",["B","arn"]]}}`:                                          `"${B.There.Arn}"`,
		`{"Fn::ImportValue":{"Fn::Sub":"B-arn"}}`:                                                     `"${B.There.Arn}"`,
		`{"Fn::GetStackOutput":{"StackName":{"Fn::Join":["",["B"]]},"OutputName":{"Fn::Sub":"Arn"}}}`: `"${B.There.Arn}"`,
		weak("B", "Null"): `stack B has no output "Null" with a value`,
	} {
		if got := resolved(t, value, "", other); !strings.HasSuffix(got, want) {
			t.Errorf("%s is %s, want %s", value, got, want)
		}
	}
}

func TestFollow(t *testing.T) {
	for value, want := range map[string]string{
		`{"Ref":"Other"}`:                              "A.Other.",
		`{"Fn::GetAtt":["Other","Arn"]}`:               "A.Other.Arn",
		`{"Fn::GetAtt":"Other.Endpoint.Port"}`:         "A.Other.Endpoint.Port",
		weak("B", "Arn"):                               "B.There.Arn",
		weak("B", "Onward"):                            "C.Far.",
		`{"Fn::ImportValue":{"Fn::Sub":"B-arn"}}`:      "B.There.Arn",
		weak("B", "List"):                              "",
		weak("Z", "List"):                              "",
		`{"Ref":"AWS::Region"}`:                        "",
		`{"Ref":["Other"]}`:                            "",
		`{"Fn::GetAtt":"Other"}`:                       "",
		`{"Fn::GetAtt":["Other",{"Ref":"Other"}]}`:     "",
		`{"Fn::ImportValue":"nobody"}`:                 "",
		`{"Fn::Sub":"${Other}"}`:                       "",
		`{"Fn::New":"Other"}`:                          "",
		`"arn:aws:ecs:eu-central-1:1:cluster/default"`: "",
		`null`: "",
		`7`:    "",
	} {
		e, resource := it(t, value, "", other)
		found, attribute := e.Follow(resource, e.Read(resource, Symbolic).At("X").Raw())
		got := ""
		if found != nil {
			got = found.Stack.Name + "." + found.ID + "." + attribute
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", value, got, want)
		}
	}
}

// A circle, or outputs that double each other, would hang whoever reads the template; each of these has to end as an error
// about the property, short enough to read.
func TestHostileTemplatesEnd(t *testing.T) {
	chain := func(n int, step func(i int) string) string {
		var outputs []string
		for i := range n {
			outputs = append(outputs, fmt.Sprintf(`"O%d":%s`, i, step(i)))
		}
		return `"Outputs":{` + strings.Join(append(outputs, fmt.Sprintf(`"O%d":{"Value":"end"}`, n)), ",") + `}`
	}
	twice := func(value string) string { return `{"Fn::Join":["",[` + value + `,` + value + `]]}` }
	next := func(i int) string { return weak("A", fmt.Sprintf("O%d", i+1)) }
	conditions := `"Conditions":{"C59":{"Fn::Equals":["a","b"]}`
	for i := range 59 {
		conditions += fmt.Sprintf(`,"C%d":{"Fn::Or":[{"Condition":"C%d"},{"Condition":"C%d"}]}`, i, i+1, i+1)
	}
	text := strings.Repeat("x", 1<<16)
	for name, test := range map[string]struct {
		value, sections, want string
		others                map[string]string
	}{
		"nested lists":        {strings.Repeat("[", 300) + strings.Repeat("]", 300), "", "more than 200 deep", nil},
		"nested functions":    {strings.Repeat(`{"Fn::Base64":`, 300) + `""` + strings.Repeat("}", 300), "", "more than 200 deep", nil},
		"nested choices":      {strings.Repeat(`{"Fn::If":["Yes",`, 300) + `1` + strings.Repeat(",2]}", 300), sections, "more than 200 deep", nil},
		"an output of itself": {weak("A", "O"), `"Outputs":{"O":{"Value":` + weak("A", "O") + `}}`, "circle of references", nil},
		"a circle of stacks": {weak("B", "O"), `"Outputs":{"O":{"Value":` + weak("B", "O") + `}}`, "circle of references",
			map[string]string{"B": `{"Outputs":{"O":{"Value":` + weak("A", "O") + `}}}`}},
		"an import of its own name": {`{"Fn::ImportValue":"x"}`, `"Outputs":{"O":{"Value":"1","Export":{"Name":{"Fn::ImportValue":"x"}}}}`, "circle of references", nil},
		"a condition of itself":     {`{"Fn::If":["C",1,2]}`, `"Conditions":{"C":{"Fn::Not":[{"Condition":"C"}]}}`, "circle of references", nil},
		"doubled outputs":           {weak("A", "O0"), chain(40, func(i int) string { return `{"Value":` + twice(next(i)) + `}` }), "more than a million", nil},
		"doubled lists":             {weak("A", "O0"), chain(90, func(i int) string { return `{"Value":[` + next(i) + `,` + next(i) + `]}` }), "more than a million", nil},
		"doubled export names": {`{"Fn::ImportValue":"x"}`, chain(90, func(i int) string {
			return fmt.Sprintf(`{"Value":"1","Export":{"Name":%s}}`, twice(fmt.Sprintf(`{"Fn::ImportValue":"%d"}`, i)))
		}), "circle of references", nil},
		"doubled conditions": {`{"Fn::If":["C0",1,2]}`, conditions + "}", "more than a million", nil},
		"doubled text":       {weak("A", "O0"), chain(12, func(i int) string { return `{"Value":{"Fn::Join":["` + text + `",[` + next(i) + `,` + next(i) + `]]}}` }), "more than a million", nil},
		"a long separator":   {`{"Fn::Join":["` + text + `",` + `[` + strings.Repeat(`"",`, 1<<12) + `""]]}`, "", "more than a million", nil},
	} {
		got := resolved(t, test.value, test.sections, test.others)
		contains(t, name, got, "A: It (Custom::It): Properties.X", test.want)
		if len(got) > 400 {
			t.Errorf("%s: the message has %d bytes", name, len(got))
		}
		e, resource := it(t, test.value, test.sections, test.others)
		if found, _ := e.Follow(resource, resource.Properties["X"]); found != nil {
			t.Errorf("%s: leads to %s", name, found)
		}
	}
}
