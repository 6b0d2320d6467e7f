// Jobs of Graphile Worker, and a worker that is busy with one of them. See ../../libraries_test.go.
const { run, makeWorkerUtils } = require('graphile-worker')

async function main () {
  const connectionString = process.env.DATABASE_URL
  const utils = await makeWorkerUtils({ connectionString })
  await utils.migrate()
  const send = (name, task = 'mail', options) => utils.addJob(task, { name }, options)
  await send('broken', 'mail', { maxAttempts: 1 })
  const later = await send('later')
  await send('again')
  await send('long')
  let started
  const busy = new Promise(resolve => { started = resolve })
  await run({
    connectionString,
    concurrency: 1,
    noHandleSignals: true,
    taskList: {
      mail: async ({ name }) => {
        if (name !== 'long') throw new Error(name)
        started()
        await new Promise(() => {})
      }
    }
  })
  await busy
  await utils.rescheduleJobs([later.id], { runAt: new Date(Date.now() + 3600_000) })
  await send('due')
  await send('past', 'mail', { runAt: new Date(Date.now() - 3600_000) })
  await send('future', 'mail', { runAt: new Date(Date.now() + 3600_000) })
  await send('other', 'other')
  setTimeout(() => console.log('ready'), 4000) // until the job that is tried again is due
  process.stdin.on('end', () => process.exit(0)).resume()
}

main()
