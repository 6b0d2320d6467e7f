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
		"Either":{"Fn::Or":[{"Condition":"No"},{"Fn::Equals":["1",1]}]},"Neither":{"Fn::Or":[{"Condition":"No"},{"Fn::Equals":[true,"false"]}]},
		"Odd":{"Fn::Contains":[["a"],"a"]},"Text":"Yes","Missing":{"Condition":"Nowhere"},"OneOnly":{"Fn::Equals":[{"Ref":"AWS::NoValue"},"x"]},
		"NoList":{"Fn::Or":{"Condition":"Yes"}},"Empty":{"Fn::Not":[]}}`

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
		`{"Fn::If":["No",1,{"Fn::If":["Either",3,4]}]}`:                                 `3`,
		`{"Fn::If":["Neither",1,{"Ref":"Plain"}]}`:                                      `"p"`,
		`{"Fn::If":["Yes",1,{"Fn::New":2}]}`:                                            `1`,
		`{"a":{"Fn::If":["No",1,{"Ref":"AWS::NoValue"}]},"b":[{"Ref":"AWS::NoValue"}]}`: `{"b":[]}`,
	} {
		if got := resolved(t, value, sections, nil); got != want && !strings.HasSuffix(got, want) {
			t.Errorf("%s is %s, want %s", value, got, want)
		}
	}
}

// A problem says where it is: stack, resource, property, function.
func TestProblemsAreLocated(t *testing.T) {
	for value, problem := range map[string]string{
		`{"Fn::New":1}`:                                             "unknown intrinsic function Fn::New",
		`{"Fn::Transform":{"Name":"x"}}`:                            "unknown intrinsic function Fn::Transform",
		`[{"a":{"Fn::Join":["",[{"Fn::New":1}]]}}]`:                 "[0]: a: Fn::Join: [0]: unknown intrinsic function Fn::New",
		`{"Ref":1}`:                                                 "Ref: want a name, got 1",
		`{"Ref":{"Ref":"x"}}`:                                       "Ref: want a name, got an object",
		`{"Ref":"Nowhere"}`:                                         `Ref: the template has no "Nowhere"`,
		`{"Ref":"Bare"}`:                                            "Ref: parameter Bare has no default",
		`{"Fn::GetAtt":["Nowhere","Arn"]}`:                          `Fn::GetAtt: want a resource of the template and one of its attributes, got "Nowhere" and "Arn"`,
		`{"Fn::GetAtt":"Other"}`:                                    "Fn::GetAtt: want a resource",
		`{"Fn::GetAtt":["Other"]}`:                                  "Fn::GetAtt: want a resource",
		`{"Fn::GetAtt":["Other",{}]}`:                               "Fn::GetAtt: want a string, got an object",
		`{"Fn::GetAtt":null}`:                                       "Fn::GetAtt: want a resource",
		`{"Fn::Sub":1}`:                                             "Fn::Sub: want a string, or a string and a map",
		`{"Fn::Sub":["x",1]}`:                                       "Fn::Sub: want a string, or a string and a map",
		`{"Fn::Sub":"a ${Nowhere} b"}`:                              `Fn::Sub: ${Nowhere}: Ref: the template has no "Nowhere"`,
		`{"Fn::Sub":"${}"}`:                                         `Fn::Sub: ${}: Ref: the template has no ""`,
		`{"Fn::Sub":["${A}",{"A":[1]}]}`:                            "Fn::Sub: ${A}: want a string, got a list of 1",
		`{"Fn::Sub":"${AWS::NoValue}"}`:                             "want a string, got AWS::NoValue",
		`{"Fn::Join":"x"}`:                                          "Fn::Join: want a separator and a list",
		`{"Fn::Join":["",1]}`:                                       "Fn::Join: want a list, got 1",
		`{"Fn::Join":[1,[]]}`:                                       "Fn::Join: want a string as separator, got 1",
		`{"Fn::Join":["",[{}]]}`:                                    "Fn::Join: [0]: want a string, got an object",
		`{"Fn::Select":[0]}`:                                        "Fn::Select: want an index and a list",
		`{"Fn::Select":[2,["a"]]}`:                                  "Fn::Select: want an index into a list of 1, got 2",
		`{"Fn::Select":[-1,["a"]]}`:                                 "Fn::Select: want an index into a list of 1, got -1",
		`{"Fn::Select":[1e300,["a"]]}`:                              "Fn::Select: want an index into a list of 1, got 1e+300",
		`{"Fn::Select":[-9223372036854775808,["a"]]}`:               "Fn::Select: want an index into a list of 1, got -9",
		`{"Fn::Select":[0.5,["a"]]}`:                                "Fn::Select: want an index into a list of 1, got 0.5",
		`{"Fn::Select":["NaN",["a"]]}`:                              `Fn::Select: want an index into a list of 1, got "NaN"`,
		`{"Fn::Select":[0,"a"]}`:                                    `Fn::Select: want a list, got "a"`,
		`{"Fn::Split":["","a"]}`:                                    `Fn::Split: want a string as separator, got ""`,
		`{"Fn::Split":[",",[]]}`:                                    "Fn::Split: want a string",
		`{"Fn::Split":{}}`:                                          "Fn::Split: want a separator",
		`{"Fn::Base64":[]}`:                                         "Fn::Base64: want a string",
		`{"Fn::GetAZs":{}}`:                                         "Fn::GetAZs: want a string",
		`{"Fn::FindInMap":["Sizes","us","cpu"]}`:                    "Fn::FindInMap: the template's mappings have no Sizes / us / cpu",
		`{"Fn::FindInMap":["Sizes"]}`:                               "Fn::FindInMap: want the name of a mapping and two keys, got a list of 1",
		`{"Fn::FindInMap":{}}`:                                      "Fn::FindInMap: want a list",
		`{"Fn::If":["Yes",1]}`:                                      "Fn::If: want a condition and two values",
		`{"Fn::If":["Nowhere",1,2]}`:                                `Fn::If: the template has no condition "Nowhere"`,
		`{"Fn::If":[{"Condition":"Yes"},1,2]}`:                      "Fn::If: want the name of a condition, got an object",
		`{"Fn::If":["Odd",1,2]}`:                                    "Fn::If: Fn::Contains: unknown condition function",
		`{"Fn::If":["Text",1,2]}`:                                   `Fn::If: want a condition, got "Yes"`,
		`{"Fn::If":["Missing",1,2]}`:                                `Fn::If: the template has no condition "Nowhere"`,
		`{"Fn::If":["OneOnly",1,2]}`:                                "Fn::If: Fn::Equals: want two values, got 1",
		`{"Fn::If":["NoList",1,2]}`:                                 "Fn::If: Fn::Or: want a list of conditions, got an object",
		`{"Fn::If":["Empty",1,2]}`:                                  "Fn::If: Fn::Not: want a list of one condition, got a list of 0",
		`{"Fn::Equals":["a","a"]}`:                                  "unknown intrinsic function Fn::Equals",
		`{"Fn::ImportValue":"x"}`:                                   "unknown intrinsic function Fn::ImportValue",
		`{"Fn::GetStackOutput":"x"}`:                                "Fn::GetStackOutput: StackName: want a string, got nothing",
		`{"Fn::GetStackOutput":{"StackName":"A"}}`:                  "Fn::GetStackOutput: OutputName: want a string, got nothing",
		`{"Fn::GetStackOutput":{"StackName":"Z","OutputName":"O"}}`: `the environment has no stack "Z"`,
		`{"Fn::GetStackOutput":{"StackName":"A","OutputName":"O"}}`: `stack A has no output "O" with a value`,
	} {
		contains(t, value, resolved(t, value, sections, nil), "A: It (Custom::It): Properties.X: ", problem)
	}
}

// What the synthesis has fixed is read from the template. Answers are put where they are asked for, and so are their
// errors.
func TestAnswers(t *testing.T) {
	e, resource := resourceWith(t, `{"arn":{"Fn::Sub":"${Other.Arn}/${AWS::Region}"},"refused":{"Ref":"Other"}}`, "", nil)
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
		t.Fatal("no problem with a refused answer")
	}
	contains(t, "refusal", p.Err().Error(), "A: It (Custom::It): Properties.X.refused: Ref: nothing runs here")
}
