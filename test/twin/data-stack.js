const cdk = require('aws-cdk-lib');
const { Network } = require('./network');
const { Database } = require('./database');
const { Cache } = require('./cache');
const { Storage } = require('./storage');

class DataStack extends cdk.Stack {
  constructor(scope, id, env) {
    super(scope, id, {
      stackName: `${env.application}-${env.name}-${id}`,
      description: `${env.application}, ${env.name}: Network, database, cache and storage`,
      terminationProtection: env.deletionProtection,
    });
    this.network = new Network(this, 'Network', env);
    this.database = new Database(this, 'Database', env, this.network);
    this.cache = new Cache(this, 'Cache', env, this.network);
    this.storage = new Storage(this, 'Storage', env);
  }
}

module.exports = { DataStack };
