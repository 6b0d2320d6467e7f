package assembly

import (
	"fmt"
	"strings"
	"testing"
)

// other holds stacks to whose outputs A refers.
var other = map[string]string{"B": `{
	"Resources":{"There":{"Type":"Custom::There"}},
	"Outputs":{
		"Arn":{"Value":{"Fn::GetAtt":["There","Arn"]}},
		"List":{"Value":{"Fn::Join":["||",["a","b"]]}},
		"Name":{"Value":{"Ref":"AWS::StackName"}},
		"Onward":{"Value":{"Fn::GetStackOutput":{"StackName":"C","OutputName":"Id"}}},
		"Null":null}}`,
	"C": `{"Resources":{"Far":{"Type":"Custom::Far"}},"Outputs":{"Id":{"Value":{"Ref":"Far"}}}}`,
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
		weak("B", "List"):                              "",
		weak("Z", "List"):                              "",
		`{"Ref":"AWS::Region"}`:                        "",
		`{"Ref":["Other"]}`:                            "",
		`{"Fn::GetAtt":"Other"}`:                       "",
		`{"Fn::GetAtt":["Other",{"Ref":"Other"}]}`:     "",
		`{"Fn::ImportValue":"far"}`:                    "",
		`{"Fn::Sub":"${Other}"}`:                       "",
		`{"Fn::New":"Other"}`:                          "",
		`"arn:aws:ecs:eu-central-1:1:cluster/default"`: "",
		`null`: "",
		`7`:    "",
	} {
		e, resource := resourceWith(t, value, "", other)
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

// A circle would hang whoever reads the template; each of these ends in a problem of the property, short enough to
// read.
func TestCirclesEnd(t *testing.T) {
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
		"a condition of itself": {`{"Fn::If":["C",1,2]}`, `"Conditions":{"C":{"Fn::Not":[{"Condition":"C"}]}}`, "circle of references", nil},
	} {
		got := resolved(t, test.value, test.sections, test.others)
		contains(t, name, got, "A: It (Custom::It): Properties.X", test.want)
		if len(got) > 400 {
			t.Errorf("%s: the message has %d bytes", name, len(got))
		}
		e, resource := resourceWith(t, test.value, test.sections, test.others)
		if found, _ := e.Follow(resource, resource.Properties["X"]); found != nil {
			t.Errorf("%s: leads to %s", name, found)
		}
	}
}
