package config

import "time"

// Task is the size of one Fargate task.
type Task struct {
	// CPU in units of 1/1024 vCPU: 256, 512, 1024, 2048, 4096, 8192 or 16384.
	CPU int
	// MemoryMiB that Fargate offers for that CPU.
	MemoryMiB int
	// SpotPercent of the tasks run on Fargate Spot, 0 to 100: cheaper, and stopped with two minutes' notice. 0 for the migration, and
	// for web where Removable is false; web on Spot takes ten seconds longer to release.
	SpotPercent int
	// PoolSize is how many database connections one task may hold at most, 2 to 1000.
	PoolSize int
}

// Web is the process behind the load balancer.
type Web struct {
	Task
	// Port the process listens on, 1024 to 65535.
	Port int
	// HealthPath answers 200 while the process can serve.
	HealthPath string
	// Min tasks, 1 or more; 2 to survive a task's failure.
	Min int
	// Max tasks.
	Max int
	// CPUPercent that scaling aims at, 10 to 90.
	CPUPercent int
	// MemoryPercent that scaling aims at, 10 to 90.
	MemoryPercent int
	// RequestsPerTask per minute that scaling aims at, 1 or more.
	RequestsPerTask int
	// LongestRequest that a release lets finish, 1 s to 60 s. Every drain figure follows from it.
	LongestRequest time.Duration
	// RoutingLag is how long the load balancer may go on sending requests to a task that it has let go, 1 s to 30 s. It is assumed:
	// AWS documents no figure, and others have measured more. A release takes two seconds longer for each second of it.
	RoutingLag time.Duration
	// StartBudget from start to the first healthy answer, 1 s to 300 s.
	StartBudget time.Duration
	// FailuresToRollBack is how many new tasks may fail in a row before a release is rolled back, 1 to 200; with SpotPercent 3 or
	// more, because a lack of Spot capacity counts as a failure.
	FailuresToRollBack int
}

// Worker is the size and scaling of a worker: any process other than web, release and the scheduler. The key "worker" of
// Environment.Workers applies to the workers without a key of their own.
type Worker struct {
	Task
	// Min tasks, 0 or more; 0 stops the last task when there is nothing to do.
	Min int
	// Max tasks, 1 or more.
	Max int
	// Source is where its jobs are counted.
	Source Source
	// BacklogPerTask that scaling aims at: jobs due or running, per task. SourceCPU does not use it.
	BacklogPerTask int
	// Concurrency is how many jobs one task runs at once, 1 to 1000.
	Concurrency int
	// StopTimeout between SIGTERM and SIGKILL, 10 s to 120 s.
	StopTimeout time.Duration
}

// Scheduler is the process with exactly one task, even during a release: the old task stops before the new one starts. So no
// scheduler runs for about a minute (ShortStop at most, and the start of a task), and for about two minutes if new tasks fail and
// the release is rolled back.
type Scheduler struct {
	Task
}

// Migration is the process of the Procfile's release line. It gates every release.
type Migration struct {
	Task
	// RunOnDeploy runs it in every deployment that changes the image or its settings; otherwise an output shows how to run it by hand.
	RunOnDeploy bool
	// Deadline after which the task is stopped and the release fails, 1 min to 55 min.
	Deadline time.Duration
	// SnapshotFirst takes a snapshot of the database before the task starts; the release waits for it.
	SnapshotFirst bool
	// KeepSnapshots is how many of these snapshots a successful release leaves, the newest, 1 to 20; it deletes older ones. A region
	// has room for 100 manual snapshots of all databases.
	KeepSnapshots int
}

// ScheduledTask is one command that runs on a schedule in the admin task definition, even if its previous run has not ended.
type ScheduledTask struct {
	// Schedule in UTC: cron(minutes hours day-of-month month day-of-week year) or rate(value unit), as EventBridge Scheduler reads them.
	Schedule string
	// Command is the program and its arguments; no shell reads it.
	Command []string
}

// defaultWorker is the key in Environment.Workers for every worker without an entry under its own name.
const defaultWorker = "worker"

// Worker returns the settings of a worker by its name in the Procfile.
func (e Environment) Worker(name string) Worker {
	if w, ok := e.Workers[name]; ok {
		return w
	}
	return e.Workers[defaultWorker]
}
