package assembly

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const sections = `"Parameters":{
		"Plain":{"Type":"String","Default":"p"},"Number":{"Type":"Number","Default":8080},"List":{"Type":"CommaDelimitedList","Default":"a,b"},
		"Bare":{"Type":"String"},"Stored":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/path"}},
	"Mappings":{"Sizes":{"eu":{"cpu":256,"zones":["a","b"]}}},
	"Conditions":{
		"Yes":{"Fn::Equals":[{"Ref":"Plain"},"p"]},"No":{"Fn::Not":[{"Condition":"Yes"}]},
		"Both":{"Fn::And":[{"Condition":"Yes"},{"Fn::Equals":["1",1]}]},"Neither":{"Fn::Or":[{"Condition":"No"},{"Fn::Equals":[true,"false"]}]},
		"Odd":{"Fn::Contains":[["a"],"a"]},"Text":"Yes","Missing":{"Condition":"Nowhere"},"OneOnly":{"Fn::Equals":[{"Ref":"AWS::NoValue"},"x"]},
		"NoList":{"Fn::And":{"Condition":"Yes"}},"Empty":{"Fn::Not":[]}}`

func TestIntrinsics(t *testing.T) {
	for value, want := range map[string]string{
		`"text"`:                         `"text"`,
		`[1,true,null,{"a":"b"}]`:        `[1,true,null,{"a":"b"}]`,
		`{"Ref":"Other"}`:                `"${A.Other}"`,
		`{"Ref":"Plain"}`:                `"p"`,
		`{"Ref":"Number"}`:               `8080`,
		`{"Ref":"List"}`:                 `["a","b"]`,
		`{"Ref":"Stored"}`:               `"{{resolve:ssm:/path}}"`,
		`{"Ref":"AWS::Partition"}`:       `"${AWS::Partition}"`,
		`{"Ref":"AWS::Region"}`:          `"${AWS::Region}"`,
		`{"Ref":"AWS::AccountId"}`:       `"${AWS::AccountId}"`,
		`{"Ref":"AWS::StackName"}`:       `"A"`,
		`{"Ref":"AWS::NoValue"}`:         `null`,
		`{"Ref":"Other","more":1}`:       `{"Ref":"Other","more":1}`,
		`{"Condition":{"StringLike":1}}`: `{"Condition":{"StringLike":1}}`,

		`{"Fn::GetAtt":["Other","Arn"]}`:           `"${A.Other.Arn}"`,
		`{"Fn::GetAtt":"Other.Endpoint.Address"}`:  `"${A.Other.Endpoint.Address}"`,
		`{"Fn::GetAtt":["Other",{"Ref":"Plain"}]}`: `"${A.Other.p}"`,

		`{"Fn::Sub":"${Other}:${Other.Arn}-${AWS::Region} ${!Literal} ${Number}$"}`:                 `"${A.Other}:${A.Other.Arn}-${AWS::Region} ${Literal} 8080$"`,
		`{"Fn::Sub":["${Own}/${Plain}",{"Own":{"Fn::Join":["-",["a",1]]},"Unused":{"Fn::New":1}}]}`: `"a-1/p"`,
		`{"Fn::Sub":["${Plain}",{"Plain":"mine"}]}`:                                                 `"mine"`,

		`{"Fn::Join":["",["a",1,true,2.5,{"Ref":"Plain"}]]}`:                                                   `"a1true2.5p"`,
		`{"Fn::Join":[",",{"Ref":"List"}]}`:                                                                    `"a,b"`,
		`{"Fn::Join":[",",["a",{"Ref":"AWS::NoValue"},{"Fn::If":["Yes","b","c"]}]]}`:                           `"a,b"`,
		`{"Fn::Join":[",",[]]}`:                                                                                `""`,
		`{"Fn::Select":[1,["a","b"]]}`:                                                                         `"b"`,
		`{"Fn::Select":["0",{"Fn::Split":["|","a|b"]}]}`:                                                       `"a"`,
		`{"Fn::Select":[{"Ref":"One"},["a"]]}`:                                                                 `the template has no "One"`,
		`{"Fn::Split":[":",{"Fn::GetAtt":["Other","Arn"]}]}`:                                                   `["${A.Other.Arn}"]`,
		`{"Fn::Select":[5,{"Fn::Split":[":",{"Fn::Join":[":",["arn","aws","ecs","","1",{"Ref":"Plain"}]]}]}]}`: `"p"`,
		`{"Fn::Base64":{"Fn::Sub":"${Plain}!"}}`:                                                               `"cCE="`,
		`{"Fn::Select":[1,{"Fn::GetAZs":""}]}`:                                                                 `"${AWS::Region}b"`,
		`{"Fn::GetAZs":"eu-north-1"}`:                                                                          `["eu-north-1a","eu-north-1b","eu-north-1c"]`,
		`{"Fn::FindInMap":["Sizes","eu","cpu"]}`:                                                               `256`,
		`{"Fn::FindInMap":["Sizes",{"Fn::Join":["",["e","u"]]},"zones"]}`:                                      `["a","b"]`,

		`{"Fn::If":["Yes",1,2]}`:                                                        `1`,
		`{"Fn::If":["No",1,{"Fn::If":["Both",3,4]}]}`:                                   `3`,
		`{"Fn::If":["Neither",1,{"Ref":"Plain"}]}`:                                      `"p"`,
		`{"Fn::If":["Yes",1,{"Fn::New":2}]}`:                                            `1`,
		`{"a":{"Fn::If":["No",1,{"Ref":"AWS::NoValue"}]},"b":[{"Ref":"AWS::NoValue"}]}`: `{"b":[]}`,
	} {
		if got := resolved(t, value, sections, nil); got != want && !strings.HasSuffix(got, want) {
			t.Errorf("%s is %s, want %s", value, got, want)
		}
	}
}

// A template may be wrong in any way; whoever asks for just that property learns which stack, resource, property and function.
func TestMistakesAreLocated(t *testing.T) {
	for value, problem := range map[string]string{
		`{"Fn::New":1}`:                                             "Fn::New is an intrinsic function that this version does not know",
		`{"Fn::Transform":{"Name":"x"}}`:                            "Fn::Transform is an intrinsic",
		`[{"a":{"Fn::Join":["",[{"Fn::New":1}]]}}]`:                 "[0]: a: Fn::Join: [0]: Fn::New is",
		`{"Ref":1}`:                                                 "Ref: wants a name, not 1",
		`{"Ref":{"Ref":"x"}}`:                                       "Ref: wants a name, not an object",
		`{"Ref":"Nowhere"}`:                                         `Ref: the template has no "Nowhere"`,
		`{"Ref":"Bare"}`:                                            "Ref: parameter Bare has no default",
		`{"Fn::GetAtt":["Nowhere","Arn"]}`:                          `Fn::GetAtt: wants a resource of the template and an attribute of it, not "Nowhere" and "Arn"`,
		`{"Fn::GetAtt":"Other"}`:                                    "Fn::GetAtt: wants a resource",
		`{"Fn::GetAtt":["Other"]}`:                                  "Fn::GetAtt: wants a resource",
		`{"Fn::GetAtt":["Other",{}]}`:                               "Fn::GetAtt: wants a text, not an object",
		`{"Fn::GetAtt":null}`:                                       "Fn::GetAtt: wants a resource",
		`{"Fn::Sub":1}`:                                             "Fn::Sub: wants a text, or a text and a map",
		`{"Fn::Sub":["x",1]}`:                                       "Fn::Sub: wants a text, or a text and a map",
		`{"Fn::Sub":"a ${Nowhere} b"}`:                              `Fn::Sub: ${Nowhere}: Ref: the template has no "Nowhere"`,
		`{"Fn::Sub":"${}"}`:                                         `Fn::Sub: ${}: Ref: the template has no ""`,
		`{"Fn::Sub":["${A}",{"A":[1]}]}`:                            "Fn::Sub: ${A}: wants a text, not a list of 1",
		`{"Fn::Sub":"${AWS::NoValue}"}`:                             "wants a text, not AWS::NoValue",
		`{"Fn::Join":"x"}`:                                          "Fn::Join: wants a separator and a list",
		`{"Fn::Join":["",1]}`:                                       "Fn::Join: wants a list, not 1",
		`{"Fn::Join":[1,[]]}`:                                       "Fn::Join: the separator",
		`{"Fn::Join":["",[{}]]}`:                                    "Fn::Join: [0]: wants a text, not an object",
		`{"Fn::Select":[0]}`:                                        "Fn::Select: wants an index and a list",
		`{"Fn::Select":[2,["a"]]}`:                                  "Fn::Select: has no item 2 in a list of 1",
		`{"Fn::Select":[-1,["a"]]}`:                                 "Fn::Select: has no item -1",
		`{"Fn::Select":[1e300,["a"]]}`:                              "Fn::Select: has no item 1e+300",
		`{"Fn::Select":[-9223372036854775808,["a"]]}`:               "Fn::Select: has no item",
		`{"Fn::Select":[0.5,["a"]]}`:                                "Fn::Select: has no item 0.5",
		`{"Fn::Select":["NaN",["a"]]}`:                              `Fn::Select: has no item "NaN"`,
		`{"Fn::Select":[0,"a"]}`:                                    `Fn::Select: wants a list, not "a"`,
		`{"Fn::Split":["","a"]}`:                                    "Fn::Split: the separator",
		`{"Fn::Split":[",",[]]}`:                                    "Fn::Split: wants a text",
		`{"Fn::Split":{}}`:                                          "Fn::Split: wants a separator",
		`{"Fn::Base64":[]}`:                                         "Fn::Base64: wants a text",
		`{"Fn::GetAZs":{}}`:                                         "Fn::GetAZs: wants a text",
		`{"Fn::FindInMap":["Sizes","us","cpu"]}`:                    "Fn::FindInMap: the template's mappings have no Sizes / us / cpu",
		`{"Fn::FindInMap":["Sizes"]}`:                               "Fn::FindInMap: wants a mapping and two keys",
		`{"Fn::FindInMap":{}}`:                                      "Fn::FindInMap: wants a list",
		`{"Fn::If":["Yes",1]}`:                                      "Fn::If: wants a condition and two values",
		`{"Fn::If":["Nowhere",1,2]}`:                                `Fn::If: the template has no condition "Nowhere"`,
		`{"Fn::If":[{"Condition":"Yes"},1,2]}`:                      "Fn::If: the template has no condition an object",
		`{"Fn::If":["Odd",1,2]}`:                                    "Fn::If: Fn::Contains: is not a condition that this version knows",
		`{"Fn::If":["Text",1,2]}`:                                   `Fn::If: "Yes" is not a condition`,
		`{"Fn::If":["Missing",1,2]}`:                                `Fn::If: the template has no condition "Nowhere"`,
		`{"Fn::If":["OneOnly",1,2]}`:                                "Fn::If: Fn::Equals: wants two values, not 1",
		`{"Fn::If":["NoList",1,2]}`:                                 "Fn::If: Fn::And: is not a condition",
		`{"Fn::If":["Empty",1,2]}`:                                  "Fn::If: Fn::Not: is not a condition",
		`{"Fn::Equals":["a","a"]}`:                                  "Fn::Equals is an intrinsic function",
		`{"Fn::ImportValue":"nobody"}`:                              `Fn::ImportValue: no stack exports "nobody"`,
		`{"Fn::ImportValue":[]}`:                                    "Fn::ImportValue: wants a text",
		`{"Fn::GetStackOutput":"x"}`:                                "Fn::GetStackOutput: StackName: wants a text, not nothing",
		`{"Fn::GetStackOutput":{"StackName":"A"}}`:                  "Fn::GetStackOutput: OutputName: wants a text, not nothing",
		`{"Fn::GetStackOutput":{"StackName":"Z","OutputName":"O"}}`: `the environment has no stack "Z"`,
		`{"Fn::GetStackOutput":{"StackName":"A","OutputName":"O"}}`: `stack A has no output "O" with a value`,
	} {
		contains(t, value, resolved(t, value, sections, nil), "A: It (Custom::It): Properties.X: ", problem)
	}
}

// What AWS fixed at synthesis is read; what the deployment answers goes where it is asked for, and so do its refusals.
func TestAnswers(t *testing.T) {
	e, resource := it(t, `{"arn":{"Fn::Sub":"${Other.Arn}/${AWS::Region}"},"refused":{"Ref":"Other"}}`, "", nil)
	resource.Stack.Region = "eu-central-1"
	answers := func(resource *Resource, attribute string) (any, error) {
		if attribute == "" {
			return nil, errors.New("nothing runs here")
		}
		return fmt.Sprintf("<%s of %s>", attribute, resource.ID), nil
	}
	p := e.Read(resource, answers)
	if got := p.At("X", "arn").Text(); got != "<Arn of Other>/eu-central-1" || p.Err() != nil {
		t.Errorf("read %q, %v", got, p.Err())
	}
	p.At("X", "refused").Text()
	if p.Err() == nil {
		t.Fatal("a refused answer is no value")
	}
	contains(t, "refusal", p.Err().Error(), "A: It (Custom::It): Properties.X.refused: Ref: nothing runs here")
}
