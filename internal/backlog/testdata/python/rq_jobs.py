"""Jobs of RQ, and a worker that is busy with one of them. See ../../libraries_test.go."""
import datetime
import os
import subprocess
import sys
import time

import redis
import rq

connection = redis.Redis.from_url(os.environ["REDIS_URL"])
marker = redis.Redis.from_url(os.environ["REDIS_URL"] + "/1")


def job(name):
    if name != "long":
        raise ValueError(name)
    marker.set("running", name)
    time.sleep(3600)


if __name__ == "__main__":
    mail, other = rq.Queue("mail", connection=connection), rq.Queue("other", connection=connection)
    hour = datetime.timedelta(hours=1)

    def send(queue, name, **options):
        queue.enqueue("rq_jobs.job", name, job_id=name, job_timeout=7200, **options)

    send(mail, "broken")
    send(mail, "later", retry=rq.Retry(max=1, interval=3600))
    send(mail, "again", retry=rq.Retry(max=1))
    send(mail, "long")
    worker = subprocess.Popen(
        [os.path.join(os.path.dirname(sys.executable), "rq"), "worker", "-w", "rq.SimpleWorker", "-u", os.environ["REDIS_URL"], "mail"])
    try:
        while marker.get("running") is None:
            time.sleep(0.05)
        now = datetime.datetime.now(datetime.timezone.utc)
        send(mail, "due")
        mail.enqueue_at(now - hour, "rq_jobs.job", "past", job_id="past")
        mail.enqueue_at(now + hour, "rq_jobs.job", "future", job_id="future")
        send(other, "other")
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        worker.kill()
        worker.wait()
