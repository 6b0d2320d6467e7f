"""Jobs of procrastinate, and a worker that is busy with one of them. See ../../libraries_test.go."""
import asyncio
import datetime
import os
import sys

import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))
busy = asyncio.Event()


async def fail():
    raise ValueError


@app.task(name="broken", queue="mail")
async def broken():
    await fail()


@app.task(name="later", queue="mail", retry=procrastinate.RetryStrategy(max_attempts=2, wait=3600))
async def later():
    await fail()


@app.task(name="again", queue="mail", retry=procrastinate.RetryStrategy(max_attempts=2, wait=1))
async def again():
    await fail()


@app.task(name="long", queue="mail")
async def long():
    busy.set()
    await asyncio.Event().wait()


async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for task in (broken, later, again, long):
            await task.defer_async()
        worker = asyncio.create_task(app.run_worker_async(queues=["mail"], concurrency=1, install_signal_handlers=False))
        await busy.wait()
        now, hour = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(hours=1)
        await long.defer_async()
        await long.configure(schedule_at=now - hour).defer_async()
        await long.configure(schedule_at=now + hour).defer_async()
        await long.configure(queue="other").defer_async()
        await asyncio.sleep(2)  # until the job that is tried again is due
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        os._exit(0 if not worker.done() else 1)  # the job does not end


asyncio.run(main())
