const { Construct } = require('constructs');
const logs = require('aws-cdk-lib/aws-logs');

const queries = {
  Errors: ['Errors', {
    fields: ['@timestamp', '@log', '@message'],
    filterStatements: ['level in ["ERROR", "error", "FATAL", "fatal"] or @message like /panic:|Traceback/'],
    sort: '@timestamp desc', limit: 200,
  }],
  Slow: ['Slow requests', {
    fields: ['@timestamp', 'method', 'path', 'status', 'took_us / 1000 as milliseconds', 'request_id'],
    filterStatements: ['ispresent(took_us)'],
    sort: 'took_us desc', limit: 100,
  }],
  Request: ['One request by id', {
    fields: ['@timestamp', '@log', '@message'],
    filterStatements: ['request_id = "PUT THE ID HERE"'],
    sort: '@timestamp asc', limit: 1000,
  }],
};

function addQueries(scope, env, tasks) {
  const queriesScope = new Construct(scope, 'Queries');
  for (const [id, [name, query]] of Object.entries(queries)) {
    new logs.QueryDefinition(queriesScope, id, {
      queryDefinitionName: `${env.application}/${env.name}/${name}`,
      queryString: new logs.QueryString(query),
      logGroups: tasks.map((task) => task.logs),
    });
  }
}

module.exports = { addQueries };
