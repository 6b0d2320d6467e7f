// Jobs of pg-boss, and a worker that is busy with one of them. See ../../libraries_test.go.
const PgBoss = require('pg-boss')

async function main () {
  const boss = new PgBoss(process.env.DATABASE_URL)
  boss.on('error', console.error)
  await boss.start()
  await boss.createQueue('mail')
  await boss.createQueue('other')
  await boss.schedule('mail', '0 0 1 1 *') // the library has a queue of its own for this
  const take = async (options) => {
    await boss.send('mail', {}, options)
    return (await boss.fetch('mail'))[0].id
  }
  await boss.fail('mail', await take({ retryLimit: 0 }))
  await boss.fail('mail', await take({ retryLimit: 1, retryDelay: 3600 }))
  const again = await take({ retryLimit: 1 })
  await take() // runs
  await boss.fail('mail', again)
  await boss.send('mail', {})
  await boss.send('mail', {}, { startAfter: new Date(Date.now() - 3600_000) })
  await boss.send('mail', {}, { startAfter: new Date(Date.now() + 3600_000) })
  await boss.send('other', {})
  console.log('ready')
  process.stdin.on('end', () => process.exit(0)).resume()
}

main()
