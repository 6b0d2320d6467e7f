// The stages, stacks and resources of an assembly that Dozen has synthesized, made again by an ordinary CDK app in
// JavaScript: the measure for the time that `make synth` takes. Every template becomes typed constructs of the lowest level
// (CfnInclude), so that AWS's validator and cdk-nag have the same work as in Dozen. TWIN_OF is the assembly's directory.
const { writeFileSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const cdk = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { CloudAssembly } = require('aws-cdk-lib/cx-api');
const { AwsSolutionsChecks, NagSuppressions } = require('cdk-nag');

const scratch = mkdtempSync(join(tmpdir(), 'twin-'));

// includable writes a copy of a template without what every stack adds to itself. CfnInclude does not know
// Fn::GetStackOutput, so the copy contains the construct library's token for it.
function includable(artifact) {
  const { BootstrapVersion, ...Parameters } = artifact.template.Parameters;
  const { CheckBootstrapVersion, ...Rules } = artifact.template.Rules;
  const template = { ...artifact.template, Parameters, Rules };
  const withTokens = (key, value) => {
    const output = value?.['Fn::GetStackOutput'];
    return output ? cdk.Fn.getStackOutput(output.StackName, output.OutputName, output.Region) : value;
  };
  const file = join(scratch, artifact.stackName + '.json');
  writeFileSync(file, JSON.stringify(JSON.parse(JSON.stringify(template), withTokens)));
  return file;
}

// onlyHere are findings of cdk-nag in this twin alone: the construct library's own roles are typed here, and a weak reference
// has another name than stacks/nag expects. All other acknowledgements come with the templates.
const onlyHere = [
  { id: 'AwsSolutions-IAM4', reason: 'Roles of the custom resources of the construct library' },
  { id: 'AwsSolutions-IAM5', reason: 'Objects of the bucket of the data stack', appliesTo: [{ regex: '/Files.*\\/\\*$/' }] },
];

const app = new cdk.App({
  stackTraces: false,
  analyticsReporting: false,
  postCliContext: { 'aws:cdk:disable-creation-stack-traces': true },
});
for (const { displayName, nestedAssembly } of new CloudAssembly(process.env.TWIN_OF).nestedAssemblies) {
  const stage = new cdk.Stage(app, displayName);
  for (const artifact of nestedAssembly.stacks) {
    const { stackName, terminationProtection } = artifact;
    const stack = new cdk.Stack(stage, artifact.hierarchicalId.split('/').pop(), { stackName, terminationProtection });
    new CfnInclude(stack, 'Template', { templateFile: includable(artifact) });
    NagSuppressions.addStackSuppressions(stack, onlyHere);
    // AWS's validator knows identifiers of images only, as stacks/data/nat_instance.go says.
    cdk.Validations.of(stack).acknowledge({ id: 'CloudFormation-Validate::E1152', reason: 'resolve:ssm is read by EC2' });
  }
  cdk.Aspects.of(stage).add(new AwsSolutionsChecks({ reports: false }));
}
app.synth();
rmSync(scratch, { recursive: true });
