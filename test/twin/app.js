// The same stages, stacks and resources as Dozen's, as an ordinary CDK app in JavaScript: the measure for the time that
// `make synth` takes. Run it from the repository's root, where cdk.json and the image's and the gate's assets are:
//
//     npx cdk synth --quiet '**' --app 'node test/twin/app.js'
const cdk = require('aws-cdk-lib');
const { AwsSolutionsChecks } = require('cdk-nag');
const { environments } = require('./environments');
const { DataStack } = require('./data-stack');
const { ServicesStack } = require('./services-stack');

class EnvironmentStage extends cdk.Stage {
  constructor(scope, env) {
    super(scope, env.name);
    const data = new DataStack(this, 'Data', env);
    new ServicesStack(this, 'Services', env, data);
    cdk.Tags.of(this).add('Application', env.application);
    cdk.Tags.of(this).add('Environment', env.name);
    cdk.Aspects.of(this).add(new AwsSolutionsChecks({ reports: false }));
  }
}

const app = new cdk.App({
  stackTraces: false,
  analyticsReporting: false,
  postCliContext: { 'aws:cdk:disable-creation-stack-traces': true },
});
for (const env of environments) {
  new EnvironmentStage(app, env);
}
app.synth();
