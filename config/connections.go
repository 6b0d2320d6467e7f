package config

import (
	"fmt"
	"math"
	"regexp"
)

// classMemoryGiB is the memory of the database classes that run PostgreSQL, by family and size.
var classMemoryGiB = map[string]map[string]float64{
	"t4g": {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32},
	"m": {"large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64, "8xlarge": 128, "12xlarge": 192, "16xlarge": 256,
		"24xlarge": 384},
	"r": {"large": 16, "xlarge": 32, "2xlarge": 64, "4xlarge": 128, "8xlarge": 256, "12xlarge": 384, "16xlarge": 512,
		"24xlarge": 768},
}

var (
	classFamilies = []string{"t4g", "m6g", "m7g", "m8g", "r6g", "r7g", "r8g"}
	classForm     = regexp.MustCompile(`^(t4g|m(?:6g|7g|8g)|r(?:6g|7g|8g))\.([a-z0-9]+)$`)
)

// memoryGiB returns the memory of the database's class, or of Aurora's largest capacity (2 GiB per ACU). It returns 0 for an
// unknown class.
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

// maxConnections estimates PostgreSQL's max_connections, and errs on the low side. RDS computes it as
// LEAST(DBInstanceClassMemory / 9531392, 5000), where DBInstanceClassMemory is what the operating system and RDS leave of the
// class's memory; a quarter is taken off for them. Aurora Serverless v2 limits it to 2000 while its smallest capacity is 0.5
// ACU or less.
func (d Database) maxConnections() int {
	connections := math.Min(d.memoryGiB()*0.75*(1<<30)/9531392, 5000)
	if d.Aurora && d.MinACU <= 0.5 {
		connections = math.Min(connections, 2000)
	}
	return int(connections)
}

// Connections returns the most database connections that an environment can hold. While a release rolls at 200 %, every service
// runs twice its maximum number of tasks; the scheduler stops before it starts again; the migration and the scheduled tasks run
// at the same time.
func (e Environment) Connections(processes []Process) int {
	total := e.Web.PoolSize * len(e.ScheduledTasks)
	for _, process := range processes {
		total += e.connectionsOf(process)
	}
	return total
}

func (e Environment) connectionsOf(process Process) int {
	switch process.Role {
	case RoleWeb:
		return e.Web.PoolSize * e.Web.Max * 2
	case RoleWorker:
		w := e.Worker(process.Name)
		return w.PoolSize * w.Max * 2
	case RoleScheduler:
		return e.Scheduler.PoolSize
	case RoleMigration:
		return e.Migration.PoolSize
	}
	return 0
}

// shares are the parts of Connections, with the settings that they follow from.
func (e Environment) shares(processes []Process) []string {
	var shares []string
	for _, process := range processes {
		size, most := e.Web.PoolSize, e.Web.Max
		switch process.Role {
		case RoleScheduler, RoleMigration:
			shares = append(shares, fmt.Sprintf("%s %d", process.Name, e.connectionsOf(process)))
			continue
		case RoleWorker:
			size, most = e.Worker(process.Name).PoolSize, e.Worker(process.Name).Max
		case RoleWeb:
		}
		shares = append(shares, fmt.Sprintf("%s %d x %d x 2 = %d", process.Name, size, most, e.connectionsOf(process)))
	}
	if n := len(e.ScheduledTasks); n > 0 {
		shares = append(shares, fmt.Sprintf("scheduled tasks %d x %d = %d", e.Web.PoolSize, n, e.Web.PoolSize*n))
	}
	return shares
}

// ConnectionBudget is 80 % of the database's connections; the rest is for people, rotation and the database itself. Of a database
// that Dozen has not made it is what the settings say.
func (e Environment) ConnectionBudget() int {
	if d := e.Database.Existing; d != nil {
		return d.Connections
	}
	return e.Database.maxConnections() * 80 / 100
}

// validateConnections prevents scaling that ends in "too many clients already", which shows only under load, in the middle
// of a release.
func (e Environment) validateConnections(p *problems, processes []Process) {
	need, have := e.Connections(processes), e.ConnectionBudget()
	size := "Database.Class " + e.Database.Class
	if e.Database.Aurora {
		size = fmt.Sprintf("Database.MaxACU %g", e.Database.MaxACU)
	}
	limit := fmt.Sprintf("%s has about %d connections, of which 80 %% may be used, %d", size, e.Database.maxConnections(), have)
	if e.Database.Existing != nil {
		limit = fmt.Sprintf("Database.Existing.Connections allows %d", have)
	}
	p.require(need <= have, "the number of database connections during a release", need,
		fmt.Sprintf("it counts PoolSize x Max x 2 for web and workers, and PoolSize for scheduler, migration and each scheduled task: %s; "+
			"%s", listed(e.shares(processes)), limit),
		"lower PoolSize or Max, remove scheduled tasks, or choose a larger database")
}
