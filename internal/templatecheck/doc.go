// Package templatecheck checks synthesized CloudFormation templates for what AWS's own validator lets pass and CloudFormation
// would find out in an hour, or never:
//
//	cdk.out, every template --> Check --> findings, each with resource, property, problem and remedy
//	cdk.out/validation-report.json --> Report --> findings of AWS's validator and cdk-nag, warnings included
//
// It is plain Go on plain JSON and knows neither the construct library nor Dozen's environments, so that a rule can be
// tested on ten lines of template. A value that only AWS knows at deployment (an intrinsic) is never held against a rule,
// but for grants: an action that is allowed has to be legible.
package templatecheck
