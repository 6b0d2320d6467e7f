const cdk = require('aws-cdk-lib');
const logs = require('aws-cdk-lib/aws-logs');

const retention = { 7: logs.RetentionDays.ONE_WEEK, 30: logs.RetentionDays.ONE_MONTH, 90: logs.RetentionDays.THREE_MONTHS };

// removal is what becomes of a resource when its stack goes.
function removal(env, otherwise) {
  return env.removable ? cdk.RemovalPolicy.DESTROY : otherwise;
}

function newLogGroup(scope, id, env) {
  return new logs.LogGroup(scope, id, {
    retention: retention[env.logDays],
    removalPolicy: removal(env, cdk.RemovalPolicy.RETAIN),
  });
}

module.exports = { newLogGroup, removal };
