// The values of the three environments, as stacks/environments.go has them.
const small = {
  application: 'dozen',
  removable: true,
  deletionProtection: false,
  shell: true,
  logDays: 7,
  network: { cidr: '10.0.0.0/16', zones: 2, nat: 'instance', flowLogs: false },
  database: { class: 't4g.micro', storageGiB: 20, maxStorageGiB: 100, multiAz: false, backupDays: 7, rotationDays: 0, connectionBudget: 67 },
  cache: { nodeType: 'cache.t4g.micro', replicas: 0, snapshotDays: 0 },
  storage: { infrequentAfterDays: 0, keepOldVersionsDays: 30, accessLogDays: 30 },
  alarms: { latencyP99: 1, backlogAge: 600 },
  web: {
    cpu: 256, memory: 512, spot: 100, pool: 5, min: 1, max: 2,
    cpuPercent: 60, memoryPercent: 75, requestsPerTask: 6000, failures: 1,
  },
  worker: { cpu: 256, memory: 512, spot: 100, pool: 6, min: 0, max: 2, backlogPerTask: 100, concurrency: 4 },
  scheduler: { cpu: 256, memory: 512, spot: 100, pool: 3 },
  release: { cpu: 256, memory: 512, spot: 0, pool: 3 },
};

const staging = {
  ...small,
  name: 'staging',
  removable: false,
  logDays: 30,
  database: { ...small.database, rotationDays: 30 },
  web: { ...small.web, min: 1, max: 3 },
};

const prod = {
  application: 'dozen',
  name: 'prod',
  removable: false,
  deletionProtection: true,
  shell: false,
  logDays: 90,
  network: { cidr: '10.1.0.0/16', zones: 2, nat: 'per-zone', flowLogs: true },
  database: { class: 't4g.medium', storageGiB: 50, maxStorageGiB: 500, multiAz: true, backupDays: 14, rotationDays: 30, connectionBudget: 269 },
  cache: { nodeType: 'cache.t4g.micro', replicas: 1, snapshotDays: 7 },
  storage: { infrequentAfterDays: 90, keepOldVersionsDays: 90, accessLogDays: 365 },
  alarms: { latencyP99: 1, backlogAge: 300 },
  web: {
    cpu: 512, memory: 1024, spot: 0, pool: 8, min: 2, max: 8,
    cpuPercent: 60, memoryPercent: 75, requestsPerTask: 12000, failures: 3,
  },
  worker: { cpu: 256, memory: 512, spot: 50, pool: 10, min: 1, max: 5, backlogPerTask: 200, concurrency: 8 },
  scheduler: { cpu: 256, memory: 512, spot: 0, pool: 3 },
  release: { cpu: 256, memory: 512, spot: 0, pool: 3 },
};

module.exports = { environments: [{ ...small, name: 'dev' }, staging, prod] };
