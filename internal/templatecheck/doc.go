// Package templatecheck checks synthesized CloudFormation templates for what AWS's own validator accepts, but
// CloudFormation rejects an hour later, or never:
//
//	cdk.out/**/*.template.json     -> Stack -> problems, each with resource, property, what is wrong and the remedy
//	cdk.out/validation-report.json ----------> problems that AWS's validator and cdk-nag found, warnings included
//
//	Problems collects both, and Check joins them into one error.
//
// It is plain Go on plain JSON and knows neither the construct library nor Dozen's environments, so a rule can be
// tested on ten lines of template. A value that only AWS knows at deployment (an intrinsic) never breaks a rule, with
// one exception: an allowed action must be readable.
package templatecheck
