// Package assembly reads what `cdk synth` wrote. It needs neither the construct library nor AWS, and knows nothing of Dozen's
// own environments: any cloud assembly will do.
//
//	cdk.out/manifest.json
//	  '- assembly-dev            Environment "dev"         a CDK stage
//	       |- Data.template.json     Stack                 in the order of deployment
//	       |    '- Resource            Follow: what does a Ref, an Fn::GetAtt, an output of another stack point at?
//	       |- Services.template.json Stack                 Properties: typed reading, intrinsics resolved on the way
//	       |    '- Resource --------------> Services, TaskDefinitions, TargetGroup, ...: the views
//	       '- *.assets.json          Image                 a directory with a Dockerfile
//
// A template holds many values that only AWS knows once it is deployed. Whoever reads it supplies them as Answers: the command
// line answers with what runs on this machine, a test answers with Symbolic names. Only what is read is resolved, so a template
// may hold resources, properties and intrinsics that this package has never heard of; they are errors where somebody asks for
// exactly them, and each error says where: stack, resource, property, function.
//
// Three steps, each its own kind of error: Read refuses files that are missing or that CloudFormation would refuse as a whole;
// Properties collect what is wrong with the values that were asked for; Follow finds nothing where a value leads nowhere. No
// template, however made, takes them down or keeps them busy for more than moments: see limit.go.
package assembly
