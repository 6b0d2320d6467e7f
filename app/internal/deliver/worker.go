// Package deliver works the queue: it posts events to their destinations, and runs the jobs of killed workers again
// (lease.go).
package deliver

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/inbox"
	"dozen/app/internal/logging"
	"dozen/app/internal/metric"
)

// Worker delivers one event to one destination; it is a River worker.
type Worker struct {
	river.WorkerDefaults[inbox.Delivery]
	inbox   *inbox.Inbox
	log     *slog.Logger
	metrics *metric.Writer
	sender  *sender
	busy    *limits
}

// NewWorker returns a worker with the given number of slots, which records its attempts in the inbox.
func NewWorker(in *inbox.Inbox, log *slog.Logger, metrics *metric.Writer, slots int) *Worker {
	return &Worker{
		inbox:   in,
		log:     log,
		metrics: metrics,
		sender:  newSender(),
		busy:    newLimits(slots),
	}
}

// recordTimeout limits how long recording an outcome may take while the process shuts down.
const recordTimeout = 5 * time.Second

// Work implements river.Worker.
func (w *Worker) Work(ctx context.Context, job *river.Job[inbox.Delivery]) error {
	ctx = logging.With(ctx, slog.String("event_id", job.Args.EventID), slog.Int64("job_id", job.ID),
		slog.String("destination", job.Args.Destination))
	parcel, err := w.inbox.Parcel(ctx, job.Args)
	switch {
	case errors.Is(err, inbox.ErrNotFound):
		return river.JobCancel(err)
	case err != nil:
		return err
	case parcel.State == "delivered":
		// The job was started again although its outcome had been recorded.
		return nil
	}
	if !w.busy.take(ctx, parcel.Name, parcel.Concurrency, job.ID) {
		w.putOff(ctx, parcel.Name)
		return river.JobSnooze(time.Second + rand.N(time.Second))
	}
	out := w.send(ctx, parcel, job)
	if out.Error != "" && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err() // the process is stopping: River returns the job to the queue, uncounted
	}
	// What the destination has received is recorded even if the process is stopping.
	recording, done := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer done()
	if err := w.inbox.Record(recording, job, out); err != nil {
		return err
	}
	if jobs := w.busy.forward(parcel.Name, out.Took); jobs > 0 {
		if due, added, err := w.inbox.Forward(recording, parcel.Name, jobs); err == nil {
			w.busy.hasForwarded(parcel.Name, due, added)
		}
	}
	return w.logOutcome(ctx, job, out)
}

// send posts the event. The request ends with the answer: if the database then takes long to record it, the destination is not
// the one that is slow.
func (w *Worker) send(ctx context.Context, parcel inbox.Parcel, job *river.Job[inbox.Delivery]) inbox.Outcome {
	defer w.busy.give(parcel.Name, job.ID)
	return w.sender.send(ctx, parcel, job.Attempt)
}

// putOff keeps the due jobs of a slow destination away from the workers for a while.
func (w *Worker) putOff(ctx context.Context, name string) {
	if !w.busy.mayPutOff(name) {
		return
	}
	defer w.busy.hasPutOff(name)
	if err := w.inbox.PutOff(ctx, name); err != nil {
		w.log.WarnContext(ctx, "cannot put off the jobs of a slow destination", "error", err)
	}
}

// logOutcome logs and counts an outcome, and returns its error.
func (w *Worker) logOutcome(ctx context.Context, job *river.Job[inbox.Delivery], out inbox.Outcome) error {
	attrs := []any{"attempt", job.Attempt, "status", out.Status, "took_ms", out.Took.Milliseconds()}
	if out.Error == "" {
		w.log.InfoContext(ctx, "delivered", attrs...)
		w.metrics.Count("Delivered", 1)
		return nil
	}
	attrs = append(attrs, "error", out.Error)
	if job.Attempt >= job.MaxAttempts {
		w.log.ErrorContext(ctx, "delivery failed for the last time and is dead", attrs...)
		w.metrics.Count("Dead", 1)
	} else {
		w.log.WarnContext(ctx, "delivery failed and will be retried", attrs...)
		w.metrics.Count("Failed", 1)
	}
	return errors.New(out.Error)
}

// Timeout implements river.Worker. It is longer than everything that Work waits for.
func (w *Worker) Timeout(*river.Job[inbox.Delivery]) time.Duration {
	return sendTimeout + 2*recordTimeout
}

// The pause between attempts doubles from firstBackoff to longestBackoff. A quarter of it is random, so that a
// destination that recovers does not get everything at once. Twelve attempts take about five hours.
const (
	firstBackoff   = 4 * time.Second
	longestBackoff = 4 * time.Hour
)

// NextRetry implements river.Worker.
func (w *Worker) NextRetry(job *river.Job[inbox.Delivery]) time.Time {
	return time.Now().Add(backoff(job.Attempt))
}

func backoff(attempt int) time.Duration {
	pause := longestBackoff
	if attempt < 20 {
		pause = min(firstBackoff<<max(attempt-1, 0), longestBackoff)
	}
	return pause - pause/8 + rand.N(pause/4)
}
