// Package assembly reads a cloud assembly, which is what `cdk synth` writes. It needs neither the construct library nor
// AWS, and knows nothing about Dozen's own environments.
//
//	cdk.out/manifest.json
//	  '- assembly-dev            Environment "dev"         a CDK stage
//	       |- Data.template.json     Stack                 in the order of deployment
//	       |    '- Resource            Follow: where does a Ref, an Fn::GetAtt, an output of another stack point?
//	       |- Services.template.json Stack                 Properties: typed values, with intrinsics resolved
//	       |    '- Resource --------------> Services, TaskDefinitions, TargetGroups, LoadBalancers: the views
//	       '- *.assets.json          Image                 a directory with a Dockerfile
//
// A template contains many values that only AWS knows, at deployment. The reader supplies them as Answers: the command
// line answers with what runs on this machine, a test with Symbolic names. Only what is read is resolved, so a template
// may contain resources, properties and intrinsic functions that this package does not know. They are problems only for
// a reader who asks for them, and each problem says where it is: stack, resource, property, function.
//
// Each step has its own errors. Read rejects an assembly whose files are missing, or that CloudFormation would reject
// as a whole. Properties collects the problems of the values that were asked for. Follow returns nothing for a value
// that does not point to a resource.
package assembly
