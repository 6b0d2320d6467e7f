// Jobs of BullMQ, and a worker that is busy with one of them. See ../../libraries_test.go.
const { Queue, Worker } = require('bullmq')

async function main () {
  const url = new URL(process.env.REDIS_URL)
  const connection = { host: url.hostname, port: Number(url.port), maxRetriesPerRequest: null }
  const mail = new Queue('mail', { connection })
  const other = new Queue('other', { connection })
  const send = (queue, name, options) => queue.add(name, {}, { jobId: name, ...options })
  await send(mail, 'broken')
  await send(mail, 'later', { attempts: 2, backoff: { type: 'fixed', delay: 3600_000 } })
  await send(mail, 'again', { attempts: 2 })
  await send(mail, 'long')
  let started
  const busy = new Promise(resolve => { started = resolve })
  const worker = new Worker('mail', async job => {
    if (job.name !== 'long') throw new Error(job.name)
    started()
    await new Promise(() => {})
  }, { connection })
  worker.on('error', () => {})
  await busy
  await send(mail, 'due')
  await send(mail, 'urgent', { priority: 1 })
  await send(mail, 'past', { delay: 1000 }) // it stays where it is while the worker is busy
  await send(mail, 'future', { delay: 3600_000 })
  await send(other, 'other')
  setTimeout(() => console.log('ready'), 1500)
  process.stdin.on('end', () => process.exit(0)).resume()
}

main()
