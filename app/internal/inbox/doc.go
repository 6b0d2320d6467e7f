// Package inbox stores events, and delivers each of them to its destinations by jobs.
//
//	POST /in/github ──► event ──┬─► delivery to "billing" ──► job ──► attempt, attempt, ...
//	                            └─► delivery to "audit"   ──► job ──► attempt
//
// A source is a system that may post events. A destination is a URL that a source's events go to. An event, its
// deliveries and their jobs are written in one transaction: there is no event without its jobs, and no job without its
// event. A delivery is in one of four states:
//
//	pending ──► delivered
//	   │  ▲
//	   ▼  └── replay, by an operator or the hourly redrive
//	  dead (after the last attempt) or quarantined (after it has killed its workers)
package inbox
