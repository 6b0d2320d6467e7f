"""Jobs of Celery, and a worker that is busy with one of them. See ../../libraries_test.go."""
import os
import subprocess
import sys
import time

import celery
import redis

app = celery.Celery(broker=os.environ["REDIS_URL"])
app.conf.broker_transport_options = {"queue_order_strategy": "priority"}
app.conf.task_acks_late = os.environ.get("EARLY") is None
marker = redis.Redis.from_url(os.environ["REDIS_URL"] + "/1")


@app.task(bind=True, name="job", max_retries=1)
def job(self, name):
    if name in ("again", "later") and self.request.retries == 0:
        raise self.retry(countdown=3600 if name == "later" else 0)
    if name == "broken":
        raise ValueError("broken")
    marker.set("running", name)
    time.sleep(3600)


def send(name, queue="mail", **options):
    job.apply_async((name,), queue=queue, task_id=name, **options)


if __name__ == "__main__":
    for name in ("broken", "later", "again", "long"):
        send(name)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_jobs", "worker", "-P", "solo", "-Q", "mail", "--prefetch-multiplier", "1", "-l", "error"])
    try:
        while marker.get("running") is None:
            time.sleep(0.05)
        send("due")
        send("urgent", priority=9)
        send("past", countdown=-3600)
        send("future", countdown=3600)
        send("other", queue="other")
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        worker.kill()
        worker.wait()
