package gatetest

import (
	"encoding/xml"
	"strings"
	"time"
)

// Snapshot is a snapshot of a database.
type Snapshot struct {
	Database  string
	Kind      string // "instance" or "cluster"
	Available time.Time
}

// Snapshots returns all snapshots that were taken, by name.
func (a *AWS) Snapshots() map[string]Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]Snapshot{}
	for name, snapshot := range a.snapshots {
		all[name] = snapshot
	}
	return all
}

// AddSnapshot adds a snapshot that exists already.
func (a *AWS) AddSnapshot(name string, snapshot Snapshot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.snapshots[name] = snapshot
}

// SetSnapshotDuration sets how long it takes until a snapshot is available.
func (a *AWS) SetSnapshotDuration(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.copying = d
}

type snapshotResponse struct {
	XMLName  xml.Name
	Instance []snapshotStatus `xml:"DescribeDBSnapshotsResult>DBSnapshots>DBSnapshot"`
	Cluster  []snapshotStatus `xml:"DescribeDBClusterSnapshotsResult>DBClusterSnapshots>DBClusterSnapshot"`
}

// snapshotStatus has the name of an instance's snapshot or of a cluster's.
type snapshotStatus struct {
	DBSnapshotIdentifier        string `xml:",omitempty"`
	DBClusterSnapshotIdentifier string `xml:",omitempty"`
	Status                      string
	SnapshotCreateTime          string
}

func (a *AWS) createSnapshot(c call) reply {
	name := c.form("DBSnapshotIdentifier")
	snapshot := Snapshot{Database: c.form("DBInstanceIdentifier"), Kind: "instance"}
	code := "DBSnapshotAlreadyExists"
	if strings.Contains(c.action, "Cluster") {
		name = c.form("DBClusterSnapshotIdentifier")
		snapshot = Snapshot{Database: c.form("DBClusterIdentifier"), Kind: "cluster"}
		code = "DBClusterSnapshotAlreadyExistsFault"
	}
	if _, exists := a.snapshots[name]; exists {
		return reply{fault: &Fault{Code: code, Message: "a snapshot of that name exists"}}
	}
	snapshot.Available = time.Now().Add(a.copying)
	a.snapshots[name] = snapshot
	return emptyResult(c.action)
}

// emptyResult is the response of an action whose result the caller does not read.
func emptyResult(action string) reply {
	var response struct {
		XMLName xml.Name
		Result  struct{ XMLName xml.Name }
	}
	response.XMLName.Local, response.Result.XMLName.Local = action+"Response", action+"Result"
	return reply{value: response}
}

// describeSnapshots returns one snapshot by its name, or all of the kind that the call asks for.
func (a *AWS) describeSnapshots(c call) reply {
	response := snapshotResponse{XMLName: xml.Name{Local: c.action + "Response"}}
	cluster := strings.Contains(c.action, "Cluster")
	wanted := c.form("DBSnapshotIdentifier") + c.form("DBClusterSnapshotIdentifier")
	if _, exists := a.snapshots[wanted]; wanted != "" && !exists {
		return reply{fault: &Fault{Status: 404, Code: "DBSnapshotNotFound", Message: wanted + " not found"}}
	}
	for name, snapshot := range a.snapshots {
		if wanted != "" && name != wanted || (snapshot.Kind == "cluster") != cluster {
			continue
		}
		status := snapshotStatus{Status: "available", SnapshotCreateTime: snapshot.Available.UTC().Format(time.RFC3339)}
		if time.Now().Before(snapshot.Available) {
			status.Status = "creating"
		}
		if cluster {
			status.DBClusterSnapshotIdentifier = name
			response.Cluster = append(response.Cluster, status)
		} else {
			status.DBSnapshotIdentifier = name
			response.Instance = append(response.Instance, status)
		}
	}
	return reply{value: response}
}

func (a *AWS) deleteSnapshot(c call) reply {
	name := c.form("DBSnapshotIdentifier") + c.form("DBClusterSnapshotIdentifier")
	if _, exists := a.snapshots[name]; !exists {
		return reply{fault: &Fault{Status: 404, Code: "DBSnapshotNotFound", Message: name + " not found"}}
	}
	delete(a.snapshots, name)
	return emptyResult(c.action)
}
