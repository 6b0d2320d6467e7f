package stacks

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
)

// classMemoryGiB is the memory of the database classes that run PostgreSQL, by family and size.
var classMemoryGiB = map[string]map[string]float64{
	"t4g": {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32},
	"m":   {"large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64, "8xlarge": 128, "12xlarge": 192, "16xlarge": 256, "24xlarge": 384},
	"r":   {"large": 16, "xlarge": 32, "2xlarge": 64, "4xlarge": 128, "8xlarge": 256, "12xlarge": 384, "16xlarge": 512, "24xlarge": 768},
}

var classForm = regexp.MustCompile(`^(t4g|m(?:6g|7g|8g)|r(?:6g|7g|8g))\.([a-z0-9]+)$`)

// memoryGiB of the database's class or of Aurora's most capacity (2 GiB an ACU); 0 for an unknown class.
func (d Database) memoryGiB() float64 {
	if d.Aurora {
		return 2 * d.MaxACU
	}
	parts := classForm.FindStringSubmatch(d.Class)
	if parts == nil {
		return 0
	}
	family := parts[1]
	if family != "t4g" {
		family = family[:1]
	}
	return classMemoryGiB[family][parts[2]]
}

// maxConnections estimates PostgreSQL's max_connections from below. RDS computes it as LEAST(DBInstanceClassMemory /
// 9531392, 5000), where DBInstanceClassMemory is what the operating system and RDS leave of the class's memory; a quarter
// is taken off for them. Aurora Serverless v2 holds it at 2000 while its least capacity is 0.5 ACU or less.
func (d Database) maxConnections() int {
	connections := math.Min(d.memoryGiB()*0.75*(1<<30)/9531392, 5000)
	if d.Aurora && d.MinACU <= 0.5 {
		connections = math.Min(connections, 2000)
	}
	return int(connections)
}

// Connections is the most database connections that an environment can hold at once: while a release rolls at 200 %, every
// service runs twice its most tasks; the scheduler stops before it starts again; the migration and the scheduled tasks run beside them.
func (e Environment) Connections(processes []Process) int {
	total := 0
	for _, process := range processes {
		switch process.Role {
		case RoleWeb:
			total += e.Web.PoolSize * e.Web.Max * 2
		case RoleWorker:
			w := e.worker(process.Name)
			total += w.PoolSize * w.Max * 2
		case RoleScheduler:
			total += e.Scheduler.PoolSize
		case RoleRelease:
			total += e.Migration.PoolSize
		}
	}
	return total + e.Web.PoolSize*len(e.ScheduledTasks)
}

// ConnectionBudget is 80 % of the database's connections; the rest is for people, rotation and the database itself.
func (e Environment) ConnectionBudget() int { return e.Database.maxConnections() * 80 / 100 }

// validateConnections refuses an environment whose scaling would end in "too many clients already", which shows only
// under load, in the middle of a release.
func (e Environment) validateConnections(p *problems, processes []Process) {
	need, have := e.Connections(processes), e.ConnectionBudget()
	size := "Database.Class " + e.Database.Class
	if e.Database.Aurora {
		size = fmt.Sprintf("Database.MaxACU %g", e.Database.MaxACU)
	}
	p.unless(need <= have, "the sum of PoolSize x Max x 2 over all processes", need,
		fmt.Sprintf("%s has about %d connections, and 80 %% of them may be used, %d", size, e.Database.maxConnections(), have),
		"lower PoolSize or Max, or choose a larger database")
}

func (d Database) validate(p *problems, n Network) {
	if d.Aurora {
		p.unless(halves(d.MinACU, 0, 256), "Database.MinACU", d.MinACU, "allowed are 0 to 256 in steps of 0.5", "write 0.5")
		p.unless(halves(d.MaxACU, 1, 256) && d.MaxACU >= d.MinACU, "Database.MaxACU", d.MaxACU, "allowed are 1 to 256 in steps of 0.5, and not below MinACU", "write 2 or more")
	} else {
		p.unless(d.memoryGiB() > 0, "Database.Class", d.Class, "not an ARM class that runs PostgreSQL 17 here: families "+listed([]string{"t4g", "m6g", "m7g", "m8g", "r6g", "r7g", "r8g"})+", sizes "+listed(slices.Sorted(maps.Keys(classMemoryGiB["t4g"])))+" (t4g) or large and more", "write one such as t4g.micro, without db.")
		p.within("Database.StorageGiB", d.StorageGiB, 20, 65536)
		p.unless(d.MaxStorageGiB <= 65536 && d.MaxStorageGiB*10 >= d.StorageGiB*11, "Database.MaxStorageGiB", d.MaxStorageGiB, fmt.Sprintf("RDS wants at least a tenth more than StorageGiB %d, and 65536 at most", d.StorageGiB), "write twice StorageGiB")
	}
	p.within("Database.BackupDays", d.BackupDays, 7, 35)
	p.unless(len(d.Snapshot) <= 512 && regexp.MustCompile(`^$|^[A-Za-z0-9:/_-]+$`).MatchString(d.Snapshot), "Database.Snapshot", d.Snapshot, "not a snapshot's identifier or ARN", "copy it from RDS, or leave it empty")
	p.within("Database.RotationDays", d.RotationDays, 0, 1000)
	p.unless(d.RotationDays == 0 || n.NAT != NATNone || slices.Contains(n.Endpoints, "secretsmanager"), "Database.RotationDays", d.RotationDays, "with Network.NAT none the rotation cannot reach Secrets Manager", `add "secretsmanager" to Network.Endpoints, or write 0`)
}

func halves(value, least, most float64) bool {
	return value >= least && value <= most && value*2 == math.Trunc(value*2)
}
